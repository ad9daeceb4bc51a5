"""What an action is, and one performance of it: who does it a little faster, from a little further away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from weaktal.worlds.figure import Support
from weaktal.worlds.poses import COLUMN, Gait, Key, Motion, MotionWriter

FPS = 25
Part = Key | Gait
PhaseName = Literal["run-up", "peak", "recovery"]
PHASES: tuple[PhaseName, ...] = ("run-up", "peak", "recovery")

# Where a thing is: at a joint ("hand1", "hands", "toe1", "head"), at a place in meters, or out of sight (None).
Place = str | tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Tool:
    """What is held all the time.

    Attributes:
        kind: such as "racket"; see props.
        hand: "hand1", "hand2" or "hands".
        length: meters.
        absolute: whether the pose's ``tool`` is the angle to the horizon, else to the forearm.
    """

    kind: str
    hand: str = "hand1"
    length: float = 0.6
    absolute: bool = False


@dataclass(frozen=True, slots=True)
class Ball:
    """What flies.

    Attributes:
        kind: such as "basketball" or "javelin".
        path: (seconds after the peak begins, place). From hand to hand it stays there; between other places it
            falls freely.
    """

    kind: str
    path: tuple[tuple[float, Place], ...]


@dataclass(frozen=True, slots=True)
class Action:
    """One action, for a figure that moves to the right.

    Attributes:
        name: such as "high jump".
        scene: where it happens, one of SCENES.
        run_up, peak, recovery: its phases; times are those of an average performance.
        fixture: what stands in the scene for it, such as "high jump mat"; a name of the scene's painter.
        mark: meters; where the run-up ends, as the fixture stands at 0.
        tool, ball: what it needs.
        carry: channels of the pose of somebody who holds the tool or ball and waits.
        front: seen from the front.
        support: what the pose's height speaks of.
        zoom: pixels a meter in a frame of 180 rows, for the usual view.
        level: height of what the camera looks at, meters.
        ahead: how far before the figure the camera looks, meters.
        water: whether the figure vanishes below height 0.
        objects: what is to be seen, for captions.
        clothes: "sports" or "swim".
    """

    name: str
    scene: str
    run_up: tuple[Part, ...]
    peak: tuple[Part, ...]
    recovery: tuple[Part, ...]
    fixture: str = ""
    mark: float = 0.0
    tool: Tool | None = None
    ball: Ball | None = None
    carry: tuple[tuple[str, float], ...] = ()
    front: bool = False
    support: Support = "feet"
    zoom: float = 42.0
    level: float = 1.25
    ahead: float = 0.0
    water: bool = False
    objects: tuple[str, ...] = ()
    clothes: str = "sports"

    @property
    def phases(self) -> tuple[tuple[Part, ...], ...]:
        """Run-up, peak, recovery."""
        return (self.run_up, self.peak, self.recovery)

    @property
    def elevation(self) -> float:
        """Height that the figure stands on before it begins, meters."""
        return dict(self.carry).get("y", 0.0)


@dataclass(frozen=True)
class Performance:
    """An action as it happens once.

    Attributes:
        action: which.
        seconds: of each phase, whole frames each.
        stretch: per phase, seconds of this performance by seconds of the average one.
        motion: poses; time 0 is the start of the run-up.
    """

    action: Action
    seconds: tuple[float, float, float]
    stretch: tuple[float, float, float]
    motion: Motion

    @cached_property
    def frames(self) -> tuple[int, int, int]:
        """Frames of each phase."""
        a, b, c = (round(s * FPS) for s in self.seconds)
        return a, b, c

    def time(self, since_peak: float) -> float:
        """When something happens that an average performance does that many seconds after its peak begins."""
        a, b, _ = self.seconds
        if since_peak < 0:
            return max(0.0, a + since_peak * self.stretch[0])
        average = b / self.stretch[1]
        if since_peak <= average:
            return a + since_peak * self.stretch[1]
        return a + b + (since_peak - average) * self.stretch[2]


def perform(action: Action, seed: int) -> Performance:
    """One performance: the same seed moves the same."""
    rng = np.random.default_rng([seed, 11])
    tempo = float(rng.uniform(0.9, 1.15))
    run = float(rng.uniform(0.7, 1.25))
    average = [sum(_seconds(part) for part in phase) for phase in action.phases]
    wanted = []
    for index, (phase, seconds) in enumerate(zip(action.phases, average, strict=True)):
        factor = tempo * (run if index == 0 and any(isinstance(p, Gait) for p in phase) else rng.uniform(0.95, 1.08))
        wanted.append(max(1, round(seconds * factor * FPS)) / FPS)
    stretch = tuple(w / a for w, a in zip(wanted, average, strict=True))
    leading = sum(p.distance(p.seconds * stretch[0]) for p in action.run_up if isinstance(p, Gait))
    writer = MotionWriter(x=action.mark - leading, y=action.elevation)
    writer.add([Key(0.0, action.carry)])
    if not isinstance(action.run_up[0], Gait):
        writer.add([Key(0.0, _first(action))])
    for phase, factor in zip(action.phases, stretch, strict=True):
        for part in phase:
            if isinstance(part, Gait):
                writer.add_gait(part, part.seconds * factor)
            else:
                writer.add([part], slower=factor)
    motion = writer.motion()
    # Nobody moves the same way twice: joints that are a few degrees off, all along.
    off = np.asarray(rng.normal(0.0, 3.0, size=(motion.poses.shape[1],)))
    off[[COLUMN[c] for c in ("x", "y", "turn", "roll", "tool")]] = 0.0
    a, b, c = wanted
    s0, s1, s2 = stretch
    return Performance(action, (a, b, c), (s0, s1, s2), Motion(motion.times, motion.poses + off))


def _first(action: Action) -> tuple[tuple[str, float], ...]:
    part = action.run_up[0]
    return part.changes if isinstance(part, Key) and part.after == 0 else action.carry


def _seconds(part: Part) -> float:
    return part.seconds if isinstance(part, Gait) else part.after


def repeated(keys: Sequence[Key], times: int) -> tuple[Key, ...]:
    """The same keys again and again."""
    return tuple(keys) * times
