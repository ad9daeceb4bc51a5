"""Means and paired differences over seeds, with intervals of Student's t."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and where it may lie.

    Attributes:
        n: seeds.
        mean: their mean; NaN without any.
        std: their sample standard deviation; NaN for one.
        low, high: ends of the 95 % interval of the mean; NaN for one seed.
    """

    n: int
    mean: float
    std: float
    low: float
    high: float

    @property
    def certain(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


def estimate(values: Sequence[float]) -> Estimate:
    """Mean, standard deviation and 95 % interval of independent values."""
    n = len(values)
    if not n:
        return Estimate(0, math.nan, math.nan, math.nan, math.nan)
    mean = statistics.fmean(values)
    if n == 1:
        return Estimate(1, mean, math.nan, math.nan, math.nan)
    std = statistics.stdev(values)
    half = t_quantile((1 + CONFIDENCE) / 2, n - 1) * std / math.sqrt(n)
    return Estimate(n, mean, std, mean - half, mean + half)


def paired_difference(first: Mapping[int, float], second: Mapping[int, float]) -> Estimate:
    """First minus second over the seeds that both have. What a seed does to both cancels out."""
    return estimate([first[seed] - second[seed] for seed in sorted(first.keys() & second.keys())])


def t_quantile(share: float, freedom: int) -> float:
    """The value that Student's t with so many degrees of freedom stays below with probability ``share``.

    Args:
        share: in [0.5, 1).
        freedom: 1 or more.

    Raises:
        ValueError: if an argument is out of its range.
    """
    if not 0.5 <= share < 1 or freedom < 1:
        raise ValueError(f"share must lie in [0.5, 1) and freedom be 1 or more, not {share} and {freedom}")
    inner = 2 * share - 1  # probability between minus the quantile and the quantile
    low, high = 0.0, 1.0
    while _between(high, freedom) < inner:
        low, high = high, 2 * high
    for _ in range(200):
        middle = (low + high) / 2
        if _between(middle, freedom) < inner:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _between(t: float, freedom: int) -> float:
    """P(|T| <= t), by the finite series for whole degrees of freedom (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    angle = math.atan(t / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2 == 1
    if freedom == 1:
        return 2 * angle / math.pi
    term = cosine if odd else 1.0
    total = term
    for k in range(1, (freedom - 1) // 2 if odd else freedom // 2):
        term *= cosine * cosine * (2 * k / (2 * k + 1) if odd else (2 * k - 1) / (2 * k))
        total += term
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
