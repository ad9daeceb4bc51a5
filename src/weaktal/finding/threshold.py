"""The score that a segment has to reach to be shown: from held-out tags, from the truth, or from the scores alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from weaktal.arrays import Bools, Floats
from weaktal.finding.calibration import FEWEST, FEWEST_VIDEOS

WANTED = 0.8  # share of the shown segments that should be right, by default
ENOUGH = 5  # segments at or above a threshold that its share is believed of


def for_precision(scores: Sequence[float], right: Sequence[bool], wanted: float) -> tuple[float, float] | None:
    """The lowest threshold at which the wanted share of segments is right, and that share.

    Where no threshold reaches it, the one of the highest share. A share of fewer than five segments counts for nothing.

    Args:
        scores, right: of segments, shape (N,).
        wanted: share, in (0, 1].

    Returns:
        None where there are fewer than five segments.
    """
    values, shares = _by_threshold(scores, right)
    if not len(values):
        return None
    good = np.flatnonzero(shares >= wanted)
    best = int(good[-1]) if len(good) else int(np.flatnonzero(shares == shares.max())[-1])
    return float(values[best]), float(shares[best])


def for_recall(scores: Sequence[float], right: Sequence[bool], wanted: float, of: int) -> tuple[float, float]:
    """The highest threshold at which the wanted share of ``of`` true segments is found, and the share.

    Where none reaches it, the lowest score: all that was found.
    """
    order = np.argsort(-np.asarray(scores, dtype=np.float64), kind="stable")
    found = np.cumsum(np.asarray(right, dtype=np.float64)[order]) / max(of, 1)
    good = np.flatnonzero(found >= wanted)
    place = int(good[0]) if len(good) else len(found) - 1
    return float(np.asarray(scores)[order[place]]), float(found[place])


def _by_threshold(scores: Sequence[float], right: Sequence[bool]) -> tuple[Floats, Floats]:
    """Falling thresholds, and the share of segments at or above each that are right."""
    values, truth = np.asarray(scores, dtype=np.float64), np.asarray(right, dtype=np.float64)
    order = np.argsort(-values, kind="stable")
    values, truth = values[order], truth[order]
    last: Bools = np.append(np.diff(values) < 0, True)[: len(values)]  # of equal scores all or none
    counts = np.arange(1, len(values) + 1)
    use = last & (counts >= ENOUGH)
    return values[use], (np.cumsum(truth) / counts)[use]


def two_groups(scores: Sequence[float]) -> float:
    """The score that splits scores best into a low and a high group: Otsu's threshold.

    Each group is described by its mean; the split leaves the least variance within the two. 0 where all are equal.
    """
    values = np.sort(np.asarray(scores, dtype=np.float64))
    if len(values) < 2 or values[0] == values[-1]:
        return float(values[0]) if len(values) else 0.0
    counts = np.arange(1, len(values))
    sums = np.cumsum(values)
    low, high = sums[:-1] / counts, (sums[-1] - sums[:-1]) / (len(values) - counts)
    between = counts * (len(values) - counts) * (high - low) ** 2
    return float(values[int(between.argmax()) + 1])


def enough(segments: int, videos: int) -> bool:
    """Whether held-out segments are enough to choose a threshold by."""
    return segments >= FEWEST and videos >= FEWEST_VIDEOS
