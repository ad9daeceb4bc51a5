"""Predictions ranked and matched once, for average precision under many weightings.

Matching goes on within one video and class, so it stays the same whichever videos count and how often. And precision
rises only at true positives, so the area under the interpolated curve is a sum over these alone. Both together make
a thousand resamplings of the videos, or an AP for each kind of ground truth, cheap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from weaktal.arrays import Bools, Floats, Integers
from weaktal.evaluation.ap import SegmentTable, matched


@dataclass(frozen=True, slots=True)
class Ranking:
    """Predictions by class and falling score, with their matches.

    Attributes:
        truth: M ground truths.
        ranked: N predictions, by class, those of a class by falling score.
        match: row of ``truth`` that a prediction is matched to at each threshold, -1 for none, shape (K, N).
        classes: C.
        level, hit: threshold and prediction of each true positive, by threshold, class and rank, shape (H,) each.
    """

    truth: SegmentTable
    ranked: SegmentTable
    match: Integers
    classes: int
    level: Integers
    hit: Integers

    @classmethod
    def of(cls, truth: SegmentTable, predictions: SegmentTable, tious: npt.ArrayLike, classes: int) -> Ranking:
        """Ranks and matches; of equal scores the earlier prediction goes first."""
        ranked = predictions.take(np.lexsort((-predictions.scores, predictions.labels)))
        match = matched(truth, ranked, tious)
        return cls(truth, ranked, match, classes, *np.nonzero(match >= 0))

    @property
    def positives(self) -> Integers:
        """Ground truths of each class, shape (C,)."""
        return np.bincount(self.truth.labels, minlength=self.classes)

    @property
    def depth(self) -> Integers:
        """The least k for which a prediction is among the top k * G of its class, from 1; G counts its ground truths.

        Shape (N,); G is 1 at least.
        """
        first = np.searchsorted(self.ranked.labels, np.arange(self.classes))  # (C,)
        place = np.arange(len(self.ranked)) - first[self.ranked.labels]
        return np.asarray(place // np.maximum(self.positives, 1)[self.ranked.labels] + 1, dtype=np.int64)

    def average_precision(self, weights: Floats | None = None) -> Floats:
        """AP where each video counts as often as its weight says; of many weightings, see :class:`Weighing`.

        Args:
            weights: by video, 0 or more; once each by default.

        Returns:
            Shape (C, K), NaN for a class that is left without ground truth.
        """
        if weights is None:
            weights = np.ones(int(max(self.truth.videos.max(initial=0), self.ranked.videos.max(initial=0))) + 1)
        return Weighing(self).average_precision(weights)

    def normalized_precision(self, average: float, keep: Bools | None = None, bucket: Bools | None = None) -> Floats:
        """AP_N: AP with precision as if every class had ``average`` ground truths (Hoiem et al., ECCV 2012).

        Args:
            average: N.
            keep: predictions that count, at each threshold or at all, shape (K, N) or (N,); all by default.
            bucket: ground truths that count, shape (M,); all by default.

        Returns:
            Shape (C, K), NaN for a class without ground truth that counts.
        """
        labels = self.truth.labels if bucket is None else self.truth.labels[bucket]
        positives = np.bincount(labels, minlength=self.classes).astype(np.float64)
        counts = np.ones(len(self.ranked)) if keep is None else keep.astype(np.float64)
        scale = np.divide(average, positives, out=np.zeros_like(positives), where=positives > 0)
        return self._areas(np.ones(len(self.ranked)), counts, positives, scale)

    def _areas(self, gains: Floats, counts: Floats, positives: Floats, scale: Floats) -> Floats:
        """Areas under the curves: each true positive adds its gain times the highest precision from there on.

        Args:
            gains: what a prediction adds to the true positives, shape (N,).
            counts: what it adds to the predictions, and 0 where it is left out, shape (N,) or (K, N).
            positives: what recall is a share of, shape (C,).
            scale: of the true positives within precision, shape (C,).
        """
        levels, level, hit = len(self.match), self.level, self.hit
        counts = np.atleast_2d(counts)  # (1 or K, N)
        before = np.zeros((len(counts), counts.shape[1] + 1))  # (1 or K, N + 1)
        np.cumsum(counts, axis=1, out=before[:, 1:])
        first = np.searchsorted(self.ranked.labels, np.arange(self.classes))  # (C,)
        label, row = self.ranked.labels[hit], level if len(counts) > 1 else 0  # (H,)
        total = before[row, hit + 1] - before[row, first[label]]
        gain = np.where(counts[row, hit] > 0, gains[hit], 0.0)
        group = level * self.classes + label
        start = np.searchsorted(group, np.arange(levels * self.classes))[group]
        found = _so_far(gain, start)
        scaled = found * scale[label]
        return _areas(scaled, scaled + (total - found), gain, group, positives, levels)


class Weighing:
    """Average precision of one ranking under many weightings of its videos, each in a pass over the predictions.

    What depends on the ranking alone is found once. Predictions are then summed between true positives only.

    Args:
        ranking: of predictions.
    """

    def __init__(self, ranking: Ranking) -> None:
        self._ranking = ranking
        labels, hit, classes = ranking.ranked.labels, ranking.hit, ranking.classes
        first = np.searchsorted(labels, np.arange(classes))  # (C,)
        places = np.unique(np.concatenate([[0], first, hit + 1]))
        self._from = places[places < len(labels)]  # where the sums begin; the last goes to the end
        self._until = np.searchsorted(self._from, hit + 1)  # (H,): how many sums go up to each true positive
        self._before = np.searchsorted(self._from, first)[labels[hit]]  # (H,): how many come before its class
        self._group = ranking.level * classes + labels[hit]  # (H,)
        self._start = np.searchsorted(self._group, np.arange(len(ranking.match) * classes))[self._group]
        self._videos = ranking.ranked.videos[hit]  # (H,)

    def average_precision(self, weights: Floats) -> Floats:
        """AP where each video counts as often as its weight, 0 or more, says.

        Args:
            weights: shape (V,).

        Returns:
            Shape (C, K), NaN for a class that is left without ground truth.
        """
        return self._area(weights, np.add.reduceat(weights[self._ranking.ranked.videos], self._from))

    def each(self, counts: Integers) -> Iterator[Floats]:
        """AP under each of several weightings by whole numbers; a pass over the predictions does for some at a time.

        Args:
            counts: how often each video counts, 0 or more, shape (B, V).

        Yields:
            As of :meth:`average_precision`, shape (C, K).
        """
        # As many weightings share an integer of 63 bits as there are sums that fit into it beside each other.
        longest = int(np.diff(self._from, append=len(self._ranking.ranked)).max(initial=1))
        bits = (longest * int(counts.max(initial=1))).bit_length()
        together, mask = max(1, 63 // bits), (1 << bits) - 1
        for start in range(0, len(counts), together):
            block = counts[start : start + together]
            shifts = np.arange(len(block)) * bits
            packed = (block << shifts[:, None]).sum(axis=0)  # (V,)
            sums = np.add.reduceat(packed[self._ranking.ranked.videos], self._from)
            for row, shift in zip(block, shifts, strict=True):
                yield self._area(row.astype(np.float64), ((sums >> shift) & mask).astype(np.float64))

    def _area(self, weights: Floats, between: Floats) -> Floats:
        """AP, given the weights of the videos and the sums of these between true positives."""
        ranking = self._ranking
        sums = np.zeros(len(self._from) + 1)
        np.cumsum(between, out=sums[1:])
        gain = weights[self._videos]  # (H,)
        truth = ranking.truth
        positives = np.bincount(truth.labels, weights=weights[truth.videos], minlength=ranking.classes)
        found = _so_far(gain, self._start)
        total = sums[self._until] - sums[self._before]
        return _areas(found, total, gain, self._group, positives.astype(np.float64), len(ranking.match))


def _so_far(gain: Floats, start: Integers) -> Floats:
    """The true positives up to and with each, from the first of its group on, shape (H,)."""
    running = np.concatenate([[0.0], np.cumsum(gain)])  # (H + 1,)
    return np.asarray(running[1:] - running[start], dtype=np.float64)


def _areas(found: Floats, total: Floats, gain: Floats, group: Integers, positives: Floats, levels: int) -> Floats:
    """Areas under the curves: each true positive adds its gain times the highest precision from there on.

    Args:
        found, total: true positives, and all that are ranked, up to each true positive, shape (H,).
        gain: what each adds to recall, shape (H,).
        group: the curve that each belongs to, rising, by threshold and class, shape (H,).
        positives: what recall is a share of, shape (C,).
        levels: thresholds, K.

    Returns:
        Shape (C, K), NaN for a class without positives.
    """
    groups = levels * len(positives)
    precision = np.divide(found, total, out=np.zeros_like(found), where=total > 0)
    # The highest precision from here on within the group: a step down of 1 from group to group keeps them apart.
    step = (groups - group).astype(np.float64)
    envelope = np.maximum.accumulate((precision + step)[::-1])[::-1] - step
    area = np.bincount(group, weights=envelope * gain, minlength=groups).reshape(levels, len(positives)).T  # (C, K)
    result: Floats = np.divide(area, positives[:, None], out=np.full(area.shape, np.nan), where=positives[:, None] > 0)
    return result
