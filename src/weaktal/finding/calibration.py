"""Scores as shares: how often the class of such a segment is in the video at all, from videos with known tags."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from weaktal.data.final import Calibration

BIN = 10  # segments at least in a step of the curve
FEWEST = 20  # segments below which nothing is measured
FEWEST_VIDEOS = 3  # likewise: segments of one video are no separate evidence


def calibrate(scores: Sequence[float], right: Sequence[bool], *, videos: int) -> Calibration | None:
    """The share of segments whose class is in the video, by score; None where there is too little to measure.

    Segments are put into steps of equal number by score. A step's share is ``(right + 1) / (all + 2)``, so that few
    segments claim nothing certain; where a share falls from one step to the next, both are taken together.

    Args:
        scores: of segments in videos that training did not see, shape (N,).
        right: whether the class of each is among the tags of its video, shape (N,).
        videos: how many these are.
    """
    if len(scores) < FEWEST or videos < FEWEST_VIDEOS:
        return None
    order = np.argsort(scores, kind="stable")
    steps = np.array_split(order, len(order) // BIN)
    values = np.asarray(scores, dtype=np.float64)
    truth = np.asarray(right, dtype=np.float64)
    blocks: list[tuple[float, float, list[float]]] = []  # right, all, mean scores of the steps
    for step in steps:
        blocks.append((float(truth[step].sum()), float(len(step)), [float(values[step].mean())]))
        while len(blocks) > 1 and _share(*blocks[-2][:2]) >= _share(*blocks[-1][:2]):
            above, below = blocks.pop(), blocks.pop()
            blocks.append((below[0] + above[0], below[1] + above[1], below[2] + above[2]))
    knots = [(score, _share(good, count)) for good, count, means in blocks for score in means]
    # Steps that were taken together may still fall below the one before by the smoothing.
    shares = np.maximum.accumulate([share for _, share in knots])
    return Calibration(
        scores=tuple(score for score, _ in knots),
        shares=tuple(round(float(share), 6) for share in shares),
        segments=len(scores),
        videos=videos,
    )


def _share(right: float, count: float) -> float:
    return (right + 1) / (count + 2)
