"""The phases of ``collab`` by name, and which settings act in which of them.

Studies look at the weights after a *step*, and let a training continue from another's step. A step is a phase, or the
whole warm-up, which has several phases where the classification-based side has.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Set
from typing import Any

from weaktal.config import flat
from weaktal.engine.settings import HARMLESS
from weaktal.methods.collab.settings import CollabConfig

WARM_UP = "warm-up"

# Settings that act in these kinds of steps only; all others act in every step, unknown ones included. Online training
# is one stretch as far as this goes: its optimizer continues from step to step, so nothing can begin in between.
_NOWHERE: frozenset[str] = frozenset()
_IN_B, _IN_F, _IN_BOTH = (
    {*kinds, "online"} for kinds in (["background"], ["foreground"], ["background", "foreground"])
)
_ACTS_IN: Mapping[str, Set[str]] = {
    "decode": _NOWHERE,
    "selection": _NOWHERE,
    "both_videos": _NOWHERE,  # as cbp_share
    "cbp_share": _NOWHERE,  # but in what is noted of the branch "both", see seen_by_statistics
    **{f"engine.{name}": _NOWHERE for name in HARMLESS},
    "schedule.online": {"online"},
    "schedule.online.localizes": _NOWHERE,
    "schedule.rounds": {"online"},
    "schedule.steps": _NOWHERE,  # which steps there are is compared by their names
    "schedule.background": _IN_B,
    "schedule.foreground": _IN_F,
    "schedule.restart": _IN_F,
    "labels.background": _IN_B,
    "labels.foreground": _IN_F,
    "labels.untagged": _IN_BOTH,
    "labels.teacher": {"foreground"},
    "losses.distillation": _IN_BOTH,
    "losses.contrast": _IN_BOTH,
    "losses.contrast_temperature": _IN_BOTH,
    "losses.contrast_scope": _IN_BOTH,
    "losses.contrast_anchors": _IN_BOTH,
    "losses.tagged_share": _IN_BOTH,
    "losses.classification": _IN_F,
}


def step_names(config: CollabConfig) -> tuple[str, ...]:
    """The steps of a training, in order."""
    schedule = config.schedule
    if schedule.kind == "online":
        stretches = math.ceil(schedule.online_epochs / schedule.online.refresh)
        return (WARM_UP, *(f"online-{number}" for number in range(1, stretches + 1)))
    return (WARM_UP, *(f"{step}-{n}" for n in range(1, schedule.rounds + 1) for step in schedule.steps))


def step_of(phase: str) -> str:
    """The step that a phase belongs to.

    >>> step_of("warm-up-teaching"), step_of("background-2")
    ('warm-up', 'background-2')
    """
    return WARM_UP if phase.startswith(WARM_UP) else phase


def acting(config: CollabConfig, step: str) -> dict[str, Any]:
    """The settings that act in a step, by their dotted names."""
    kind = step.rpartition("-")[0]
    return {key: value for key, value in flat(config.model_dump(mode="json")).items() if _acts(key, kind)}


def _acts(key: str, kind: str) -> bool:
    parts = key.split(".")
    for length in range(len(parts), 0, -1):
        kinds = _ACTS_IN.get(".".join(parts[:length]))
        if kinds is not None:
            return kind in kinds
    return True


def seen_by_statistics(config: CollabConfig) -> tuple[object, ...]:
    """What acts in no step and yet in the statistics that a run notes after each, which ``selection`` may go by."""
    return config.cbp_share, config.both_videos, config.schedule.online.localizes


def trained_with(config: CollabConfig, base: CollabConfig) -> CollabConfig:
    """The settings of the training behind a reading: what acts on the reading alone is as in ``base``.

    So a run folder, statistics included, is the same whichever of its readings came first.
    """
    online = config.schedule.online.model_copy(update={"localizes": base.schedule.online.localizes})
    schedule = config.schedule.model_copy(update={"online": online})
    like_base = {name: getattr(base, name) for name in ("decode", "selection", "cbp_share", "both_videos")}
    return config.model_copy(update={**like_base, "schedule": schedule})


def long_warm_up(config: CollabConfig) -> int | None:
    """Epochs of warm-up that train CBP for as many updates as it gets in the whole method; None for MMSD."""
    if config.cbp == "mmsd":
        return None
    schedule = config.schedule
    if schedule.kind == "online":
        return schedule.warm_up + schedule.online_epochs
    return schedule.warm_up + schedule.rounds * schedule.steps.count("foreground") * schedule.foreground
