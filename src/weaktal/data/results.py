"""Predictions of a dataset: segments by video, in ActivityNet's results layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NotRequired

import numpy as np
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from weaktal.arrays import Bools
from weaktal.data.annotations import Name, Seconds
from weaktal.data.columns import ColumnSegments, columns_of
from weaktal.data.mending import mend_results
from weaktal.data.results_columns import QuickResults, read_columns
from weaktal.data.same_video import VideoFile as VideoFile
from weaktal.data.spool import SpooledSegments
from weaktal.data.video_files import find_videos
from weaktal.data.video_names import composed
from weaktal.errors import InputError, counted
from weaktal.files import Kept, check_apart, collector_paused, from_validation, read_json, validated, write_json
from weaktal.segments import Segment, by_score

if TYPE_CHECKING:
    import pandas

    from weaktal.data.exporting import Cut, Exported
    from weaktal.data.final import FinalSet
    from weaktal.progress import OnProgress

WHAT = "results in ActivityNet's JSON layout"


@dataclass(frozen=True, slots=True, repr=False)
class Results:
    """Predicted segments by video.

    Attributes:
        videos: segments by video, the surest first; those of many videos are on disk or in columns, and made when asked
            for.
        version: free text.
        external: how they came to be, as ``external_data`` of the file has it.
        files: which file each video is, where that is known.
        final: the few that a person is shown, where they were chosen; they are among ``videos`` too.
        source: the file that they were read from, for messages.
        skipped: videos that were asked for and could not be used, with the reason.
        notes: what was mended on reading, a sentence each.
    """

    videos: Mapping[str, Sequence[Segment]]
    version: str = "weaktal 1"
    external: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, VideoFile] = field(default_factory=dict)
    final: FinalSet | None = None
    source: Path | None = field(default=None, compare=False)
    skipped: Mapping[str, InputError] = field(default_factory=dict, compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)

    @property
    def count(self) -> int:
        """Segments of all videos."""
        kept = self.videos
        return kept.count if isinstance(kept, ColumnSegments | SpooledSegments) else sum(map(len, kept.values()))

    def shown(self, *, every: bool = False) -> Mapping[str, Sequence[Segment]]:
        """What a person is shown: the final set where one was chosen, else all segments.

        Args:
            every: all segments in any case.
        """
        return self.videos if every or self.final is None else self.final.videos

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Results:
        """Reads a results file in ActivityNet's JSON layout.

        Raises:
            InputError: if the file is missing or not as it should be.
        """
        return read_results(Path(path))

    def save(self, path: str | PathLike[str]) -> None:
        """Writes a results file in ActivityNet's JSON layout, whole or not at all.

        Raises:
            InputError: if it cannot be written.
        """
        check_apart(Path(path), inputs=self._video_files())
        write_results(Path(path), self)

    def export(
        self,
        path: str | PathLike[str],
        *,
        to: str | None = None,
        min_score: float | None = None,
        every: bool = False,
        videos: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
        cut: Cut = "exact",
        on_progress: OnProgress | None = None,
    ) -> Exported:
        """Writes the segments for another program, whole or not at all; those of the final set where there is one.

        Args:
            path: the file to write; a new folder where several videos each have a file of their own, and for clips.
            to: the format, one of :data:`weaktal.data.exporting.NAMES`; that of the path's ending by default.
            min_score: leave out segments of lower score.
            every: all segments, also where there is a final set.
            videos: where the videos lie now, as :func:`weaktal.export` has it.
            cut: of clips: "exact" encodes them again, "copy" copies packets.
            on_progress: is told how many videos were cut.

        Raises:
            InputError: as of :func:`weaktal.export`.
        """
        from weaktal.data.exporting import write_export  # late, as below: most who read results do not export them

        named = [] if videos is None else list(find_videos(videos).values())
        check_apart(Path(path), inputs=[self.source, *self._video_files(), *named])
        return write_export(
            Path(path),
            self.shown(every=every),
            self.files,
            to=to,
            min_score=min_score,
            given=None if videos is None else self._named(videos),
            cut=cut,
            on_progress=on_progress,
        )

    def _named(self, videos: str | PathLike[str] | Sequence[str | PathLike[str]]) -> dict[str, Path]:
        """Video files by the names of these results: by stem where that is enough, else as the files were named."""
        found = find_videos(videos)
        by_stem = {composed(path.stem): path for path in reversed(found.values())}
        return {name: path for name in self.videos if (path := found.get(name) or by_stem.get(composed(name)))}

    def _video_files(self) -> list[Path]:
        return [Path(video.file) for video in self.files.values() if video.file is not None]

    def to_pandas(self) -> pandas.DataFrame:
        """A data frame with a row for each segment: video, start and end in seconds, label, score.

        Raises:
            InputError: if pandas is not installed.
        """
        from weaktal.formats.table import as_pandas

        return as_pandas(self.videos)

    def __repr__(self) -> str:
        labels = {segment.label for segments in self.videos.values() for segment in segments}
        final = f", {self.final.count} of them final" if self.final is not None else ""
        size = f"{counted(len(self.videos), 'video')}, {counted(self.count, 'segment')}"
        return f"<Results: {size} of {counted(len(labels), 'class', 'classes')}{final}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: a timeline of the first videos."""
        from weaktal.formats.drawing import timeline

        return timeline(self.videos, {name: file.duration for name, file in self.files.items()})


class _Prediction(TypedDict):
    label: Name
    segment: tuple[Seconds, Seconds]
    score: Annotated[float, Field(allow_inf_nan=False, strict=True)]
    final: NotRequired[Any]  # looked at only where ``external_data`` says how the final set was chosen


class _ResultsFile(BaseModel):
    version: Any = ""
    results: dict[str, list[_Prediction]]
    external_data: Kept = None


def read_results(path: Path) -> Results:
    """Reads and validates a results file.

    Raises:
        InputError: if the file is missing or not as it should be, such as an end before its start.
    """
    content = read_json(path, WHAT)
    notes: tuple[str, ...] = ()
    with collector_paused():
        read = read_columns(content)
        if read is None:
            read, notes = _validated(content, path)
    videos = ColumnSegments(read.columns)
    external = dict(read.external_data) if isinstance(read.external_data, dict) else {}
    files = _files(path, external.pop(_VIDEOS, None))
    final = _final(path, external, read.final, videos)
    return Results(videos, str(read.version), external, files, final, source=path, notes=notes)


def _validated(content: bytes, path: Path) -> tuple[QuickResults, tuple[str, ...]]:
    """What a file holds that is unusual, or was mended; its faults are named here."""
    found, notes = validated(content, path, _ResultsFile, mend_results)
    columns = columns_of({name: _segments(path, name, predictions) for name, predictions in found.results.items()})
    final = [entry.get(_FINAL) is True for predictions in found.results.values() for entry in predictions]
    return QuickResults(columns, np.array(final, np.bool_), found.version, found.external_data), notes


_VIDEOS, _FINAL, _SURE = "videos", "final", "sure"  # in external_data, and of a prediction
_FILES = TypeAdapter(dict[str, VideoFile])


def _files(path: Path, given: Any) -> dict[str, VideoFile]:
    """Which file each video is. Results of other tools may keep something else under that name."""
    if not isinstance(given, dict):
        return {}
    try:
        return _FILES.validate_python(given)
    except ValidationError as error:
        raise from_validation(error, path, within=f"external_data.{_VIDEOS}") from None


def _final(path: Path, external: dict[str, Any], marked: Bools, videos: ColumnSegments) -> FinalSet | None:
    """The final set, whose choice it takes out of ``external``. Other tools may keep something else there.

    Args:
        path: the file, for messages.
        external: its ``external_data``.
        marked: which segments are marked, shape (N,).
        videos: the N segments.
    """
    if not isinstance(external.get(_FINAL), dict):
        return None
    from weaktal.data.final import Choice, FinalSet

    try:
        choice = Choice.model_validate(external.pop(_FINAL))
    except ValidationError as error:
        raise from_validation(error, path, within=f"external_data.{_FINAL}") from None
    return FinalSet(dict(videos.where(marked)), choice)


def _segments(path: Path, video: str, predictions: list[_Prediction]) -> list[Segment]:
    found: list[Segment] = []
    try:
        for prediction in predictions:
            start, end = prediction["segment"]
            found.append(Segment(start, end, prediction["label"], prediction["score"]))
    except ValueError as error:
        raise InputError(str(error), source=path, place=f"results.{video}.{len(found)}") from None
    return found


def write_results(path: Path, results: Results) -> None:
    """Writes a results file, whole or not at all, each video's segments sorted by falling score."""
    external = dict(results.external)
    if results.files:
        external[_VIDEOS] = {name: file.model_dump(exclude_none=True) for name, file in results.files.items()}
    if results.final is not None:
        external[_FINAL] = results.final.choice.model_dump(mode="json", exclude_none=True)
    entries = ((name, _entries(name, segments, results.final)) for name, segments in results.videos.items())
    write_json(path, {"version": results.version, "external_data": external}, last=("results", entries))


def _entries(video: str, segments: Sequence[Segment], final: FinalSet | None) -> list[dict[str, Any]]:
    """The segments of a video as the file has them."""
    entries: list[dict[str, Any]] = []
    chosen = set(final.videos.get(video, ())) if final is not None else set()
    for segment in by_score(list(segments)):
        entry = {"label": segment.label, "segment": [segment.start, segment.end], "score": segment.score}
        if final is not None and (sure := final.sure(segment)) is not None:
            entry[_SURE] = round(sure, 4)
        if segment in chosen:
            entry[_FINAL] = True
        entries.append(entry)
    return entries
