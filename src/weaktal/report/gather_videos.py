"""What a report shows of single videos: how long they are, what is true, what was found, and their pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from weaktal.data.annotations import Annotations, Video
from weaktal.data.results import Results
from weaktal.data.same_video import file_to_show
from weaktal.data.scores import StoredScores
from weaktal.data.spelling import systematic
from weaktal.errors import InputError, counted
from weaktal.report.content import Curves, Film, Found, Shown
from weaktal.report.kinds import kinds
from weaktal.report.prominent import prominent
from weaktal.segments import Segment, by_score

if TYPE_CHECKING:
    from weaktal.video.container import VideoInfo

POINTS = 1200  # of a curve: more than a page has pixels for; a video of hours has tens of thousands of snippets
ALL_POINTS = 2_000_000  # of a page, 5 MB: where there are many videos, each has fewer
LEAST_POINTS = 150
SEGMENTS = 300_000  # of a page, 10 MB: where there are more, each video shows its surest
PICTURES = 12  # videos with a strip of pictures on the page, about 100 kB and a second each
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
    pictures: int = PICTURES,
    tiou: float = 0.5,
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
        pictures: how many videos, the first ones, get a strip of pictures.
        tiou: from which on a prediction is a hit.

    Raises:
        InputError: if a file that the user named is another video than the one that was localized.
    """
    notes: list[str] = []
    wanted = _wanted(names, branches, files, notes, strict=strict)
    with_films = set(list(wanted)[:pictures])
    room = _Room.of(names, branches)
    if room.segments is not None:
        notes.append(f"Of each video at most {room.segments:,} segments a row are on the page, the surest.")
    if strict and files and (absent := [name for name in names if name not in files and name not in wanted]):
        how = systematic(absent, set(files))
        other = f" ({how})" if how else ""
        said = ", ".join(absent[:5]) + (f" and {len(absent) - 5} more" if len(absent) > 5 else "")
        notes.append(f"No pictures of {said}: none of the {len(files)} video files has this name{other}.")
    shown = []
    for name in names:
        film, duration, file, fps = None, _duration(name, known, branches), wanted.get(name), _fps(name, branches)
        if file is not None and (name in with_films or duration is None or fps is None):
            try:
                info = _probe(file)
                duration, fps = duration or info.duration, fps or info.fps
                if name in with_films and duration is not None:
                    film = _film(file, duration)
            except InputError as error:
                notes.append(f"No pictures of {name}: {error.line(shell=True)}.")
                file = None
        video = _shown(name, duration, known, branches, room, tiou)
        shown.append(replace(video, film=film, file=file, fps=fps))
    unknown = sum(video.duration is None for video in shown)
    if unknown:
        notes.append(
            f"The length of {counted(unknown, 'video')} is not known: the time axis ends with the last segment there."
        )
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


def _fps(name: str, branches: Sequence[Loaded]) -> float | None:
    files = [branch.results.files[name].fps for branch in branches if name in branch.results.files]
    return next((fps for fps in files if fps is not None), None)


def _probe(file: Path) -> VideoInfo:
    from weaktal.video.container import probe  # late: needs the extra "video"

    return probe(file)


def _film(file: Path, duration: float) -> Film:
    from weaktal.report.film import film  # late: needs the extra "video"

    return film(file, duration)


@dataclass(frozen=True, slots=True)
class _Room:
    """How much of each video a page has room for.

    Attributes:
        points: of a curve.
        segments: of a row; None for all.
    """

    points: int
    segments: int | None

    @classmethod
    def of(cls, names: Sequence[str], branches: Sequence[Loaded]) -> _Room:
        curves = 2 * len(names) * sum(branch.scores is not None for branch in branches)  # videos hold about two classes
        found = [len(branch.results.videos.get(name, ())) for branch in branches for name in names]
        most = None
        if sum(found) > SEGMENTS:
            most = max(20, SEGMENTS // len(found))
        return cls(min(POINTS, max(LEAST_POINTS, ALL_POINTS // max(1, curves))), most)


def _shown(
    name: str, duration: float | None, known: Known, branches: Sequence[Loaded], room: _Room, tiou: float
) -> Shown:
    video = known.video(name)
    tags = video.labels if video is not None else ()
    truth = video.segments if video is not None and video.subset in known.annotated else None
    found = [_found(name, duration, tags, truth, branch, room, tiou) for branch in branches]
    return Shown(name, duration, truth, found, tags=tags)


def _found(
    name: str,
    duration: float | None,
    tags: Sequence[str],
    truth: Sequence[Segment] | None,
    branch: Loaded,
    room: _Room,
    tiou: float,
) -> Found:
    segments = branch.results.videos.get(name)
    if segments is None:
        return Found(branch.name, None, _curves(branch.scores, name, duration, tags, room.points))
    chosen = branch.results.final.videos.get(name, ()) if branch.results.final is not None else prominent(segments)
    shown = set(chosen)
    kept = [*chosen, *(segment for segment in segments if segment not in shown)]
    kept = by_score(kept[: max(room.segments, len(chosen))] if room.segments is not None else kept)
    final = frozenset(number for number, segment in enumerate(kept) if segment in shown)
    labels = tags or list(dict.fromkeys(segment.label for segment in chosen))[:_UNTAGGED]
    curves = _curves(branch.scores, name, duration, labels, room.points)
    if truth is None:
        return Found(branch.name, kept, curves, final)
    of_truth, missed = kinds(kept, truth, final, threshold=tiou)
    return Found(branch.name, kept, curves, final, of_truth, missed)


def _curves(
    stored: StoredScores | None, name: str, duration: float | None, labels: Sequence[str], most: int
) -> Curves | None:
    """Scores of the classes that the video holds; of the one with the highest video score where none of them has any.

    The curves of long videos are pooled: each value is the highest of several snippets in a row.
    """
    if stored is None or name not in stored.durations:
        return None
    scores = stored.read(name)
    shown = [label for label in stored.classes if label in labels] or [stored.classes[int(np.argmax(scores.video))]]
    # The center of the last window may lie behind the end of the video.
    times = np.minimum(stored.grid.centers(len(scores.snippets)), duration or stored.durations[name])
    pooled = -(-len(times) // most)
    starts = np.arange(0, len(times), pooled)
    sizes = np.diff(np.append(starts, len(times)))
    columns = scores.snippets[:, [stored.classes.index(label) for label in shown]].astype(np.float64)
    highest = np.maximum.reduceat(columns, starts, axis=0)  # (starts, labels)
    values = {label: highest[:, index] for index, label in enumerate(shown)}
    return Curves(np.add.reduceat(times, starts) / sizes, values, pooled)
