"""Poses, the keys between which a figure moves, and smooth motion through them.

A pose is a row of :data:`CHANNELS`. Angles are degrees, lengths meters, for a figure that faces right (``turn`` 1):

- ``x``, ``y``: where the figure is; ``y`` is how high its lowest point lies above the ground;
- ``turn``: 1 faces right, -1 left, between them the figure turns about its own axis;
- ``roll``: the whole body about the hips, forward is positive; ``lean``: the trunk about the hips; ``head``: nodding;
- ``a1``, ``e1``: near upper arm (0 hangs, 90 points forward, 180 up) and elbow; ``a2``, ``e2``: the far arm;
- ``h1``, ``k1``: near thigh (0 hangs, 90 points forward) and knee (bends the heel backward); ``h2``, ``k2``: far leg;
- ``tool``: the angle of what the hand holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict

import numpy as np

from weaktal.arrays import Floats

CHANNELS = ("x", "y", "turn", "roll", "lean", "head", "a1", "e1", "a2", "e2", "h1", "k1", "h2", "k2", "tool")
COLUMN = {name: index for index, name in enumerate(CHANNELS)}
_STAND = {"turn": 1.0, "a1": 4.0, "e1": 12.0, "a2": -4.0, "e2": 12.0, "h1": 3.0, "k1": 2.0, "h2": -3.0, "k2": 3.0}


@dataclass(frozen=True, slots=True)
class Key:
    """A pose that is reached ``after`` seconds; channels that are not named keep their values."""

    after: float
    changes: tuple[tuple[str, float], ...]


class Stance(TypedDict, total=False):
    """Arms and legs that several keys share; give it to :func:`key` with two asterisks."""

    arms: tuple[float, ...]
    legs: tuple[float, ...]


def key(
    after: float,
    *,
    arms: Sequence[float] | None = None,
    legs: Sequence[float] | None = None,
    **channels: float,
) -> Key:
    """A key; ``arms`` is (a1, e1, a2, e2) or (a, e) for both, ``legs`` is (h1, k1, h2, k2) or (h, k) for both."""
    for values, names in ((arms, ("a1", "e1", "a2", "e2")), (legs, ("h1", "k1", "h2", "k2"))):
        if values is not None:
            channels.update(zip(names, tuple(values) * (2 if len(values) == 2 else 1), strict=True))
    unknown = channels.keys() - COLUMN.keys()
    if unknown:
        raise ValueError(f"no such channel: {unknown}")
    return Key(after, tuple(channels.items()))


@dataclass(frozen=True, slots=True)
class Gait:
    """Running or walking for some seconds at some speed.

    Attributes:
        kind: "run" or "walk".
        seconds: how long, before an instance stretches it.
        speed: meters a second.
        hold: channels that stay as they are meanwhile, such as the arm that carries a javelin.
        ramp: whether it starts from rest.
    """

    kind: Literal["run", "walk"]
    seconds: float
    speed: float
    hold: tuple[tuple[str, float], ...] = ()
    ramp: bool = True

    def keys(self, seconds: float, phase: float = 0.0) -> list[Key]:
        """Keys for ``seconds`` of it, eight a stride; the x channel holds steps forward, to be summed."""
        stride = 0.62 * self.speed**0.6 + 0.9 if self.kind == "run" else 1.35
        count = max(4, round(seconds * self.speed / stride * 8))
        step = seconds / count
        found = []
        for index in range(count):
            angle = phase + 2 * math.pi * (index + 1) / 8
            pace = min(1.0, 0.35 + 1.3 * (index + 1) / count) if self.ramp else 1.0
            found.append(_stride(self, angle, step, pace))
        return found

    def distance(self, seconds: float) -> float:
        """Meters covered in ``seconds``."""
        return sum(change for k in self.keys(seconds) for name, change in k.changes if name == "x")


def _stride(gait: Gait, angle: float, step: float, pace: float) -> Key:
    run = gait.kind == "run"
    swing, lift, straight = (43.0, 85.0, 14.0) if run else (23.0, 42.0, 4.0)
    channels: dict[str, float] = {"lean": 11.0 if run else 2.0, "head": -6.0 if run else 0.0, "roll": 0.0}
    for side, shift in (("1", 0.0), ("2", math.pi)):
        turn = angle + shift
        channels["h" + side] = (13.0 if run else 2.0) + swing * pace * math.cos(turn)
        channels["k" + side] = straight + lift * max(0.0, -math.sin(turn - 0.4))
        channels["a" + side] = -(42.0 if run else 18.0) * math.cos(turn)
        channels["e" + side] = 85.0 if run else 16.0
    channels["y"] = 0.06 * pace * max(0.0, math.sin(2 * angle)) if run else 0.0
    channels.update(gait.hold)
    channels["x"] = gait.speed * pace * step
    return Key(step, tuple(channels.items()))


@dataclass(frozen=True, slots=True)
class Motion:
    """Poses at times: ``times`` (K,) seconds, rising; ``poses`` (K, CHANNELS)."""

    times: Floats
    poses: Floats

    def at(self, times: Floats) -> Floats:
        """The poses at ``times`` (N,), shape (N, CHANNELS); held before the first and after the last."""
        return interpolate(self.times, self.poses, times)


class MotionWriter:
    """Appends keys and gaits, one after the other, to a motion."""

    def __init__(self, x: float = 0.0, y: float = 0.0, turn: float = 1.0) -> None:
        self._row = np.zeros(len(CHANNELS))
        for name, value in {**_STAND, "x": x, "y": y, "turn": turn}.items():
            self._row[COLUMN[name]] = value
        self.now = 0.0
        self._times: list[float] = []
        self._rows: list[Floats] = []

    @property
    def row(self) -> Floats:
        """The latest pose."""
        return self._row

    def add(self, keys: Iterable[Key], *, slower: float = 1.0) -> None:
        """Adds keys; ``slower`` stretches their times."""
        for item in keys:
            self._row = self._row.copy()
            for name, value in item.changes:
                self._row[COLUMN[name]] = value
            self._put(item.after * slower)

    def add_gait(self, gait: Gait, seconds: float, phase: float = 0.0) -> None:
        """Adds running or walking in the direction that the figure faces."""
        for item in gait.keys(seconds, phase):
            x = self._row[COLUMN["x"]]
            forward = 1.0 if self._row[COLUMN["turn"]] >= 0 else -1.0
            self._row = self._row.copy()
            for name, value in item.changes:
                self._row[COLUMN[name]] = x + forward * value if name == "x" else value
            self._put(item.after)

    def _put(self, after: float) -> None:
        self.now += after
        if self._times and self.now - self._times[-1] < 1e-6:
            self._rows[-1] = self._row
        else:
            self._times.append(self.now)
            self._rows.append(self._row)

    def motion(self) -> Motion:
        """What has been written."""
        return Motion(np.array(self._times), np.stack(self._rows))


def interpolate(times: Floats, values: Floats, wanted: Floats) -> Floats:
    """Cubic Hermite interpolation that does not overshoot (slopes as of Fritsch and Butland, 1984).

    Args:
        times: (K,) rising.
        values: (K, D).
        wanted: (N,).

    Returns:
        (N, D).
    """
    if len(times) == 1:
        return np.repeat(values, len(wanted), axis=0)
    wide = np.diff(times)[:, None]
    slope = np.diff(values, axis=0) / wide
    tangent = np.zeros_like(values)
    if len(times) > 2:
        left, right = slope[:-1], slope[1:]
        w1, w2 = 2 * wide[1:] + wide[:-1], wide[1:] + 2 * wide[:-1]
        same = left * right > 0
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = (w1 + w2) / (w1 / left + w2 / right)
        tangent[1:-1] = np.where(same, mean, 0.0)
    inside = np.clip(wanted, times[0], times[-1])
    index = np.clip(np.searchsorted(times, inside, side="right") - 1, 0, len(times) - 2)
    h = wide[index]
    t = (inside - times[index])[:, None] / h
    low, high = values[index], values[index + 1]
    result: Floats = (
        (1 + 2 * t) * (1 - t) ** 2 * low
        + t * (1 - t) ** 2 * h * tangent[index]
        + t**2 * (3 - 2 * t) * high
        + t**2 * (t - 1) * h * tangent[index + 1]
    )
    return result
