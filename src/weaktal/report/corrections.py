"""What a person said of segments: ``corrections.json``.

The file is an annotations file in ActivityNet's layout, so that it is the truth for whatever reads those: videos that
were gone through are of subset ``corrected``, others of ``in progress``. Beside them stand the judgements of single
segments, which tell how precise a row of the page was.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from weaktal.evaluation.tiou import tiou
from weaktal.files import read_model

WHAT = "corrections that a page of weaktal wrote"
DONE, IN_PROGRESS = "corrected", "in progress"

_Text = Annotated[str, StringConstraints(min_length=1, max_length=1000, strict=True)]
_Moment = Annotated[float, Field(ge=0, allow_inf_nan=False, strict=True)]


class Span(BaseModel):
    """A labelled stretch of time.

    Attributes:
        label: the class.
        segment: start and end in seconds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: _Text
    segment: tuple[_Moment, _Moment]

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.segment[1] < self.segment[0]:
            raise ValueError("an end that does not lie before the start")
        return self


class CorrectedVideo(BaseModel):
    """What one video holds, as a person sees it.

    Attributes:
        subset: ``corrected`` once the person has gone through it.
        duration: seconds.
        labels: the video-level tags.
        annotations: the segments.
        done: what the person said of being done, if anything.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    subset: Literal["corrected", "in progress"]
    duration: Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)]
    labels: list[_Text]
    annotations: list[Span]
    done: bool | None = None


class Judgement(BaseModel):
    """What became of one segment.

    Attributes:
        video: its name.
        verdict: right, wrong, changed, or added by the person.
        row: of the page, which predicted it; None for an added one.
        score: that it was predicted with.
        predicted: the segment as it was; None for an added one.
        segment: as it is now.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    video: _Text
    verdict: Literal["right", "wrong", "changed", "added"]
    row: _Text | None
    score: Annotated[float, Field(allow_inf_nan=False, strict=True)] | None
    predicted: Span | None
    segment: Span


class Corrections(BaseModel):
    """A whole ``corrections.json``.

    Attributes:
        version: of the file's format.
        taxonomy: empty; the layout wants it.
        classes: the class list.
        subsets: names of the subsets for training and for scoring.
        page: which page it belongs to.
        database: what each video holds.
        judgements: of single segments.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Annotated[str, StringConstraints(pattern=r"^weaktal corrections \d+$")]
    taxonomy: list[Any] = Field(default=[], max_length=0)
    classes: list[_Text]
    subsets: dict[Literal["train", "test"], _Text]
    page: _Text
    database: dict[_Text, CorrectedVideo]
    judgements: list[Judgement]

    def as_json(self) -> dict[str, Any]:
        """What the file holds."""
        content = self.model_dump(mode="json")
        for video in content["database"].values():
            if video["done"] is None:
                del video["done"]
        return content


@dataclass(frozen=True, slots=True)
class Precision:
    """How many of a row's judged segments were right.

    Attributes:
        row: of the page.
        right: as they were, or changed so little that they still overlap what they became.
        judged: all that a person looked at.
        low, high: Wilson's interval of 95 % for the share that is right.
        more: how many more would have to be judged to know the share to 5 points.
    """

    row: str
    right: int
    judged: int
    low: float
    high: float
    more: int


def read_corrections(path: Path) -> Corrections:
    """Reads and validates a corrections file.

    Raises:
        InputError: if it is missing or not as it should be.
    """
    return read_model(path, Corrections, WHAT)


def precisions(judgements: Sequence[Judgement], *, threshold: float = 0.5) -> list[Precision]:
    """Of each row that somebody judged, the share that was right.

    Args:
        judgements: of single segments.
        threshold: tIoU from which on a changed segment was right enough.
    """
    rows: dict[str, list[bool]] = {}
    for judgement in judgements:
        if judgement.row is not None and judgement.predicted is not None:
            rows.setdefault(judgement.row, []).append(_right(judgement, threshold))
    return [_precision(row, sum(right), len(right)) for row, right in rows.items()]


def _right(judgement: Judgement, threshold: float) -> bool:
    before, after = judgement.predicted, judgement.segment
    if judgement.verdict == "right" or before is None:
        return judgement.verdict == "right"
    close = float(tiou(before.segment, after.segment)) >= threshold
    return judgement.verdict == "changed" and before.label == after.label and close


_Z = 1.959964  # of a normal distribution's middle 95 %
_WISH = 0.05  # half of the interval that "to 5 points" means


def _precision(row: str, right: int, judged: int) -> Precision:
    share, wide = right / judged, 1 + _Z**2 / judged
    middle = (share + _Z**2 / (2 * judged)) / wide
    half = _Z / wide * math.sqrt(share * (1 - share) / judged + _Z**2 / (4 * judged**2))
    unsure = min(max(middle, 0.05), 0.95)
    more = max(0, math.ceil(_Z**2 * unsure * (1 - unsure) / _WISH**2) - judged)
    return Precision(row, right, judged, middle - half, middle + half, more)
