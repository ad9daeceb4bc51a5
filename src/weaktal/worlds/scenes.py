"""The places of the world and how each is painted, with what stands in it for an action."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from weaktal.worlds.backdrop import Backdrop, Canvas
from weaktal.worlds.places import elsewhere, indoors, outdoors

# Where actions happen.
SCENES: tuple[str, ...] = (
    "athletics track",
    "basketball court",
    "beach",
    "football pitch",
    "golf course",
    "gym",
    "swimming pool",
    "tennis court",
)

# Where nothing to be found ever happens.
ELSEWHERE: tuple[str, ...] = ("crowd", "landscape", "street", "studio", "title card")

_PAINTERS: dict[str, Callable[[Canvas, str], None]] = {
    "athletics track": outdoors.track,
    "basketball court": indoors.basketball,
    "beach": outdoors.beach,
    "football pitch": outdoors.pitch,
    "golf course": outdoors.golf,
    "gym": indoors.gym,
    "swimming pool": indoors.pool,
    "tennis court": lambda canvas, _: outdoors.tennis(canvas),
    "crowd": lambda canvas, _: elsewhere.crowd(canvas),
    "landscape": lambda canvas, _: elsewhere.landscape(canvas),
    "street": lambda canvas, _: elsewhere.street(canvas),
    "studio": lambda canvas, _: elsewhere.studio(canvas),
    "title card": lambda canvas, _: elsewhere.title_card(canvas),
}

# What stands in a scene, one of these at a time.
FIXTURES: dict[str, tuple[str, ...]] = {
    "athletics track": (
        "high jump mat", "pole vault mat", "sand pit", "throwing sector", "throwing circle", "throwing cage", "hurdles",
        "lanes",
    ),
    "basketball court": ("hoop", "court"),
    "beach": ("volleyball net", "sand"),
    "football pitch": ("goal", "touchline"),
    "golf course": ("tee", "green"),
    "gym": ("platform", "squat rack", "exercise mat", "pull-up bar", "punching bag"),
    "swimming pool": ("diving board", "pool edge", "swimming lanes"),
    "tennis court": ("baseline",),
}  # fmt: skip


@lru_cache(maxsize=8)
def paint(scene: str, fixture: str, seed: int) -> Backdrop:
    """Paints a place; the same seed paints the same.

    Args:
        scene: one of SCENES or ELSEWHERE.
        fixture: the thing in it, one of ``FIXTURES[scene]``, or "" for nothing.
        seed: of everything that varies from one place of the kind to the next.
    """
    canvas = Canvas(np.random.default_rng([seed, 23]))
    _PAINTERS[scene](canvas, fixture)
    return Backdrop(canvas.image)
