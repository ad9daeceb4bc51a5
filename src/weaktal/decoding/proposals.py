"""Runs of snippets above thresholds, and their scores. K kept classes, H thresholds, T snippets, N proposals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from weaktal.arrays import Bools, Floats, Integers
from weaktal.decoding.change_points import snapped
from weaktal.decoding.config import DecodeConfig


@dataclass(frozen=True, slots=True)
class Proposals:
    """Candidate segments of one video; snippets ``start`` to ``stop`` (excluded).

    Attributes:
        classes: row of the score array that each was found in, shape (N,).
        starts, stops: in snippets, shape (N,).
        scores: shape (N,).
    """

    classes: Integers
    starts: Integers
    stops: Integers
    scores: Floats

    @classmethod
    def pooled(cls, parts: Sequence[Proposals]) -> Proposals:
        """All proposals of several branches.

        The same span from two branches is kept twice: that both found it is what support and fusion go by, and
        suppression then lowers one of the two as it does any other overlap.
        """
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__))


def kept_classes(video: Floats, theta_cls: float, keep_top: int, possible: Bools | None = None) -> Integers:
    """Classes to localize: video score above ``theta_cls``, or among the ``keep_top`` highest. Rising, shape (K,).

    Classes that are not ``possible``, shape (C,), are none of them; the others keep their places among themselves.
    """
    ranked = np.argsort(-video, kind="stable")
    possible = np.ones(len(video), dtype=np.bool_) if possible is None else possible
    keep = (video > theta_cls) & possible
    keep[ranked[possible[ranked]][:keep_top]] = True
    return np.flatnonzero(keep)


def upsampled(scores: Floats, factor: int) -> Floats:
    """Scores (K, T) at ``factor`` evenly spaced moments of each snippet's span, linear between centers: (K, T*factor).

    Before the first and after the last center the scores stay as they are there.
    """
    if factor == 1:
        return scores
    count = scores.shape[1]
    position = np.clip((np.arange(count * factor) + 0.5) / factor - 0.5, 0, count - 1)
    left = np.minimum(position.astype(np.int64), max(count - 2, 0))
    right = np.minimum(left + 1, count - 1)
    share = position - left
    return np.asarray(scores[:, left] * (1 - share) + scores[:, right] * share)


def find_proposals(
    scores: Floats, config: DecodeConfig, points: Integers | None = None, strengths: Floats | None = None
) -> Proposals:
    """All runs of consecutive snippets above any of the thresholds, each once, longer than the minimum, with scores.

    Args:
        scores: of the kept classes, already up-sampled, shape (K, T).
        config: thresholds, minimum length, how far boundaries move, scoring.
        points, strengths: where features change, in steps of the scores, and how much; None moves no boundary.
    """
    thresholds = np.asarray(config.theta_loc, dtype=np.float64)[:, None]  # (H, 1)
    if config.threshold_scale == "video_max":
        thresholds = thresholds * scores.max(axis=1)  # (H, K)
    above = scores > thresholds[:, :, None]  # (H, K, T)
    classes, starts, stops = runs(above)
    long_enough = stops - starts >= config.min_snippets * config.upsample
    classes, starts, stops = classes[long_enough], starts[long_enough], stops[long_enough]
    if points is not None and strengths is not None:
        count = scores.shape[1]
        reach = int(config.snap * config.upsample)
        least = max(config.min_snippets * config.upsample, 1)
        starts, stops = snapped(starts, stops, points, strengths, reach=reach, count=count, least=least)
        classes, starts, stops = _each_once(classes, starts, stops, count)
    if config.score == "max":
        values = run_maxima(scores, classes, starts, stops)
    else:
        values = inner_outer(scores, classes, starts, stops, config.outer_share)
    return Proposals(classes, starts, stops, values)


def runs(above: Bools) -> tuple[Integers, Integers, Integers]:
    """Maximal runs of true along the last axis of (H, K, T), equal ones of different thresholds once.

    Returns:
        Class, start and stop (excluded) of each run, sorted by these, shape (N,) each.
    """
    thresholds, classes, count = above.shape
    padded = np.zeros((thresholds, classes, count + 2), dtype=np.int8)
    padded[:, :, 1:-1] = above
    steps = np.diff(padded)  # (H, K, T + 1): 1 where a run starts, -1 just after its end
    _, run_classes, starts = np.nonzero(steps == 1)
    _, _, stops = np.nonzero(steps == -1)  # same order: runs of a row never interleave
    return _each_once(run_classes, starts, stops, count)


def _each_once(classes: Integers, starts: Integers, stops: Integers, count: int) -> tuple[Integers, Integers, Integers]:
    """Runs in ``count`` snippets, sorted by class, start and stop."""
    # One number a run, so that finding repetitions is a sort of integers.
    code = np.unique((classes * (count + 1) + starts) * (count + 1) + stops)
    rest, found_stops = np.divmod(code, count + 1)
    found_classes, found_starts = np.divmod(rest, count + 1)
    return found_classes, found_starts, found_stops


def run_maxima(scores: Floats, classes: Integers, starts: Integers, stops: Integers) -> Floats:
    """Highest score inside each run, shape (N,)."""
    if not len(starts):
        return np.empty(0)
    count = scores.shape[1]
    flat = np.append(scores.ravel(), -np.inf)  # reduceat wants every index inside the array
    edges = np.stack([classes * count + starts, classes * count + stops], axis=1)
    return np.asarray(np.maximum.reduceat(flat, edges.ravel())[::2])


def inner_outer(scores: Floats, classes: Integers, starts: Integers, stops: Integers, share: float) -> Floats:
    """Mean inside each run minus the mean of ``share`` of its length on both sides, shape (N,) (MMSD's test code).

    Outer snippets beyond the video do not count; a run that fills the video has nothing outside, which counts as 0.
    """
    count = scores.shape[1]
    sums = np.zeros((scores.shape[0], count + 1))
    np.cumsum(scores, axis=1, out=sums[:, 1:])
    lengths = stops - starts
    reach = np.ceil(lengths * share).astype(np.int64)
    left, right = np.maximum(starts - reach, 0), np.minimum(stops + reach, count)
    inner = sums[classes, stops] - sums[classes, starts]
    outer = sums[classes, right] - sums[classes, left] - inner
    outside = right - left - lengths
    return np.asarray(inner / lengths - outer / np.maximum(outside, 1))
