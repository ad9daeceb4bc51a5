"""Where the features of a video change, and proposals that begin and end there. T snippets, D channels, N proposals."""

from __future__ import annotations

import numpy as np

from weaktal.arrays import Floats, Floats32, Integers

WIDTH = 2  # snippets on either side of an edge that are compared


def feature_changes(rows: Floats32) -> Floats32:
    """How much the features change at the start of each snippet, shape (T,), from 0 for not at all; 0 for the first.

    Half the squared distance between the mean directions of the :data:`WIDTH` snippets before and after. That is what
    a checkerboard kernel on the matrix of cosines between snippets gives (Foote, ICME 2000), without the matrix.

    Args:
        rows: features of one video, shape (T, D).
    """
    count = len(rows)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    directions = rows / np.maximum(lengths, np.finfo(np.float32).tiny)
    sums = np.zeros((count + 1, rows.shape[1]), dtype=np.float64)
    np.cumsum(directions, axis=0, out=sums[1:])
    edges = np.arange(count)
    first, last = np.maximum(edges - WIDTH, 0), np.minimum(edges + WIDTH, count)
    before = (sums[edges] - sums[first]) / np.maximum(edges - first, 1)[:, None]
    after = (sums[last] - sums[edges]) / (last - edges)[:, None]
    changes: Floats32 = (0.5 * np.square(before - after).sum(axis=1)).astype(np.float32)
    changes[0] = 0.0
    return changes


def change_points(changes: Floats32) -> Integers:
    """Snippets at whose start the change is a local maximum above the video's mean, rising, shape (P,)."""
    padded = np.concatenate([[-np.inf], changes, [-np.inf]])
    peak = (changes > padded[:-2]) & (changes >= padded[2:]) & (changes > changes.mean())
    peak[:1] = False
    return np.flatnonzero(peak)


def snapped(
    starts: Integers, stops: Integers, points: Integers, strengths: Floats, *, reach: int, count: int, least: float
) -> tuple[Integers, Integers]:
    """Starts and stops, each at the strongest change point within reach; as they were where there is none.

    A proposal that would become shorter than ``least`` stays as it was.

    Args:
        starts, stops: of proposals, shape (N,), in steps of the score array.
        points: change points in the same steps, shape (P,).
        strengths: of these, above 0.
        reach: steps that an edge may move.
        count: steps of the score array.
        least: fewest steps that a proposal may have, above 0.
    """
    strongest = np.zeros(count + 1)
    inside = (points >= 0) & (points <= count)
    strongest[points[inside]] = strengths[inside]
    padded = np.pad(strongest, reach)
    near = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)  # (count + 1, 2 * reach + 1)
    target = np.where(near.max(axis=1) > 0, np.arange(count + 1) + near.argmax(axis=1) - reach, np.arange(count + 1))
    left, right = target[starts], target[stops]
    kept = right - left >= least
    return np.where(kept, left, starts), np.where(kept, right, stops)
