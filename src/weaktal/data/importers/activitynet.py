"""ActivityNet's annotations: the official JSON of 1.2 and 1.3, and the JSON and CSV pair that feature packages carry.

Video names stay as the source writes them: the official files leave out the ``v_`` that the files of many packages
start with.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, RootModel

from weaktal.data.annotations import Annotations, Length, Name, Video, check_name
from weaktal.data.importers.package import Package, SegmentMender
from weaktal.data.mending import mend_annotations
from weaktal.errors import InputError, counted, shown
from weaktal.files import read_mended, read_model, read_text

SUBSETS = ("training", "validation")
TIMES_FILE = "anet_anno_action.json"
INFO_FILE = "video_info_new.csv"
CLASSES_FILE = "action_name.csv"

Time = Annotated[float, Field(allow_inf_nan=False, strict=True)]  # segments may start below 0 in published files


class _Span(BaseModel):
    label: Name
    segment: tuple[Time, Time]


class _OfficialVideo(BaseModel):
    subset: Name
    duration: Length
    annotations: list[_Span] | None = None


class _Official(BaseModel):
    version: Any = ""
    database: dict[str, _OfficialVideo]


class _TimedVideo(BaseModel):
    duration_second: Length
    annotations: list[_Span] = []


class _Times(RootModel[dict[str, _TimedVideo]]):
    pass


def official_file(folder: Path) -> Path | None:
    """The official JSON in a folder, if there is exactly one."""
    found = sorted(folder.glob("activity_net*.json"))
    return found[0] if len(found) == 1 else None


def is_action_package(folder: Path) -> bool:
    """Whether a folder holds the pair of JSON and CSV."""
    return (folder / TIMES_FILE).is_file()


def read_official(path: Path, version: str) -> Package:
    """The official JSON. Its taxonomy is left aside; testing videos come without annotations.

    Raises:
        InputError: naming the place in the file.
    """
    content, mended = read_mended(path, _Official, "ActivityNet's official JSON", mend_annotations)
    mender = SegmentMender()
    videos = {
        name: _video(path, name, entry.subset, entry.duration, entry.annotations or [], mender)
        for name, entry in content.database.items()
    }
    return Package(_annotations(videos, None, version), [*mended, *mender.notes()])


def read_action_package(folder: Path, version: str) -> Package:
    """The folder of ``anet_anno_action.json`` (times), ``video_info_new.csv`` (subsets) and ``action_name.csv``.

    Raises:
        InputError: naming the file and the place in it.
    """
    times = read_model(folder / TIMES_FILE, _Times, "ActivityNet's times by video").root
    subsets = {}
    for number, row in _rows(folder / INFO_FILE, ("video", "subset")):
        if row["video"] in subsets:
            raise InputError(
                f"video {shown(row['video'])} again",
                source=folder / INFO_FILE,
                place=f"line {number}",
                expected="each once",
            )
        subsets[row["video"]] = row["subset"]
    for name in times:
        if name not in subsets:
            raise InputError(f"has no video {shown(name)}", source=folder / INFO_FILE, expected=f"all of {TIMES_FILE}")
    mender = SegmentMender()
    videos = {
        name: _video(folder / TIMES_FILE, name, subsets[name], entry.duration_second, entry.annotations, mender)
        for name, entry in times.items()
    }
    notes = mender.notes()
    if unused := len(subsets) - len(times):
        notes.append(f"{counted(unused, 'video')} of {INFO_FILE} without times in {TIMES_FILE}; skipped")
    classes = None
    if (folder / CLASSES_FILE).is_file():
        classes = tuple(row["action"] for _, row in _rows(folder / CLASSES_FILE, ("action",)))
        _check_classes(folder, classes, videos)
    return Package(_annotations(videos, classes, version), notes)


def _video(path: Path, name: str, subset: str, duration: float, spans: list[_Span], mender: SegmentMender) -> Video:
    check_name(name, path)
    labels = tuple(sorted({span.label for span in spans}))
    segments = mender.segments((span.label, *span.segment) for span in spans)
    return Video(name, subset, duration, labels, segments)


def _annotations(videos: dict[str, Video], classes: tuple[str, ...] | None, version: str) -> Annotations:
    if classes is None:
        classes = tuple(sorted({label for video in videos.values() for label in video.labels}))
    return Annotations(classes, videos, version, *SUBSETS)


def _check_classes(folder: Path, classes: tuple[str, ...], videos: dict[str, Video]) -> None:
    if len(set(classes)) != len(classes):
        raise InputError("holds a class twice", source=folder / CLASSES_FILE, expected="each class once")
    known = set(classes)
    for video in videos.values():
        for label in video.labels:
            if label not in known:
                raise InputError(
                    f"label {shown(label)}",
                    source=folder / TIMES_FILE,
                    place=video.name,
                    expected=f"one of {CLASSES_FILE}",
                )


def _rows(path: Path, columns: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """Line numbers and rows of a CSV file with a header; the named columns are there and not empty."""
    what = f"a CSV file with the columns {', '.join(columns)}"
    try:
        reader = csv.DictReader(io.StringIO(read_text(path, what), newline=""), strict=True)
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise InputError(f"not a CSV file ({error})", source=path, expected=what) from None
    for number, row in rows:
        for column in columns:
            if not row.get(column):
                raise InputError(f"no {column}", source=path, place=f"line {number}", expected=what)
    if not rows:
        raise InputError("holds no rows", source=path, expected=what)
    return rows
