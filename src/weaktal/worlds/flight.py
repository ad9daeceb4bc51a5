"""Where tools and balls are, frame by frame: in hands, on the ground, or falling freely between two places."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from weaktal.arrays import Floats
from weaktal.worlds.action import Ball, Place, Tool
from weaktal.worlds.figure import JOINT
from weaktal.worlds.poses import COLUMN

_GRAVITY = 9.81


def tool_points(tool: Tool, poses: Floats, found: Floats) -> Floats:
    """The two ends of a held tool, (N, 2, 2) meters; the first is the hand.

    Args:
        tool: what is held.
        poses: (N, CHANNELS).
        found: joints (N, JOINTS, 2).
    """
    angle = np.radians(poses[:, COLUMN["tool"]])
    if tool.hand == "hands":  # a bar through both hands
        first, second = found[:, JOINT["hand1"]], found[:, JOINT["hand2"]]
        middle = (first + second) / 2
        middle[:, 1] = np.maximum(middle[:, 1], 0.225)  # its plates rest on the ground
        half = np.array([tool.length / 2, 0.0])
        return np.stack([middle - half, middle + half], axis=1)
    hand = found[:, JOINT[tool.hand]]
    if tool.absolute:
        along = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    else:
        side = tool.hand[-1]
        arm = hand - found[:, JOINT["elbow" + side]]
        base = np.arctan2(arm[:, 1], arm[:, 0] * poses[:, COLUMN["turn"]])
        along = np.stack([np.cos(base + angle) * poses[:, COLUMN["turn"]], np.sin(base + angle)], axis=1)
    return np.stack([hand, hand + along * tool.length], axis=1)


def joint_place(found: Floats, name: str) -> Floats:
    """A joint, or the middle of both hands: (N, 2)."""
    if name == "hands":
        return (found[:, JOINT["hand1"]] + found[:, JOINT["hand2"]]) / 2
    place: Floats = found[:, JOINT[name]]
    return place


def ball_points(ball: Ball, path: list[tuple[float, Place]], times: Floats, found: Floats) -> Floats:
    """The ball's middle, (N, 2) meters; NaN where it is out of sight.

    Args:
        ball: what flies.
        path: its places at times, in the seconds of ``times``.
        times: (N,) rising.
        found: joints (N, JOINTS, 2) at ``times``, of who plays it.
    """
    points = np.full((len(times), 2), np.nan)

    def where(place: Place, time: float) -> Floats:
        if isinstance(place, str):
            joint = joint_place(found, place)
            return np.array([np.interp(time, times, joint[:, 0]), np.interp(time, times, joint[:, 1])])
        return np.array(place, dtype=float)

    first, last = path[0], path[-1]
    for (start, place), inside in ((first, times <= first[0]), (last, times >= last[0])):
        if isinstance(place, str):
            points[inside] = joint_place(found, place)[inside]
        elif place is not None:
            points[inside] = where(place, start)
    for (t0, here), (t1, there) in pairwise(path):
        inside = (times >= t0) & (times <= t1)
        if not inside.any() or here is None or there is None:
            continue
        if here == there and isinstance(here, str):
            points[inside] = joint_place(found, here)[inside]
            continue
        a, b = where(here, t0), where(there, t1)
        gone = times[inside] - t0
        share = (gone / (t1 - t0))[:, None]
        points[inside] = a + (b - a) * share
        if a[1] > 0.2 or b[1] > 0.2:  # what rolls does not fall
            points[inside, 1] += 0.5 * _GRAVITY * gone * (t1 - t0 - gone)
    if ball.kind in ("basketball", "football", "volleyball"):
        points[:, 1] = np.maximum(points[:, 1], 0.1)
    return points


def headings(points: Floats, held: Floats, free: npt.NDArray[np.bool_]) -> Floats:
    """Angles (N,) in radians of something long: as held, and along its flight once ``free``."""
    velocity = np.gradient(np.nan_to_num(points), axis=0) if len(points) > 1 else np.zeros_like(points)
    return np.where(free, np.arctan2(velocity[:, 1], velocity[:, 0] + 1e-9), held)
