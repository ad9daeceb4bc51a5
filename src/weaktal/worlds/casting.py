"""Shots put together at random: place, person, light, camera, people around."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from weaktal.worlds.actions import ACTIONS
from weaktal.worlds.camera import Framing
from weaktal.worlds.scenes import FIXTURES
from weaktal.worlds.shot import Beat, Shot

_INDOORS = ("basketball court", "gym", "swimming pool", "studio")
_CROWDED = {"golf course": 2, "beach": 4, "gym": 3, "street": 4}


def light_for(scene: str, rng: np.random.Generator) -> str:
    """A light that the place can have."""
    if scene in _INDOORS:
        return str(rng.choice(["daylight", "floodlight", "dim light"], p=[0.5, 0.3, 0.2]))
    return str(rng.choice(["daylight", "evening light", "overcast light", "floodlight"], p=[0.5, 0.17, 0.23, 0.1]))


def framing_for(zoom: float, rng: np.random.Generator) -> Framing:
    """A camera about as near as usual, from either side."""
    return Framing(
        zoom=zoom * float(rng.uniform(0.95, 1.35)),
        push=float(rng.normal(0.0, 0.06)),
        offset=(float(rng.normal(0.25, 0.35)), float(rng.normal(0.0, 0.08))),
        lag=float(rng.uniform(6, 22)),
        shake=float(rng.choice([0.004, 0.015, 0.04])),
        mirror=bool(rng.random() < 0.5),
    )


def action_shot(action: str, seed: int, beats: tuple[Beat, ...]) -> Shot:
    """A shot of an action's place in which ``beats`` happen."""
    rng = np.random.default_rng([seed, 83])
    what = ACTIONS[action]
    return Shot(
        kind="action",
        scene=what.scene,
        fixture=what.fixture,
        beats=beats,
        subject=action,
        place=int(rng.integers(1 << 30)),
        seed=int(rng.integers(1 << 30)),
        person=int(rng.integers(1 << 30)),
        framing=framing_for(what.zoom, rng),
        light=light_for(what.scene, rng),
        onlookers=int(rng.integers(0, _CROWDED.get(what.scene, 3) + 1)),
        passers=int(rng.choice(3, p=[0.6, 0.3, 0.1])),
    )


def scene_shot(scene: str, seed: int, beats: tuple[Beat, ...]) -> Shot:
    """A shot of a place where somebody does nothing in particular; ``scene`` is one of SCENES or ELSEWHERE."""
    rng = np.random.default_rng([seed, 89])
    fixtures = tuple(f for f in FIXTURES.get(scene, ("",)) if f != "swimming lanes")  # nobody stands on water
    elsewhere = scene not in FIXTURES
    return Shot(
        kind="elsewhere" if elsewhere else "context",
        scene=scene,
        fixture=str(rng.choice(fixtures)),
        beats=beats,
        place=int(rng.integers(1 << 30)),
        seed=int(rng.integers(1 << 30)),
        person=int(rng.integers(1 << 30)),
        framing=framing_for(70.0 if scene == "studio" else 38.0, rng),
        light=light_for(scene, rng),
        onlookers=int(rng.integers(0, 4)),
        text=f"{rng.choice(_TITLES)}\nPART {rng.integers(1, 9)}" if scene == "title card" else "",
        passers=int(rng.integers(1, 4)) if scene == "street" else int(rng.integers(0, 2)) * (scene not in _EMPTY),
    )


_TITLES = ("CITY GAMES", "OPEN FINALS", "SPORTS NIGHT", "WEEKEND CUP", "TRAINING DAY", "HIGHLIGHTS")
_EMPTY = ("crowd", "landscape", "studio", "title card")


def closer(shot: Shot, zoom: float) -> Shot:
    """The same with a camera that is near the person."""
    return replace(shot, kind="close-up", framing=replace(shot.framing, zoom=zoom, lag=20.0))
