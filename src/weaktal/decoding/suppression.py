"""Non-maximum suppression of one class's segments: soft (Bodla et al. 2017), with the hard one as its limit."""

from __future__ import annotations

from typing import Literal

import numpy as np

from weaktal.arrays import Floats, Integers

Method = Literal["gaussian", "linear", "hard"]
Overlap = Literal["tiou", "covered"]

_SWEEP_EVERY = 64  # segments taken between two looks at how many are left


def suppress(
    spans: Floats,
    scores: Floats,
    *,
    method: Method = "gaussian",
    sigma: float = 0.3,
    threshold: float = 0.4,
    overlap: Overlap = "tiou",
    floor: float = 0.0,
    limit: int | None = None,
) -> tuple[Integers, Floats]:
    """Takes the highest score, lowers the scores of what overlaps it, and so on, until nothing above ``floor`` is left.

    With overlap o of the taken and another segment, the other's score is multiplied by ``exp(-o^2 / sigma)``
    (gaussian), by ``1 - o`` where o exceeds ``threshold`` (linear), or by 0 there (hard).

    Scores only fall and segments are taken by falling score. So a segment at or below ``floor`` may be forgotten at
    once, and the first ``limit`` may be all that is looked for: neither changes the others.

    Args:
        spans: start and end of each segment, shape (N, 2).
        scores: shape (N,).
        method, sigma, threshold: how scores are lowered.
        overlap: tIoU, or the share of the other segment that the taken one covers.
        floor: 0 or more; only scores above it come back.
        limit: at most so many come back.

    Returns:
        Rows of the segments that are left and their new scores, by falling score; ties by start, then end.
    """
    if floor < 0:
        raise ValueError(f"floor is {floor}, must be 0 or more: suppression would raise negative scores")
    limit = len(scores) if limit is None else limit
    rows = np.flatnonzero(scores > floor)
    # By start: what overlaps a segment then lies in one slice.
    rows = rows[np.lexsort((spans[rows, 1], spans[rows, 0]))]
    alive = _Alive(spans, scores, rows)
    taken: list[int] = []
    values: list[float] = []
    while len(taken) < limit and len(alive.rows):
        best = int(alive.scores.argmax())
        if alive.scores[best] <= floor:
            break
        start, end = alive.starts[best], alive.ends[best]
        taken.append(int(alive.rows[best]))
        values.append(float(alive.scores[best]))
        near = slice(alive.lows[best], alive.highs[best])
        starts, ends = alive.starts[near], alive.ends[near]
        shared = np.minimum(ends, end) - np.maximum(starts, start)
        np.maximum(shared, 0.0, out=shared)
        lengths = ends - starts
        if overlap == "tiou":
            lengths += end - start
            lengths -= shared
        np.maximum(lengths, np.finfo(np.float64).tiny, out=lengths)  # zero-length segments overlap nothing
        shared /= lengths
        neighbors = alive.scores[near]
        neighbors *= _factors(shared, method, sigma, threshold)
        alive.scores[best] = 0.0
        if len(taken) % _SWEEP_EVERY == 0:
            alive.sweep(floor)
    return np.array(taken, dtype=np.int64), np.array(values, dtype=np.float64)


def _factors(overlaps: Floats, method: Method, sigma: float, threshold: float) -> Floats:
    """What scores are multiplied by, shape as ``overlaps``."""
    if method == "gaussian":
        np.square(overlaps, out=overlaps)
        overlaps /= -sigma
        return np.asarray(np.exp(overlaps, out=overlaps))
    kept = 0.0 if method == "hard" else 1.0 - overlaps
    return np.where(overlaps > threshold, kept, 1.0)


class _Alive:
    """Segments in order of start. Those taken or forgotten have a score at or below the floor until they are swept."""

    def __init__(self, spans: Floats, scores: Floats, rows: Integers) -> None:
        self.rows = rows
        self.starts = spans[rows, 0]
        self.ends = spans[rows, 1]
        self.scores = scores[rows].astype(np.float64)
        self._look_around()

    def _look_around(self) -> None:
        """For each segment the slice ``lows`` to ``highs`` that holds everything that overlaps it."""
        reach = np.maximum.accumulate(self.ends)
        self.lows = np.searchsorted(reach, self.starts, side="right").tolist()
        self.highs = np.searchsorted(self.starts, self.ends, side="left").tolist()

    def sweep(self, floor: float) -> None:
        """Takes out what is gone, if that is a quarter or more."""
        kept = self.scores > floor
        if np.count_nonzero(kept) > 0.75 * len(kept):
            return
        self.rows, self.starts, self.ends = self.rows[kept], self.starts[kept], self.ends[kept]
        self.scores = self.scores[kept]
        self._look_around()
