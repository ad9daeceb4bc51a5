"""Intervals by resampling: which videos were filmed, and which seeds were drawn, might have been others.

Every resampling draws the test videos with replacement and weighs them alike for all that is compared, and of several
seeds it draws these too. Rows with the same seeds are given the same draws, so that what a seed or a video does to both
cancels out of their difference. With a handful of seeds such intervals are rather too narrow than too wide.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from weaktal.arrays import Floats, Integers
from weaktal.evaluation.ranking import Ranking, Weighing

CONFIDENCE = 0.95


def video_weights(videos: int, resamples: int, seed: int = 0) -> Integers:
    """How often each video is drawn in each resampling, shape (B, V)."""
    return np.random.default_rng(seed).multinomial(videos, np.full(videos, 1 / videos), size=resamples)


def resampled_maps(ranking: Ranking, weights: Integers) -> Floats:
    """mAP at each threshold in each resampling, over the classes that it holds, shape (B, K)."""
    maps = np.empty((len(weights), len(ranking.match)))
    for number, ap in enumerate(Weighing(ranking).each(weights)):  # (C, K)
        maps[number] = ap[~np.isnan(ap[:, 0])].mean(axis=0)
    return maps


def over_seeds(replicates: Sequence[Floats], seeds: Sequence[int], seed: int = 0) -> Floats:
    """Means over seeds that are drawn anew in each resampling.

    Args:
        replicates: by seed, values of each resampling, shape (B, ...).
        seeds: that they belong to; rows of equal seeds draw alike.
        seed: of the draws.

    Returns:
        Shape (B, ...).
    """
    values = np.stack(replicates)  # (S, B, ...)
    random = np.random.default_rng([seed, *seeds])
    drawn = random.integers(0, len(values), size=values.shape[:2])  # (S, B)
    return np.asarray(values[drawn, np.arange(values.shape[1])].mean(axis=0), dtype=np.float64)


def interval(values: Floats) -> tuple[float, float]:
    """The middle 95 % of resampled values, shape (B,)."""
    low, high = np.quantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
