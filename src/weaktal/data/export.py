"""``weaktal export``: results as a file, or files, of another program."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from weaktal.data.annotations import Annotations, annotations_file, read_annotations
from weaktal.data.exporting import Cut, Exported
from weaktal.data.results import Results
from weaktal.data.same_video import VideoFile
from weaktal.errors import InputError
from weaktal.progress import OnProgress

Paths = str | PathLike[str] | Sequence[str | PathLike[str]]


def export(
    results: Results | str | PathLike[str],
    out: str | PathLike[str],
    *,
    to: str | None = None,
    min_score: float | None = None,
    every: bool = False,
    videos: Paths | None = None,
    cut: Cut = "exact",
    on_progress: OnProgress | None = None,
) -> Exported:
    """Writes segments for another program, whole or not at all.

    ``csv``, ``label-studio`` and ``fiftyone`` are one file for all videos. ``srt``, ``vtt`` (chapters),
    ``vtt-metadata``, ``audacity``, ``eaf`` (ELAN), ``edl`` and ``otio`` are a file for each video that has segments;
    ``clips`` is a folder of pieces of the videos, with a table. Frame numbers are at a video's own rate.

    Args:
        results: results, or their file; or annotations, such as ``corrections.json`` or a dataset's.
        out: the file to write; a new folder where several videos each have a file of their own, and for clips.
        to: the format; that of the path's ending by default.
        min_score: leave out segments of lower score.
        every: all segments, also where results have a final set.
        videos: files, folders or a dataset where the videos lie now; by default, where they were localized.
        cut: of clips: "exact" encodes them again, "copy" copies packets, from the key picture before a segment on.
        on_progress: is told how many videos were cut.

    Raises:
        InputError: if there is no such format, a video that it needs is missing or is another than the one that was
            localized, or the path cannot be written.
    """
    found = results if isinstance(results, Results) else _opened(Path(results))
    return found.export(out, to=to, min_score=min_score, every=every, videos=videos, cut=cut, on_progress=on_progress)


def _opened(path: Path) -> Results:
    if path.is_dir():
        return _as_results(read_annotations(annotations_file(path)))
    try:
        return Results.load(path)
    except InputError as problem:
        try:
            annotations = read_annotations(path)
        except InputError:
            raise problem from None
        return _as_results(annotations)


def _as_results(annotations: Annotations) -> Results:
    """Annotated segments, each with score 1."""
    segments = {name: list(video.segments) for name, video in annotations.videos.items()}
    files = {
        name: VideoFile(file=None if video.file is None else str(video.file), duration=video.duration)
        for name, video in annotations.videos.items()
    }
    return Results(segments, version=annotations.version, files=files, source=annotations.source)
