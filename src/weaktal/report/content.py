"""What a page holds: plain data, from anywhere. Times are seconds, scores as their maker gives them, AP of 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from weaktal.arrays import Floats
from weaktal.data.corrections import Corrections
from weaktal.evaluation.detections import Detections
from weaktal.evaluation.diagnosis import SnippetErrors
from weaktal.evaluation.scoring import Scores
from weaktal.segments import Segment


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that was done, and how a user would do it again.

    Attributes:
        what: in a few words.
        command: the command line; empty where there is none.
        seconds: how long it took; None where that is not known.
        note: what came of it, in a few words.
    """

    what: str
    command: str = ""
    seconds: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the page: what one branch, one method or one results file reached on the whole subset.

    Attributes:
        name: what it is called on the page.
        about: what it is, in a sentence.
        scores: mAP and AP; None where there is no ground truth.
        errors: misses and false alarms; None where the scores were not kept.
    """

    name: str
    about: str = ""
    scores: Scores | None = None
    errors: SnippetErrors | None = None


@dataclass(frozen=True, slots=True)
class Curves:
    """Scores over time of one branch in one video.

    Attributes:
        times: centers of the snippets, shape (T,), rising.
        values: scores of the classes that are shown, shape (T,) each.
        pooled: of how many snippets in a row each value is the highest; more than 1 in long videos.
    """

    times: Floats
    values: dict[str, Floats] = field(default_factory=dict)
    pooled: int = 1


@dataclass(frozen=True, slots=True)
class Found:
    """What one branch says of one video.

    Attributes:
        branch: its name.
        segments: all that it predicts, the surest first; None where it says nothing of the video.
        curves: None where the scores were not kept.
        final: numbers of the segments that are shown at first: the final set where one was chosen.
        kinds: what each segment is beside the truth, one of :data:`weaktal.report.kinds.KINDS`; None without truth.
        missed: numbers of the annotated segments that none of the shown ones found.
    """

    branch: str
    segments: Sequence[Segment] | None
    curves: Curves | None = None
    final: frozenset[int] = frozenset()
    kinds: Sequence[str] | None = None
    missed: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Film:
    """Pictures of a video side by side in one JPEG: picture k of n shows the middle of the k-th n-th of the video.

    Attributes:
        jpeg: the strip.
        count: of pictures.
        width, height: of the strip, in pixels.
        ends: second at which the file's pictures end, where that is before the length that the strip covers.
    """

    jpeg: bytes
    count: int
    width: int
    height: int
    ends: float | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """One video of the page.

    Attributes:
        name: of the video.
        duration: seconds; None where it is not known, and the time axis ends with the last segment.
        truth: the annotated segments; None where the video is not annotated.
        found: by branch, in the order of the report's branches.
        film: None where it was not made.
        tags: the video-level tags.
        file: the video itself, to be played; None if it is not available.
        fps: frames a second; None where that is not known.
        notes: what must be said of this video alone, a sentence each.
    """

    name: str
    duration: float | None
    truth: Sequence[Segment] | None
    found: Sequence[Found]
    film: Film | None = None
    tags: Sequence[str] = ()
    file: Path | None = None
    fps: float | None = None
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class TagCount:
    """How often a class occurs in a dataset.

    Attributes:
        label: the class.
        videos: that have its tag.
        share: of all videos.
        segments: that are annotated.
        seconds: that they cover, each counted on its own.
    """

    label: str
    videos: int
    share: float
    segments: int
    seconds: float


@dataclass(frozen=True, slots=True)
class LengthCount:
    """How many videos are of some length.

    Attributes:
        said: the length, in words.
        videos: of this length.
        share: of all videos.
    """

    said: str
    videos: int
    share: float


@dataclass(frozen=True, slots=True)
class Report:
    """A whole page.

    Attributes:
        title: of the page.
        lead: what this is about, a paragraph each.
        classes: the class list.
        branches: what was compared.
        videos: all that can be looked at.
        choice: how the videos were chosen, in a sentence.
        steps: what was done.
        facts: settings and versions, name and value.
        threshold: share of a class's maximum in a video above which a snippet counts as called, for the errors.
        tiou: at which a prediction counts as a hit, for the kinds.
        notes: what the reader should know before believing anything, a sentence each.
        tags: how often each class occurs, where a dataset is shown.
        lengths: how long its videos are.
        diagnosis: of each row, how it errs against the truth.
        kept: corrections that the page starts with.
    """

    title: str
    lead: Sequence[str]
    classes: Sequence[str]
    branches: Sequence[Row]
    videos: Sequence[Shown]
    choice: str
    steps: Sequence[Done] = ()
    facts: Sequence[tuple[str, str]] = ()
    threshold: float = 0.5
    tiou: float = 0.5
    notes: Sequence[str] = ()
    tags: Sequence[TagCount] = ()
    lengths: Sequence[LengthCount] = ()
    diagnosis: Sequence[tuple[str, Detections]] = ()
    kept: Corrections | None = None
