"""What a person said of segments: ``corrections.json``.

The file is an annotations file in ActivityNet's layout, so that it is the truth for whatever reads those: videos that
were gone through are of subset ``corrected``, others of ``in progress``. The judgements of single segments, from which
:mod:`weaktal.evaluation.judged` tells how precise a row of the page was, are there as well.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

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


def read_corrections(path: Path) -> Corrections:
    """Reads and validates a corrections file.

    Raises:
        InputError: if it is missing or not as it should be.
    """
    return read_model(path, Corrections, WHAT)
