"""What proposals of one class say of each other: support, and boundaries fused from those that overlap. N proposals."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from weaktal.arrays import Floats

_ROWS = 256  # proposals held against all others at once, which bounds memory


def support(spans: Floats) -> Floats:
    """Mean tIoU of each proposal with the others that overlap it, shape (N,); 0 where there is none.

    Thresholds that differ cut out much the same segment where scores rise and fall steeply, so support is high around
    what stands out and low for what a single threshold found.

    Args:
        spans: start and end, shape (N, 2), each with a length.
    """
    total, count = np.zeros(len(spans)), np.zeros(len(spans))
    first = 0
    for overlaps in _overlaps(spans):
        rows = slice(first, first + len(overlaps))
        total[rows] = overlaps.sum(axis=1) - 1.0  # without itself
        count[rows] = np.count_nonzero(overlaps, axis=1) - 1
        first += len(overlaps)
    return np.asarray(np.maximum(total, 0.0) / np.maximum(count, 1))


def fused(spans: Floats, scores: Floats, *, sigma: float, least: float) -> Floats:
    """Spans whose boundaries are means over the proposals that overlap each of them, shape (N, 2).

    The weight of another proposal is its score times ``exp(-(1 - o)^2 / sigma)``, o being the tIoU with it; below
    ``least`` it has none.

    Args:
        spans: start and end, shape (N, 2), each with a length.
        scores: above 0, shape (N,).
        sigma: width of the Gaussian.
        least: tIoU from which on proposals are fused, above 0.
    """
    means = []
    for overlaps in _overlaps(spans):
        weights = np.where(overlaps >= least, scores * np.exp(-np.square(1.0 - overlaps) / sigma), 0.0)
        means.append(weights @ spans / weights.sum(axis=1, keepdims=True))
    if not means:
        return spans
    # A mean may round beyond its values.
    return np.asarray(np.clip(np.concatenate(means), spans.min(axis=0), spans.max(axis=0)))


def _overlaps(spans: Floats) -> Iterator[Floats]:
    """The tIoU of a few rows at a time with all, shape (rows, N)."""
    starts, ends = spans[:, 0], spans[:, 1]
    lengths = ends - starts
    for first in range(0, len(spans), _ROWS):
        rows = slice(first, first + _ROWS)
        shared = np.minimum(ends[rows, None], ends) - np.maximum(starts[rows, None], starts)
        np.maximum(shared, 0.0, out=shared)
        yield np.asarray(shared / (lengths[rows, None] + lengths - shared))
