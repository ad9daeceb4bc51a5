"""What of a video's segments and curves is worth drawing."""

from __future__ import annotations

import math
from collections.abc import Sequence

from weaktal.report.content import Curves
from weaktal.segments import Segment

MOST = 300  # predicted segments of a row that are shown at first


def top_of(curves: Curves) -> float:
    """A round score at or above all of the curves: 1, 0.5, 0.2, 0.1, ...; 1 where all are 0."""
    highest = max((float(values.max()) for values in curves.values.values()), default=0.0)
    return _round_up(highest) if highest > 0 else 1.0


def _round_up(value: float) -> float:
    scale = 10.0 ** math.floor(math.log10(value))
    return next(float(number_ * scale) for number_ in (1, 2, 5, 10) if number_ * scale >= value * (1 - 1e-9))


def prominent(segments: Sequence[Segment], *, share: float = 0.2, most: int = MOST) -> list[Segment]:
    """The segments worth drawing, by falling score.

    Predictions hold many readings of the same action. Of each class those are kept that overlap no kept one of the same
    class and reach ``share`` of the video's highest score (any does where that is not above 0), ``most`` in all.
    """
    kept: list[Segment] = []
    strongest = max((s.score for s in segments), default=0.0)
    least = share * strongest if strongest > 0 else -math.inf
    for segment in sorted(segments, key=lambda s: (-s.score, s.start, s.end, s.label)):
        if len(kept) == most or segment.score < least:
            break
        others = (other for other in kept if other.label == segment.label)
        if all(segment.end <= other.start or other.end <= segment.start for other in others):
            kept.append(segment)
    return kept
