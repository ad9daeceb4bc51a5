"""Annotations of a dataset: which actions occur in each video and, for scoring only, when (ActivityNet's JSON layout).

The file is read in one of two ways. :func:`read_tags` is what training uses: it does not even look at segments, so a
training video needs only labels. :func:`read_annotations` reads and validates everything.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from weaktal.data.mending import mend_annotations, mend_durations
from weaktal.data.spelling import variants
from weaktal.errors import InputError, shown
from weaktal.files import collector_paused, from_validation, read_mended, write_json
from weaktal.segments import Segment

WHAT = "annotations in ActivityNet's JSON layout"
DEFAULT_TRAIN = "training"
DEFAULT_TEST = "validation"


@dataclass(frozen=True, slots=True)
class Video:
    """One video and what is known of it.

    Attributes:
        name: the file name of its video and features, without the ending.
        subset: which part of the dataset it belongs to.
        duration: seconds.
        labels: the video-level tags, sorted, without repetition.
        segments: the ground truth; empty when only tags were read.
        ambiguous: spans (start, end) in seconds that a protocol leaves out of the scoring.
        file: the video itself, where the annotations say where it lies; it need not be there.
    """

    name: str
    subset: str
    duration: float
    labels: tuple[str, ...]
    segments: tuple[Segment, ...] = ()
    ambiguous: tuple[tuple[float, float], ...] = ()
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Annotations:
    """All videos of a dataset.

    Attributes:
        classes: the class list, in the order of every score array.
        videos: by name.
        version: free text.
        train_subset, test_subset: what commands use when the user names no subset.
        protocol: what the dataset is scored by unless another is named; "" is no particular protocol.
        source: the file that it was read from, for messages.
        notes: what was mended on reading, a sentence each.
    """

    classes: tuple[str, ...]
    videos: Mapping[str, Video]
    version: str = ""
    train_subset: str = DEFAULT_TRAIN
    test_subset: str = DEFAULT_TEST
    protocol: str = ""
    source: Path | None = field(default=None, compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)

    def subset(self, name: str) -> dict[str, Video]:
        """The videos of one subset.

        Raises:
            InputError: if there are none, naming the subsets that exist.
        """
        chosen = {key: video for key, video in self.videos.items() if video.subset == name}
        if not chosen:
            known = ", ".join(sorted({video.subset for video in self.videos.values()})) or "none: there are no videos"
            raise InputError(
                f"no video belongs to subset {shown(name)}", source=self.source, expected=f"one of {known}"
            )
        return chosen


Name = Annotated[str, StringConstraints(min_length=1, strict=True)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False, strict=True)]


def _measurable(seconds: float) -> float:
    if seconds < 1e-6:
        raise ValueError("a microsecond or more")
    return seconds


# How long a video or a clip is. What lies outside of the limits is a slip, and breaks every drawing of it.
Length = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False, strict=True), AfterValidator(_measurable)]


class _Tag(BaseModel):
    label: Name


class _Span(_Tag):
    segment: tuple[Seconds, Seconds]


class _Video(BaseModel):
    subset: str
    duration: Length
    labels: list[Name] | None = None
    file: Name | None = None


class _TagsOfVideo(_Video):
    annotations: Any = None  # looked at, and only at its labels, where the video has no ``labels``


def _forwards(span: tuple[float, float]) -> tuple[float, float]:
    if span[1] < span[0]:
        raise ValueError("an end that does not lie before the start")
    return span


class _WholeVideo(_Video):
    annotations: list[_Span] | None = None
    ambiguous: list[Annotated[tuple[Seconds, Seconds], AfterValidator(_forwards)]] = []


class _Subsets(BaseModel):
    train: Name = DEFAULT_TRAIN
    test: Name = DEFAULT_TEST


class _File(BaseModel):
    model_config = ConfigDict(extra="ignore")

    version: str = ""
    classes: list[Name] | None = None
    subsets: _Subsets | None = None
    protocol: str | None = None


class _TagsFile(_File):
    database: dict[str, _TagsOfVideo]


class _WholeFile(_File):
    database: dict[str, _WholeVideo]


def annotations_file(path: Path) -> Path:
    """The annotations of a dataset folder, or ``path`` itself where it is not a folder."""
    return path / "annotations.json" if path.is_dir() else path


def read_tags(path: Path) -> Annotations:
    """Durations and video-level tags alone, of a dataset folder or an annotations file; segments are never looked at.

    Raises:
        InputError: if the file is missing or not as it should be.
    """
    path = annotations_file(path)
    return _assemble(path, *read_mended(path, _TagsFile, WHAT, mend_durations))


def read_annotations(path: Path) -> Annotations:
    """Everything, segments included, of a dataset folder or an annotations file.

    Raises:
        InputError: if the file is missing or not as it should be, such as an end before its start.
    """
    path = annotations_file(path)
    with collector_paused():
        return _assemble(path, *read_mended(path, _WholeFile, WHAT, mend_annotations))


def _assemble(path: Path, content: _TagsFile | _WholeFile, notes: tuple[str, ...] = ()) -> Annotations:
    videos: dict[str, Video] = {}
    for name, entry in content.database.items():
        check_name(name, path, place="database")
        tags = entry.labels if entry.labels is not None else _labels(path, name, entry.annotations)
        videos[name] = Video(
            name=name,
            subset=entry.subset,
            duration=entry.duration,
            labels=tuple(sorted(set(tags))),
            segments=_segments(path, name, entry.annotations or []) if isinstance(entry, _WholeVideo) else (),
            ambiguous=tuple(entry.ambiguous) if isinstance(entry, _WholeVideo) else (),
            file=path.parent / entry.file if entry.file is not None else None,
        )
    subsets = content.subsets or _usual_subsets({video.subset for video in videos.values()})
    return Annotations(
        classes=_classes(path, content.classes, videos.values()),
        videos=videos,
        version=content.version,
        train_subset=subsets.train,
        test_subset=subsets.test,
        protocol=content.protocol or "",
        source=path,
        notes=notes,
    )


def _usual_subsets(names: set[str]) -> _Subsets:
    """What commands take by default: the only subset where there is one, else those of ActivityNet's names."""
    return _Subsets(train=min(names), test=min(names)) if len(names) == 1 and min(names) else _Subsets()


_TAGS = TypeAdapter(list[_Tag])


def _labels(path: Path, video: str, annotations: Any) -> list[str]:
    """The labels of a video that has no tags of its own."""
    if annotations is None:
        return []
    try:
        tags = _TAGS.validate_python(annotations, from_attributes=True)
    except ValidationError as error:
        raise from_validation(error, path, within=f"database.{video}.annotations") from None
    return [tag.label for tag in tags]


def _segments(path: Path, video: str, spans: list[Any]) -> tuple[Segment, ...]:
    found = []
    for index, span in enumerate(spans):
        try:
            found.append(Segment(span.segment[0], span.segment[1], span.label))
        except ValueError as error:
            raise InputError(str(error), source=path, place=f"database.{video}.annotations.{index}") from None
    return tuple(found)


def _classes(path: Path, listed: list[str] | None, videos: Iterable[Video]) -> tuple[str, ...]:
    used: dict[str, str] = {}
    for video in videos:
        for label in (*video.labels, *(segment.label for segment in video.segments)):
            used.setdefault(label, video.name)
    if listed is None:
        if alike := variants(used):
            raise InputError(
                f"labels {' and '.join(map(shown, alike))} differ by case or blanks only",
                source=path,
                place=f"database.{used[alike[1]]}",
                expected="one spelling of each class, or `classes`, a list that holds all that are meant",
            )
        return tuple(sorted(used))
    if len(set(listed)) != len(listed):
        twice = next(label for label in listed if listed.count(label) > 1)
        raise InputError(f"{shown(twice)} appears twice", source=path, place="classes", expected="each class once")
    known = set(listed)
    for label in used:
        if label not in known:
            alike = variants([*listed, label])
            raise InputError(
                f"label {shown(label)} is not in the class list",
                source=path,
                place=f"database.{used[label]}",
                expected=f"{shown(alike[0])}, from which it differs by case or blanks only"
                if alike and alike[-1] == label
                else f"one of {', '.join(listed)}",
            )
    return tuple(listed)


def check_name(name: str, source: Path | None, place: str | None = None) -> None:
    """Refuses a video name that could not be a plain file name, such as one with a slash.

    Raises:
        InputError: naming the video, and its ``place`` in ``source``.
    """
    if (
        not name
        or name != name.strip()
        or name.startswith(".")
        or any(c in "/\\:\0" or not c.isprintable() for c in name)
    ):
        raise InputError(f"video name {shown(name)}", source=source, place=place, expected="a plain file name")
    if len(name.encode("utf-8", "surrogatepass")) > 200:
        raise InputError(f"video name {shown(name)}", source=source, place=place, expected="at most 200 bytes")


def write_annotations(path: Path, annotations: Annotations, *, extra: Mapping[str, Any] | None = None) -> None:
    """Writes a dataset's annotations.json, whole or not at all; ``extra`` adds top-level keys of the writer's own."""
    database: dict[str, Any] = {}
    for name, video in annotations.videos.items():
        if not math.isfinite(video.duration):
            raise ValueError(f"duration of {name} is {video.duration}")
        database[name] = {
            "subset": video.subset,
            "duration": video.duration,
            "labels": list(video.labels),
            "annotations": [{"label": s.label, "segment": [s.start, s.end]} for s in video.segments],
        }
        if video.ambiguous:
            database[name]["ambiguous"] = [list(span) for span in video.ambiguous]
        if video.file is not None:
            database[name]["file"] = _stored(video.file, path.parent)
    content = {
        "version": annotations.version,
        "taxonomy": [],
        "classes": list(annotations.classes),
        "subsets": {"train": annotations.train_subset, "test": annotations.test_subset},
        **({"protocol": annotations.protocol} if annotations.protocol else {}),
        **(extra or {}),
        "database": database,
    }
    write_json(path, content)


def _stored(file: Path, folder: Path) -> str:
    """A video's path as the annotations keep it: within the dataset's folder relative to it, else absolute."""
    whole, base = os.path.abspath(file), os.path.abspath(folder)  # noqa: PTH100  # resolve() would follow links
    return Path(whole).relative_to(base).as_posix() if Path(whole).is_relative_to(base) else whole
