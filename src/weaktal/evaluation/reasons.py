"""Why nothing was found: the reason that goes with a score of 0."""

from __future__ import annotations

import numpy as np

from weaktal.data.spelling import systematic
from weaktal.evaluation.ap import SegmentTable
from weaktal.evaluation.tiou import tiou

MOST_PAIRS = 2_000_000  # tIoUs that are looked at to say how near the nearest prediction came


def names_apart(given: list[str], known: list[str]) -> str:
    """How names that do not meet differ, as a clause to add to a sentence; empty where they differ altogether."""
    how = systematic(given, set(known))
    return f" ({how})" if how else ""


def why_zero(truth: SegmentTable, predictions: SegmentTable, least: float) -> str:
    """Why no prediction matches any ground truth.

    Args:
        truth: the ground truth.
        predictions: those that were ranked.
        least: the lowest tIoU threshold.
    """
    if not len(predictions):
        return "mAP is 0: there is no prediction to score"
    if not (predictions.spans[:, 1] > predictions.spans[:, 0]).any():
        return "mAP is 0: all predictions end where they start"
    same, other = _nearest(truth, predictions)
    if other >= least:
        return (
            f"mAP is 0: predictions overlap the ground truth of other classes only (tIoU up to {other:.2f}); within a "
            f"class the highest tIoU is {same:.2f}. Are labels mixed up?"
        )
    return f"mAP is 0: the highest tIoU of a prediction with a ground truth of its video and class is {same:.2f}"


def _nearest(truth: SegmentTable, predictions: SegmentTable) -> tuple[float, float]:
    """The highest tIoU with ground truth of the same class, and of any class, among the pairs that are looked at."""
    same = other = 0.0
    budget = MOST_PAIRS
    for video in np.unique(truth.videos):
        rows, those = np.flatnonzero(predictions.videos == video), np.flatnonzero(truth.videos == video)
        rows = rows[: max(0, budget // max(1, len(those)))]
        budget -= len(rows) * len(those)
        if len(rows):
            overlap = tiou(predictions.spans[rows, None], truth.spans[None, those])  # (n, m)
            alike = predictions.labels[rows, None] == truth.labels[None, those]
            same = max(same, float(np.where(alike, overlap, 0.0).max()))
            other = max(other, float(overlap.max()))
        if budget <= 0:
            break
    return same, other
