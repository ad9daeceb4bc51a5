"""Predictions ranked and matched once, for average precision under many weightings.

Matching goes on within one video and class, so it stays the same whichever videos count and how often. And precision
rises only at true positives, so the area under the interpolated curve is a sum over these alone. Both together make
a thousand resamplings of the videos, or an AP for each kind of ground truth, cheap.
"""

from __future__ import annotations

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
        """AP where each video counts as often as its weight says.

        Args:
            weights: by video, 0 or more; once each by default.

        Returns:
            Shape (C, K), NaN for a class that is left without ground truth.
        """
        if weights is None:
            weights = np.ones(int(max(self.truth.videos.max(initial=0), self.ranked.videos.max(initial=0))) + 1)
        counts = weights[self.ranked.videos]  # (N,)
        positives = np.bincount(self.truth.labels, weights=weights[self.truth.videos], minlength=self.classes)
        return self._areas(counts, counts, positives.astype(np.float64), np.ones(self.classes))

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
        groups = levels * self.classes
        running = np.concatenate([[0.0], np.cumsum(gain)])  # (H + 1,)
        found = running[1:] - running[np.searchsorted(group, np.arange(groups))][group]
        scaled = found * scale[label]
        ranked = scaled + (total - found)
        precision = np.divide(scaled, ranked, out=np.zeros_like(scaled), where=ranked > 0)
        # The highest precision from here on within the group: a step down of 1 from group to group keeps them apart.
        step = (groups - group).astype(np.float64)
        envelope = np.maximum.accumulate((precision + step)[::-1])[::-1] - step
        area = np.bincount(group, weights=envelope * gain, minlength=groups).reshape(levels, self.classes).T  # (C, K)
        result: Floats = np.divide(
            area, positives[:, None], out=np.full(area.shape, np.nan), where=positives[:, None] > 0
        )
        return result
