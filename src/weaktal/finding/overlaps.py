"""Overlapping segments resolved: at each moment a video shows one thing, the surest that was found there."""

from __future__ import annotations

from collections.abc import Iterable

from weaktal.segments import Segment, by_score

# What two segments may share of the shorter one before the weaker of them goes. Of one class, a touch at the border is
# all; of two classes, one may run into the next.
SAME_CLASS, OTHER_CLASS = 0.1, 0.5


def without_overlaps(segments: Iterable[Segment]) -> list[Segment]:
    """Segments of one video, the surest first, of which none covers much of a surer one.

    Taken from the surest down, a segment is dropped where it shares more than a tenth of the shorter one with a segment
    of its class that was kept, or more than half with one of another class. So what is kept above some score never
    depends on what lies below.

    >>> [s.label for s in without_overlaps([Segment(0, 4, "a", 0.9), Segment(1, 5, "a", 0.8), Segment(3, 6, "b", 0.7)])]
    ['a', 'b']
    """
    kept: list[Segment] = []
    for segment in by_score(list(segments)):
        if segment.duration > 0 and all(_apart(segment, other) for other in kept):
            kept.append(segment)
    return kept


def _apart(one: Segment, other: Segment) -> bool:
    shared = min(one.end, other.end) - max(one.start, other.start)
    allowed = SAME_CLASS if one.label == other.label else OTHER_CLASS
    return shared <= allowed * min(one.duration, other.duration)
