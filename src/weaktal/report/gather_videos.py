"""What a report shows of single videos: how long they are, what is true, what was found, and their pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from weaktal.data.annotations import Annotations, Video
from weaktal.data.results import Results
from weaktal.data.same_video import file_to_show
from weaktal.data.scores import StoredScores
from weaktal.errors import InputError
from weaktal.report.content import Curves, Film, Found, Shown
from weaktal.report.drawing import prominent

POINTS = 1200  # of a curve: more than a page has pixels for; a video of hours has tens of thousands of snippets
FILMS = 40  # videos with pictures, about 100 kB each on the page
_UNTAGGED = 4  # curves of a video without tags


@dataclass(frozen=True, slots=True)
class Loaded:
    """What one branch found.

    Attributes:
        name: of the branch.
        results: its segments.
        scores: over time; None where they were not kept.
    """

    name: str
    results: Results
    scores: StoredScores | None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the videos.

    Attributes:
        annotations: of the dataset; empty where there is none.
        annotated: the subsets that hold segments. A video of these without any is annotated, and holds no action.
    """

    annotations: Annotations
    annotated: Set[str]

    def video(self, name: str) -> Video | None:
        """What the dataset says of a video; None where it does not know it."""
        return self.annotations.videos.get(name)


def show_videos(
    names: Sequence[str],
    known: Known,
    branches: Sequence[Loaded],
    files: Mapping[str, Path],
    *,
    strict: bool = False,
) -> tuple[list[Shown], list[str]]:
    """Videos, and notes on what could not be shown of them.

    A video that cannot be read has no pictures, and a note that says why. So has one whose file is not the one that was
    localized, unless ``strict`` refuses it.

    Args:
        names: of the videos, in order.
        known: what the dataset says of them.
        branches: what was found in them.
        files: the videos themselves, by name, for pictures and for lengths that nobody else knows.
        strict: whether the user named these files, so that a wrong one is an error.

    Raises:
        InputError: if a file that the user named is another video than the one that was localized.
    """
    notes: list[str] = []
    wanted = _wanted(names, branches, files, notes, strict=strict)
    if len(wanted) > FILMS:
        notes.append(f"The first {FILMS} videos have pictures: those of all {len(wanted)} would make a huge page.")
    with_films = set(list(wanted)[:FILMS])
    shown = []
    for name in names:
        film, duration = None, _duration(name, known, branches)
        if name in wanted:
            try:
                duration = duration or _length(wanted[name])
                if name in with_films and duration is not None:
                    film = _film(wanted[name], duration)
            except InputError as error:
                notes.append(f"No pictures of {name}: {error.line(shell=True)}.")
        shown.append(_shown(name, duration, known, branches, film))
    unknown = sum(video.duration is None for video in shown)
    if unknown:
        which = "one video" if unknown == 1 else f"{unknown} videos"
        notes.append(f"The length of {which} is not known: the time axis ends with the last segment there.")
    return shown, notes


def _wanted(
    names: Sequence[str], branches: Sequence[Loaded], files: Mapping[str, Path], notes: list[str], *, strict: bool
) -> dict[str, Path]:
    """The files that give pictures; ``notes`` says why others do not."""
    localized = {
        name: [branch.results.files[name] for branch in branches if name in branch.results.files] for name in names
    }
    if not any(name in files or localized[name] for name in names):
        return {}
    try:
        import weaktal.video  # noqa: F401  # says what to install where the extra is missing
    except InputError as error:
        notes.append(f"No pictures: {error.line(shell=True)}.")
        return {}
    wanted = {}
    for name in names:
        try:
            path = file_to_show(name, files.get(name), localized[name])
        except InputError as error:
            if strict and name in files:
                raise
            notes.append(f"No pictures of {name}: {error.line(shell=True)}.")
        else:
            if path is not None:
                wanted[name] = path
    return wanted


def _duration(name: str, known: Known, branches: Sequence[Loaded]) -> float | None:
    video = known.video(name)
    if video is not None:
        return video.duration
    stored = [branch.scores.durations.get(name) for branch in branches if branch.scores is not None]
    files = [branch.results.files[name].duration for branch in branches if name in branch.results.files]
    return next((duration for duration in (*stored, *files) if duration is not None), None)


def _length(file: Path) -> float | None:
    from weaktal.video.container import probe  # late: needs the extra "video"

    return probe(file).duration


def _film(file: Path, duration: float) -> Film:
    from weaktal.report.film import film  # late: needs the extra "video"

    return film(file, duration)


def _shown(name: str, duration: float | None, known: Known, branches: Sequence[Loaded], film: Film | None) -> Shown:
    video = known.video(name)
    tags = video.labels if video is not None else ()
    found = []
    for branch in branches:
        segments = branch.results.shown().get(name)
        labels = tags or list(dict.fromkeys(segment.label for segment in prominent(segments or ())))[:_UNTAGGED]
        found.append(Found(branch.name, segments, _curves(branch.scores, name, duration, labels)))
    truth = video.segments if video is not None and video.subset in known.annotated else None
    return Shown(name, duration, truth, found, film, tags)


def _curves(stored: StoredScores | None, name: str, duration: float | None, labels: Sequence[str]) -> Curves | None:
    """Scores of the classes that the video holds; of the one with the highest video score where none of them has any.

    The curves of long videos are pooled: each value is the highest of several snippets in a row.
    """
    if stored is None or name not in stored.durations:
        return None
    scores = stored.read(name)
    shown = [label for label in stored.classes if label in labels] or [stored.classes[int(np.argmax(scores.video))]]
    # The center of the last window may lie behind the end of the video.
    times = np.minimum(stored.grid.centers(len(scores.snippets)), duration or stored.durations[name])
    pooled = -(-len(times) // POINTS)
    starts = np.arange(0, len(times), pooled)
    sizes = np.diff(np.append(starts, len(times)))
    columns = scores.snippets[:, [stored.classes.index(label) for label in shown]].astype(np.float64)
    highest = np.maximum.reduceat(columns, starts, axis=0)  # (starts, labels)
    values = {label: highest[:, index] for index, label in enumerate(shown)}
    return Curves(np.add.reduceat(times, starts) / sizes, values, pooled)
