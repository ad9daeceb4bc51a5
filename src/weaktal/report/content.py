"""What a report holds: plain data, from anywhere. Times are seconds, scores as their maker gives them, AP of 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from weaktal.arrays import Floats
from weaktal.evaluation.diagnosis import SnippetErrors
from weaktal.evaluation.scoring import Scores
from weaktal.segments import Segment


@dataclass(frozen=True, slots=True)
class Step:
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
class Branch:
    """What one branch of a method, or one method of several, reached on the whole subset.

    Attributes:
        name: what it is called in the figures.
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
        segments: all that it predicts; None where it says nothing of the video.
        curves: None where the scores were not kept.
    """

    branch: str
    segments: Sequence[Segment] | None
    curves: Curves | None = None


@dataclass(frozen=True, slots=True)
class Film:
    """Pictures of a video side by side in one JPEG: picture k of n shows the middle of the k-th n-th of the video."""

    jpeg: bytes
    count: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Shown:
    """One video of the report.

    Attributes:
        name: of the video.
        duration: seconds; None where nobody knows, and the time axis ends with the last segment.
        truth: the annotated segments; None where nobody annotated any.
        found: by branch, in the order of the report's branches.
        film: None where the video itself is not at hand.
        tags: what is known to happen in it, to be named where there are no annotated segments.
    """

    name: str
    duration: float | None
    truth: Sequence[Segment] | None
    found: Sequence[Found]
    film: Film | None = None
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report.

    Attributes:
        title: of the page.
        lead: what this is about, a paragraph each.
        classes: the class list; a class has the same color everywhere.
        branches: what was compared.
        videos: what is shown in detail.
        choice: how the videos were chosen, in a sentence.
        steps: what was done.
        facts: settings and versions, name and value.
        threshold: share of a class's maximum in a video above which a snippet counts as called, for the errors.
        notes: what the reader should know before believing anything, a sentence each.
    """

    title: str
    lead: Sequence[str]
    classes: Sequence[str]
    branches: Sequence[Branch]
    videos: Sequence[Shown]
    choice: str
    steps: Sequence[Step] = ()
    facts: Sequence[tuple[str, str]] = ()
    threshold: float = 0.5
    notes: Sequence[str] = ()
