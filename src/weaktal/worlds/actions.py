"""The actions of the world: those to be found, and others that happen in the same places."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from weaktal.worlds.action import Action
from weaktal.worlds.moves import courts, fields, gym, track

# What the datasets are labelled with.
TARGETS: tuple[str, ...] = (
    "clean and jerk",
    "golf swing",
    "high jump",
    "javelin throw",
    "jump shot",
    "long jump",
    "penalty kick",
    "pole vault",
    "shot put",
    "slam dunk",
    "snatch",
    "springboard dive",
    "tennis forehand",
    "tennis serve",
    "volleyball spike",
)

ACTIONS: Mapping[str, Action] = MappingProxyType(
    {a.name: a for a in sorted((*track.MOVES, *courts.MOVES, *fields.MOVES, *gym.MOVES), key=lambda a: a.name)}
)

# What encoders may be pre-trained on besides, and what happens unlabelled in between.
OTHERS: tuple[str, ...] = tuple(name for name in ACTIONS if name not in TARGETS)
