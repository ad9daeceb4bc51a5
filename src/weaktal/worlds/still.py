"""Stills: pictures as they stand on web pages, with the facts that a caption may speak of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from weaktal.arrays import Pixels
from weaktal.worlds.action import FPS, perform
from weaktal.worlds.actions import ACTIONS, OTHERS, TARGETS
from weaktal.worlds.casting import action_shot, closer, scene_shot
from weaktal.worlds.people import beat_of
from weaktal.worlds.scenes import ELSEWHERE, SCENES
from weaktal.worlds.shot import Beat
from weaktal.worlds.stage import Stage


@dataclass(frozen=True, slots=True)
class Facts:
    """What a picture shows and what its page is about.

    Attributes:
        scene: one of SCENES or ELSEWHERE.
        objects: names of things that are to be seen.
        person: such as "a woman in a red shirt"; "nobody" where no one is.
        people: how many, but for a crowd of spectators.
        event: the action that the page is about, or None. The picture shows any moment of it or around it.
        light: such as "evening light".
    """

    scene: str
    objects: tuple[str, ...]
    person: str
    people: int
    event: str | None
    light: str


@dataclass(frozen=True, slots=True)
class Still:
    """A picture (H, W, 3) uint8 RGB and its facts."""

    image: Pixels
    facts: Facts


def render_still(seed: int, size: tuple[int, int] = (320, 180)) -> Still:
    """A still; the same seed gives the same.

    Nine of twenty come from pages about a target, seven from pages about another action, three show one of the scenes
    and one another place, without any event. Pages about an action illustrate it with any moment: three quarters of the
    pictures are taken somewhere between the first step of the run-up and the end of the recovery, the others show the
    athlete at the scene, waiting, before or after.

    Args:
        seed: which still.
        size: (width, height).
    """
    rng = np.random.default_rng([seed, 97])
    kind = rng.choice(4, p=[0.45, 0.35, 0.15, 0.05])
    if kind < 2:
        return _event(str(rng.choice(TARGETS if kind == 0 else OTHERS)), seed, rng, size)
    scene = str(rng.choice(SCENES if kind == 2 else ELSEWHERE))
    return _scene(scene, seed, rng, size)


def still_of(action: str, seed: int, size: tuple[int, int] = (320, 180)) -> Still:
    """A still of a page about ``action``."""
    return _event(action, seed, np.random.default_rng([seed, 101]), size)


def still_of_scene(scene: str, seed: int, size: tuple[int, int] = (320, 180)) -> Still:
    """A still of a place without an event."""
    return _scene(scene, seed, np.random.default_rng([seed, 103]), size)


def _event(action: str, seed: int, rng: np.random.Generator, size: tuple[int, int]) -> Still:
    what = ACTIONS[action]
    if rng.random() < 0.75:
        run_up, peak, recovery = perform(what, seed).frames
        phase = rng.choice(3, p=[0.3, 0.5, 0.2])
        start, length = ((0, run_up), (run_up, peak), (run_up + peak, recovery))[phase]
        shot = action_shot(action, seed, (beat_of(action, seed),))
        index = start + int(rng.integers(0, length))
    else:
        shot = action_shot(action, seed, (Beat("stand", 2 * FPS),))
        index = int(rng.integers(0, 2 * FPS))
        if rng.random() < 0.25:
            shot = closer(shot, float(rng.uniform(70, 110)))
    stage = Stage(shot, size)
    people = 1 + shot.onlookers + shot.passers
    facts = Facts(what.scene, what.objects, stage.people, people, action, shot.light)
    return Still(stage.frame(index), facts)


def _scene(scene: str, seed: int, rng: np.random.Generator, size: tuple[int, int]) -> Still:
    shot = scene_shot(scene, seed, (Beat(str(rng.choice(["stand", "walk", "look"])), 2 * FPS),))
    stage = Stage(shot, size)
    alone = 0 if stage.people == "nobody" else 1
    objects = _OBJECTS.get(shot.fixture, _OBJECTS.get(scene, ()))
    onlookers = shot.onlookers if scene in SCENES else 0
    facts = Facts(scene, objects, stage.people, alone + onlookers + shot.passers, None, shot.light)
    return Still(stage.frame(int(rng.integers(0, shot.frames))), facts)


_OBJECTS: dict[str, tuple[str, ...]] = {
    **{action.fixture: action.objects for action in ACTIONS.values() if action.tool is None and action.ball is None},
    "goal": ("goal",),
    "hoop": ("hoop",),
    "volleyball net": ("net",),
    "pole vault mat": ("crossbar", "mat"),
    "green": ("flag",),
    "street": ("houses", "cars"),
    "studio": ("screen",),
    "landscape": ("mountains",),
    "crowd": ("spectators",),
}
