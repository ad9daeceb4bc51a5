"""``weaktal import label-studio``: what people marked on timelines in Label Studio, as annotations to score against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field, RootModel, TypeAdapter, ValidationError

from weaktal.data.annotations import Annotations, Name, Video, write_annotations
from weaktal.data.video_names import clean_name
from weaktal.errors import InputError, shown
from weaktal.files import check_writable, from_validation, read_model
from weaktal.formats.label_studio import KIND
from weaktal.segments import Segment

WHAT = "an export of Label Studio in its JSON format"
SUBSET = "corrected"  # as those who correct on a page have it
_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Frame = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Range(BaseModel):
    start: _Frame
    end: _Frame


class _Value(BaseModel):
    ranges: list[_Range]
    timelinelabels: list[Name]


class _Annotation(BaseModel):
    id: Any = None
    result: list[dict[str, Any]] = []
    was_cancelled: bool = False
    updated_at: str = ""


class _Data(BaseModel):
    model_config = ConfigDict(extra="allow")

    video: str = ""
    name: str | None = None
    fps: _Positive | None = None
    duration: _Positive | None = None


class _Task(BaseModel):
    id: Any = None
    data: _Data
    annotations: list[_Annotation]


class _Export(RootModel[list[_Task]]):
    pass


@dataclass(frozen=True, slots=True)
class ImportedTruth:
    """What an import of annotations brought in.

    Attributes:
        path: the annotations file.
        videos: how many were annotated, those without any segment included.
        classes: number of segments by class.
        without: tasks that nobody annotated.
    """

    path: Path
    videos: int
    classes: dict[str, int]
    without: int


def import_label_studio(export: str | PathLike[str], out: str | PathLike[str]) -> ImportedTruth:
    """Makes an annotations file, as ``evaluate`` takes it, of tasks that ``weaktal export --to label-studio`` made.

    Of several annotations of a task, the latest counts. Tasks that nobody annotated are left out.

    Args:
        export: Label Studio's export of the project, in its format "JSON".
        out: the annotations file to write, such as ``truth.json``.

    Raises:
        InputError: if the export is not as it should be, or holds no annotation.
    """
    source, path = Path(export), Path(out)
    check_writable(path, inputs=[source])
    tasks = read_model(source, _Export, WHAT).root
    videos: dict[str, Video] = {}
    for index, task in enumerate(tasks):
        answered = [annotation for annotation in task.annotations if not annotation.was_cancelled]
        if answered:
            video = _video(source, index, task.data, max(answered, key=lambda each: each.updated_at))
            if video.name in videos:
                problem = f"video {shown(video.name)} has another task"
                raise InputError(problem, source=source, place=str(index), expected="one task for each video")
            videos[video.name] = video
    if not videos:
        raise InputError("holds no annotation", source=source, expected="tasks that somebody annotated")
    count = Counter(segment.label for video in videos.values() for segment in video.segments)
    classes = tuple(sorted(count))
    write_annotations(path, Annotations(classes, videos, "label-studio", train_subset=SUBSET, test_subset=SUBSET))
    return ImportedTruth(path, len(videos), dict(sorted(count.items())), len(tasks) - len(videos))


def _video(source: Path, index: int, data: _Data, annotation: _Annotation) -> Video:
    segments = _segments(source, index, data, annotation.result)
    name = data.name or clean_name(Path(unquote(data.video)).stem)
    duration = data.duration or max((segment.end for segment in segments), default=0.0)
    if not duration:
        raise InputError("is missing", source=source, place=f"{index}.data.duration", expected="the video's seconds")
    labels = tuple(sorted({segment.label for segment in segments}))
    return Video(name, SUBSET, duration, labels, segments)


_VALUE = TypeAdapter(_Value)


def _segments(source: Path, index: int, data: _Data, results: Sequence[dict[str, Any]]) -> tuple[Segment, ...]:
    found = []
    for number, result in enumerate(results):
        if result.get("type") != KIND:
            continue
        place = f"{index}.annotations.result.{number}"
        if data.fps is None:
            raise InputError("is missing", source=source, place=f"{index}.data.fps", expected="frames a second")
        try:
            value = _VALUE.validate_python(result.get("value"))
        except ValidationError as error:
            raise from_validation(error, source, within=f"{place}.value") from None
        for span in value.ranges:
            start, end = max(span.start - 1, 0) / data.fps, span.end / data.fps
            if data.duration is not None:
                start, end = min(start, data.duration), min(end, data.duration)
            if end < start:
                problem = f"frames {span.start:g} to {span.end:g}"
                raise InputError(
                    problem, source=source, place=place, expected="an end that is no earlier than the start"
                )
            found += [Segment(start, end, label) for label in value.timelinelabels]
    return tuple(sorted(found))
