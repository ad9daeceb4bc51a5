"""What a published package turns into, and the mending that all of them need."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from weaktal.data.annotations import Annotations
from weaktal.errors import counted
from weaktal.segments import Segment


@dataclass(frozen=True, slots=True)
class Package:
    """Annotations of a published package, and what a user should know about how they were read."""

    annotations: Annotations
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class SegmentMender:
    """Makes segments out of a package's times, and counts those that are not as they should be.

    A segment that ends after its video is kept as it is: scores stay comparable with published ones, which were
    computed on the same times. A negative start becomes 0. A segment that ends before it starts cannot be found by
    anything; it is skipped, while its label stays a tag of the video.
    """

    beyond: int = 0
    negative: int = 0
    reversed: int = 0

    def segments(self, spans: Iterable[tuple[str, float, float]], duration: float) -> tuple[Segment, ...]:
        """Segments of (label, start, end).

        Raises:
            ValueError: if a time is not finite or a label is empty.
        """
        found = []
        for label, start, end in spans:
            if math.isfinite(start) and start < 0:
                self.negative += 1
                start = 0.0
            if math.isfinite(start) and end < start:
                self.reversed += 1
                continue
            found.append(Segment(start, end, label))
            self.beyond += end > duration
        return tuple(found)

    def notes(self) -> list[str]:
        """One line for each kind that occurred."""
        told = [
            (self.beyond, "beyond the annotated duration of the video; kept as published"),
            (self.negative, "from before the start of the video; now from 0"),
            (self.reversed, "with the end before the start; skipped, the labels stay tags"),
        ]
        return [f"{counted(count, 'segment')} {what}" for count, what in told if count]
