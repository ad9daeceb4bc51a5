"""The type that all of weaktal speaks: a labelled, scored segment of a video, in seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """One action of a video, or one prediction of it.

    Zero-length segments are allowed (annotations contain them); they overlap nothing.

    Attributes:
        start: seconds from the start of the video, 0 or later.
        end: seconds, not before ``start``.
        label: the class.
        score: confidence of a prediction, higher is surer; 1 for ground truth.

    Raises:
        ValueError: if a time or score is not finite, a time is negative, the end lies before the start, or the label
            is empty.
    """

    start: float
    end: float
    label: str
    score: float = 1.0

    def __post_init__(self) -> None:
        # One comparison chain settles the usual, good case; NaN fails it as well.
        if not (0.0 <= self.start <= self.end < math.inf and -math.inf < self.score < math.inf and self.label):
            raise ValueError(self._fault())

    def _fault(self) -> str:
        for name in ("start", "end", "score"):
            if not math.isfinite(getattr(self, name)):
                return f"{name} is {getattr(self, name)}, not a finite number"
        if not self.label:
            return "the label is empty"
        if self.start < 0:
            return f"start {self.start} is negative"
        return f"end {self.end} lies before start {self.start}"

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.end - self.start


def by_score(segments: list[Segment]) -> list[Segment]:
    """Sorted by falling score; ties by start, end and label, so that the order never depends on how they were found."""
    return sorted(segments, key=lambda s: (-s.score, s.start, s.end, s.label))
