"""Average precision of temporal detection, as the ActivityNet evaluation defines it, on arrays.

A class's predictions are taken over all videos by falling score. Each is matched to the ground truth of its video and
class that has the highest tIoU among those at or above the threshold that no surer prediction has taken; a prediction
without such a ground truth is a false positive. AP is the area under the precision-recall curve after precision has
been raised to the highest value at any larger recall (VOC 2010 and later). Every tIoU threshold is matched on its own.

Ties: of equal scores the earlier prediction goes first; of equal tIoUs the earlier ground truth is taken.

The greedy matching is serial by definition. It is also the one stable matching between predictions that rank ground
truths by tIoU and ground truths that rank predictions by score, so deferred acceptance (Gale and Shapley, 1962) finds
it in a few rounds over whole arrays, for all classes, videos and thresholds at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from weaktal.arrays import Bools, Floats, Integers
from weaktal.evaluation.tiou import tiou


@dataclass(frozen=True, slots=True)
class SegmentTable:
    """Segments of many videos as columns.

    Attributes:
        spans: start and end in seconds, shape (N, 2).
        videos: number of each segment's video, 0 or more, shape (N,).
        labels: number of each segment's class, 0 or more, shape (N,).
        scores: confidence of predictions, finite; of no account for ground truth, shape (N,).
    """

    spans: Floats
    videos: Integers
    labels: Integers
    scores: Floats

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: Integers | Bools) -> SegmentTable:
        """The segments at these rows, in their order."""
        return SegmentTable(self.spans[rows], self.videos[rows], self.labels[rows], self.scores[rows])


@dataclass(frozen=True, slots=True)
class Pairs:
    """Predictions and the ground truths they may match, by prediction, then by falling tIoU, all of shape (P,)."""

    prediction: Integers
    truth: Integers
    overlap: Floats


def average_precision(truth: SegmentTable, predictions: SegmentTable, tious: npt.ArrayLike, classes: int) -> Floats:
    """AP of every class at every tIoU threshold.

    Args:
        truth: the ground truth of M segments.
        predictions: N predicted segments, their videos and classes numbered like those of ``truth``.
        tious: thresholds in (0, 1], shape (K,).
        classes: the number of classes, C.

    Returns:
        Shape (C, K): values in [0, 1]; 0 for a class without predictions, NaN for a class without ground truth.
    """
    order = np.lexsort((-predictions.scores, predictions.labels))  # (N,), stable
    ranked = predictions.take(order)
    hits = matches(truth, ranked, tious)  # (K, N)
    positives = np.bincount(truth.labels, minlength=classes)  # (C,)
    bounds = np.searchsorted(ranked.labels, np.arange(classes + 1))  # (C + 1,)
    result = np.full((classes, len(hits)), np.nan)
    for label in np.flatnonzero(positives):
        result[label] = interpolated_ap(hits[:, bounds[label] : bounds[label + 1]], int(positives[label]))
    return result


def interpolated_ap(hits: Bools, positives: int) -> Floats:
    """Area under the interpolated precision-recall curve.

    Args:
        hits: which predictions are true positives, by falling score, shape (K, N).
        positives: the number of ground truths, at least 1.

    Returns:
        Shape (K,).
    """
    found = np.cumsum(hits, axis=1)  # (K, N)
    precision = found / np.arange(1, hits.shape[1] + 1)
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    # Recall rises by 1 / positives at every true positive and nowhere else.
    return np.asarray((envelope * hits).sum(axis=1) / positives, dtype=np.float64)


def matches(truth: SegmentTable, ranked: SegmentTable, tious: npt.ArrayLike) -> Bools:
    """Which predictions are true positives at each threshold; as :func:`matched`, shape (K, N)."""
    return matched(truth, ranked, tious) >= 0


def matched(truth: SegmentTable, ranked: SegmentTable, tious: npt.ArrayLike) -> Integers:
    """The ground truth that each prediction is matched to at each threshold.

    Args:
        truth: the ground truth.
        ranked: N predictions, those of a class by falling score.
        tious: thresholds in (0, 1], shape (K,).

    Returns:
        Rows of ``truth``, -1 for a false positive, shape (K, N).
    """
    thresholds = np.asarray(tious, dtype=np.float64).reshape(-1)
    found = np.full((len(thresholds), len(ranked)), -1, dtype=np.int64)
    if not found.size:
        return found
    pairs = overlapping(truth, ranked, float(thresholds.min()))
    # Only the n predictions that overlap anything take part. A prediction's candidates at a threshold are the first few
    # of its pairs, [first, end). Below, a prediction or a ground truth at a threshold is one number, level * n +
    # prediction or level * M + truth.
    near, first, prediction = np.unique(pairs.prediction, return_index=True, return_inverse=True)  # (n,), (n,), (P,)
    count = len(near)
    close = [np.bincount(prediction[pairs.overlap >= t], minlength=count) for t in thresholds]
    end = (first + np.stack(close)).ravel()  # (K * n,)
    turn = np.tile(first, len(thresholds))  # (K * n,), the pair that a prediction proposes next
    nobody = end.size
    holder = np.full(len(thresholds) * len(truth), nobody)  # (K * M,), the surest prediction so far
    proposer = np.flatnonzero(turn < end)
    while len(proposer):
        target = pairs.truth[turn[proposer]] + proposer // count * len(truth)
        before = holder[target]
        np.minimum.at(holder, target, proposer)
        lost = holder[target] != proposer
        proposer = np.concatenate([proposer[lost], before[~lost & (before < nobody)]])  # the ousted look further too
        turn[proposer] += 1
        proposer = proposer[turn[proposer] < end[proposer]]
    taken = np.flatnonzero(holder < nobody)
    level, place = np.divmod(holder[taken], max(count, 1))
    found[level, near[place]] = taken % max(len(truth), 1)
    return found


@np.errstate(over="ignore")  # absurd times: the comparisons hold for infinity as well
def overlapping(truth: SegmentTable, ranked: SegmentTable, least: float) -> Pairs:
    """All pairs of a ground truth and a prediction of its video and class whose tIoU is at least ``least``."""
    if not (len(truth) and len(ranked)):
        return Pairs(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0))
    # One time line for all: each video and class gets a stretch of its own, longer than any time. Along it the ground
    # truths that a prediction overlaps lie between two binary searches, one by their starts and one by the latest end
    # so far. Rounding is monotone, so it can only let in strangers, and those are sorted out afterwards.
    videos = int(max(truth.videos.max(), ranked.videos.max())) + 1
    stretch = max(float(truth.spans.max()), float(ranked.spans.max())) + 1.0
    truth_group, group = truth.labels * videos + truth.videos, ranked.labels * videos + ranked.videos  # (M,), (N,)
    by_start = np.lexsort((truth.spans[:, 0], truth_group))
    line = (truth.spans + truth_group[:, None] * stretch)[by_start]  # (M, 2)
    spans = ranked.spans + group[:, None] * stretch  # (N, 2)
    first = np.searchsorted(np.maximum.accumulate(line[:, 1]), spans[:, 0], side="left")  # (N,)
    count = np.maximum(np.searchsorted(line[:, 0], spans[:, 1], side="right") - first, 0)  # (N,)

    prediction = np.repeat(np.arange(len(ranked)), count)  # (P,)
    place = np.arange(len(prediction)) - np.repeat(np.cumsum(count) - count, count)
    partner = by_start[first[prediction] + place]
    overlap = tiou(ranked.spans[prediction], truth.spans[partner])
    near = (overlap >= least) & (group[prediction] == truth_group[partner])
    prediction, partner, overlap = prediction[near], partner[near], overlap[near]
    best_first = np.lexsort((partner, -overlap, prediction))
    return Pairs(prediction[best_first], partner[best_first], overlap[best_first])
