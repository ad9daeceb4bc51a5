"""A report from files: annotations, and the results and scores of each branch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from weaktal.data.annotations import Annotations, Video, read_annotations
from weaktal.data.results import Results, read_results
from weaktal.data.scores import StoredScores, read_scores
from weaktal.evaluation.protocols import PLAIN, Protocol
from weaktal.evaluation.scoring import score
from weaktal.report.content import Branch, Curves, Film, Found, Report, Shown, Step
from weaktal.workflows.diagnose import diagnose


@dataclass(frozen=True, slots=True)
class BranchFiles:
    """What one branch left on disk.

    Attributes:
        name: what it is called in the report.
        results: its segments.
        scores: its scores over time; None where they were not kept.
        about: what it is, in a sentence.
    """

    name: str
    results: Path
    scores: Path | None = None
    about: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """What a report says in words; see :class:`~weaktal.report.content.Report`."""

    title: str
    lead: Sequence[str] = ()
    steps: Sequence[Step] = ()
    facts: Sequence[tuple[str, str]] = ()
    notes: Sequence[str] = ()


def compare(
    annotations: Path,
    branches: Sequence[BranchFiles],
    words: Words,
    *,
    videos: Mapping[str, Path] | None = None,
    count: int = 6,
    subset: str | None = None,
    protocol: Protocol = PLAIN,
    threshold: float = 0.5,
) -> Report:
    """A report on one subset of a dataset.

    The first ``count`` videos by name are shown: a choice that knows nothing of how well they went.

    Args:
        annotations: dataset folder or annotations file, with segments.
        branches: what to compare.
        words: what it says besides.
        videos: video files by name, for the pictures; videos that are not among them have none.
        count: how many videos are shown in detail.
        subset: that is scored; the dataset's test subset where it is None.
        protocol: how it is scored.
        threshold: for misses and false alarms, see :func:`~weaktal.workflows.diagnose.diagnose`.

    Raises:
        InputError: for bad input.
    """
    truth = read_annotations(annotations)
    chosen = truth.subset(subset or protocol.subset or truth.test_subset)
    shown = [chosen[name] for name in sorted(chosen)[:count]]
    results = [read_results(branch.results) for branch in branches]
    scores = [read_scores(branch.scores) if branch.scores is not None else None for branch in branches]
    return Report(
        title=words.title,
        lead=words.lead,
        classes=truth.classes,
        branches=[
            _branch(branch, found, truth, annotations, subset, protocol, threshold)
            for branch, found in zip(branches, results, strict=True)
        ],
        videos=[_shown(video, branches, results, scores, (videos or {}).get(video.name)) for video in shown],
        choice=_choice(len(shown), len(chosen)),
        steps=words.steps,
        facts=words.facts,
        threshold=threshold,
        notes=words.notes,
    )


def _choice(shown: int, videos: int) -> str:
    if shown == videos:
        return f"All {videos} videos of the subset, by name."
    return f"The first {shown} of {videos} videos by name: they were not chosen by how well they went."


def _branch(
    branch: BranchFiles,
    results: Results,
    truth: Annotations,
    annotations: Path,
    subset: str | None,
    protocol: Protocol,
    threshold: float,
) -> Branch:
    return Branch(
        name=branch.name,
        about=branch.about,
        scores=score(truth, results, protocol, subset=subset),
        errors=diagnose(annotations, branch.scores, threshold=threshold) if branch.scores is not None else None,
    )


def _shown(
    video: Video,
    branches: Sequence[BranchFiles],
    results: Sequence[Results],
    scores: Sequence[StoredScores | None],
    file: Path | None,
) -> Shown:
    found = [
        Found(branch.name, result.videos.get(video.name, ()), _curves(stored, video))
        for branch, result, stored in zip(branches, results, scores, strict=True)
    ]
    return Shown(video.name, video.duration, video.segments, found, _film(file, video.duration))


def _curves(stored: StoredScores | None, video: Video) -> Curves | None:
    """Scores of the classes that the video holds; of the one with the highest video score where it holds none."""
    if stored is None or video.name not in stored.durations:
        return None
    scores = stored.read(video.name)
    labels = [label for label in stored.classes if label in video.labels] or [
        stored.classes[int(np.argmax(scores.video))]
    ]
    # The center of the last window may lie behind the end of the video.
    times = np.minimum(stored.grid.centers(len(scores.snippets)), video.duration)
    columns = {label: scores.snippets[:, stored.classes.index(label)].astype(np.float64) for label in labels}
    return Curves(times, columns)


def _film(file: Path | None, duration: float) -> Film | None:
    if file is None:
        return None
    from weaktal.report.film import film  # late: needs the extra "video"

    return film(file, duration)
