"""Temporal intersection over union: how well two segments of time agree."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from weaktal.arrays import Floats


def tiou(a: npt.ArrayLike, b: npt.ArrayLike) -> Floats:
    """Length of the intersection over the length of the union.

    Segments that only touch, and segments without length, overlap nothing: their tIoU is 0, never NaN.

    Args:
        a: start and end in seconds in the last dimension, shape (..., 2).
        b: the same; the dimensions before the last broadcast against those of ``a``.

    Returns:
        tIoU in [0, 1], of the broadcast shape without the last dimension. All pairs of (N, 2) and (M, 2) segments are
        ``tiou(a[:, None], b)``, shape (N, M).

    >>> tiou([[0.0, 10.0], [10.0, 12.0]], [0.0, 5.0])
    array([0.5, 0. ])
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    shared = np.minimum(first[..., 1], second[..., 1]) - np.maximum(first[..., 0], second[..., 0])
    shared = np.maximum(shared, 0.0)
    union = (first[..., 1] - first[..., 0]) + (second[..., 1] - second[..., 0]) - shared
    ratio: Floats = np.divide(shared, union, out=np.zeros_like(union), where=shared > 0)
    return ratio
