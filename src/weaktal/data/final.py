"""The final set of results: the few segments that a person is shown, and how sure each is.

A results file keeps every segment. Those of the final set carry ``"final": true``; where scores were calibrated, each
segment carries ``"sure"``; and ``external_data`` says under ``final`` how the set was chosen. Whoever reads the
ActivityNet layout ignores all three.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from weaktal.segments import Segment

Finite = Annotated[float, Field(allow_inf_nan=False, strict=True)]
Share = Annotated[float, Field(ge=0, le=1, strict=True)]
Count = Annotated[int, Field(ge=0, strict=True)]


class Calibration(BaseModel):
    """How often the class of a segment with some score is in the video at all.

    It was measured on videos whose tags training did not see. It says nothing about boundaries.

    Attributes:
        scores: rising scores of segments.
        shares: at each of them, which share of segments had their class among the tags of their video; it never falls.
        segments, videos: what it was measured on.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    scores: tuple[Finite, ...]
    shares: tuple[Share, ...]
    segments: Count
    videos: Count

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if len(self.scores) != len(self.shares) or not self.scores:
            raise ValueError("as many scores as shares, at least one")
        for values in (self.scores, self.shares):
            if any(after < before for before, after in pairwise(values)):
                raise ValueError("scores and shares that never fall")
        return self

    def share(self, score: float) -> float:
        """The share for a score, between the measured ones in a straight line, beyond them the nearest.

        >>> Calibration(scores=(0.0, 1.0), shares=(0.2, 0.8), segments=40, videos=5).share(0.5)
        0.5
        """
        return float(np.interp(score, self.scores, self.shares))


class Choice(BaseModel):
    """How a final set was chosen.

    Attributes:
        threshold: the score that a segment has to reach.
        how: where the threshold comes from, a sentence for a person.
        calibration: of the scores, where it could be measured.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    threshold: Finite
    how: str
    calibration: Calibration | None = None


@dataclass(frozen=True, slots=True)
class FinalSet:
    """The segments that a person is shown.

    Attributes:
        videos: segments by video, the surest first; a video where nothing was found has none.
        choice: how they were chosen.
    """

    videos: Mapping[str, Sequence[Segment]]
    choice: Choice

    @property
    def count(self) -> int:
        """Segments of all videos."""
        return sum(map(len, self.videos.values()))

    def sure(self, segment: Segment) -> float | None:
        """How often the class of such a segment is in the video at all; None where that was not measured."""
        return None if self.choice.calibration is None else self.choice.calibration.share(segment.score)
