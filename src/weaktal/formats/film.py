"""A video with its segments, as formats see it: plain values, and the one place that turns seconds into frames."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from weaktal.segments import Segment

_ROUNDING = 1e-6  # of a frame, lost in seconds that were computed


@dataclass(frozen=True, slots=True)
class Film:
    """A video with its segments.

    Attributes:
        name: what it is called.
        segments: in any order.
        file: where it lies; None where that is not known.
        duration: seconds; None where that is not known.
        rate: frames a second, on average where they vary; None where that is not known.
        times: seconds at which each picture is shown, rising; None where nobody looked.
    """

    name: str
    segments: Sequence[Segment]
    file: Path | None = None
    duration: float | None = None
    rate: Fraction | None = None
    times: Sequence[float] | None = None

    @property
    def in_time(self) -> list[Segment]:
        """The segments as they follow each other."""
        return sorted(self.segments, key=lambda s: (s.start, s.end, s.label))

    def frames(self, segment: Segment) -> tuple[int, int]:
        """First frame of a segment and the one behind its last, from 0, on a clock of constant rate; never none.

        Raises:
            ValueError: if the rate is not known.
        """
        if self.rate is None:
            raise ValueError("no rate")
        first, end = (round(Fraction(moment) * self.rate) for moment in (segment.start, segment.end))
        return first, max(end, first + 1)

    def pictures(self, segment: Segment) -> tuple[int, int]:
        """First and last picture that a player shows during a segment, from 0, whatever the distances between them.

        Raises:
            ValueError: if neither the times nor the rate are known.
        """
        if self.times is None:
            first, end = self.frames(segment)
            return first, end - 1
        rounding = _ROUNDING / float(self.rate or 25)
        first = max(0, bisect.bisect_right(self.times, segment.start + rounding) - 1)
        last = bisect.bisect_left(self.times, segment.end - rounding) - 1
        return first, max(first, last)


def exact_rate(fps: float) -> Fraction:
    """The rate that is meant by a rounded number, such as 30000/1001 by 29.97.

    >>> exact_rate(29.97), exact_rate(25.0), exact_rate(12.5)
    (Fraction(30000, 1001), Fraction(25, 1), Fraction(25, 2))
    """
    for candidate in (Fraction(round(fps)), Fraction(round(fps * 1.001) * 1000, 1001)):
        if candidate and abs(float(candidate) / fps - 1) < 2e-4:
            return candidate
    return Fraction(fps).limit_denominator(1001)
