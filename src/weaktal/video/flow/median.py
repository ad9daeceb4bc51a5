"""The 5x5 median filter, on a CPU by OpenCV and elsewhere as a fixed sequence of minima and maxima of whole images.

``torch.median`` over unfolded windows takes tens of times as long: it selects in each window by itself. Here one
comparison serves all windows at once, and a sorted column of five pixels serves the five windows that hold it.

Sort the five columns of the window, then the five rows of what results; both stay sorted. Of such a 5x5 matrix the
median is the median of three values: the largest on the diagonal before the main anti-diagonal, the median on that
anti-diagonal, the smallest on the diagonal after it. (By the zero-one principle it is enough to see this for the 252
matrices of zeros and ones that are sorted both ways; a test does.)
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import torch
from torch import Tensor
from torch.nn import functional

Comparison = tuple[int, int, bool, bool]  # places i and j; whether the minimum at i and the maximum at j are used

SORT_5 = ((0, 3), (1, 4), (0, 2), (1, 3), (0, 1), (2, 4), (1, 2), (3, 4), (2, 3))  # optimal: 9 comparisons


def _used(network: Sequence[tuple[int, int]], wanted: Sequence[int]) -> list[Comparison]:
    """The part of a sorting network that the ``wanted`` places depend on."""
    needed = set(wanted)
    kept: list[Comparison] = []
    for i, j in reversed(network):
        if i in needed or j in needed:
            kept.append((i, j, i in needed, j in needed))
            needed |= {i, j}
    return kept[::-1]


def _select(values: list[Tensor], network: Sequence[Comparison], free: list[Tensor]) -> list[Tensor]:
    """The values after the comparisons; places that are not wanted hold leftovers.

    Results go to the buffers in ``free``, and those of no further use return to it: on a CPU new memory for each result
    would double the time. The given values are left as they are.
    """
    values = list(values)
    own = [False] * len(values)
    for i, j, low, high in network:
        a, b = values[i], values[j]
        if low:
            values[i] = torch.minimum(a, b, out=_buffer(free, a))
        if high:
            values[j] = torch.maximum(a, b, out=_buffer(free, a))
        free.extend(old for old, place in ((a, i), (b, j)) if own[place])
        own[i], own[j] = low, high
    return values


def _buffer(free: list[Tensor], like: Tensor) -> Tensor:
    return free.pop() if free else torch.empty(like.shape, dtype=like.dtype, device=like.device)


# Places of each sorted row that lie on the three diagonals.
_PLACES = ((3, 4), (2, 3, 4), (1, 2, 3), (0, 1, 2), (0, 1))
_ALL = _used(SORT_5, range(5))
_ROWS = [_used(SORT_5, places) for places in _PLACES]
_MIDDLE = _used(SORT_5, (2,))


class Median5x5:
    """Replaces each pixel by the median of the 5x5 pixels around it; beyond the border the border pixels go on.

    Does exactly what :func:`median_on_cpu` does. Keeps its buffers from call to call: use one object for images
    of one shape and device.
    """

    def __init__(self) -> None:
        self._wide: list[Tensor] = []  # (B, C, H, W + 4)
        self._free: list[Tensor] = []  # (B, C, H, W)

    def __call__(self, images: Tensor) -> None:
        """Filters ``images``, shape (B, C, H, W), in place."""
        height, width = images.shape[-2:]
        free = self._free
        padded = functional.pad(images, (2, 2, 2, 2), mode="replicate")  # (B, C, H + 4, W + 4)
        columns = _select([padded[..., i : i + height, :] for i in range(5)], _ALL, self._wide)  # five (B, C, H, W + 4)
        rows = [
            _select([column[..., i : i + width] for i in range(5)], network, free)
            for column, network in zip(columns, _ROWS, strict=True)
        ]
        middle = _select([rows[0][4], rows[1][3], rows[2][2], rows[3][1], rows[4][0]], _MIDDLE, free)[2]
        below, above = rows[0][3], rows[1][4]
        for other in (rows[1][2], rows[2][1], rows[3][0]):
            torch.maximum(below, other, out=below)
        for other in (rows[2][3], rows[3][2], rows[4][1]):
            torch.minimum(above, other, out=above)
        torch.minimum(below, middle, out=images)
        torch.maximum(below, middle, out=below)
        torch.maximum(images, torch.minimum(below, above, out=above), out=images)
        self._wide += columns
        free.append(middle)
        free += [row[place] for row, places in zip(rows, _PLACES, strict=True) for place in places]


def median_on_cpu(images: Tensor) -> None:
    """Filters ``images``, shape (B, C, H, W), float32 in the CPU's memory, in place; see :class:`Median5x5`."""
    for channels in images.numpy():
        for image in channels:
            image[:] = cv2.medianBlur(image, 5)
