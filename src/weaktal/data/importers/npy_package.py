"""Annotations published as a folder of ``.npy`` arrays, one entry a video: THUMOS14's usual form, and ActivityNet's.

The folder holds ``videoname``, ``subset``, ``duration``, ``labels_all`` (the video-level tags), ``segments`` and
``labels`` (one label a segment), ``classlist``, and for THUMOS14 often ``Ambiguous_test.txt``: lines of a video name
and the start and end of a span in which it is unclear whether an action occurs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from weaktal.data.annotations import Annotations, Video, check_name
from weaktal.data.importers.package import Package, SegmentMender
from weaktal.data.importers.packed import as_list, read_items
from weaktal.errors import InputError, counted, shown
from weaktal.files import read_text

AMBIGUOUS = "Ambiguous_test.txt"
_ARRAYS = ("videoname", "subset", "duration", "labels_all", "segments", "labels")


def is_npy_package(folder: Path) -> bool:
    """Whether a folder looks like such a package."""
    return (folder / "videoname.npy").is_file()


def video_names(folder: Path) -> list[str]:
    """The videos in the package's order, in which packages of features list theirs.

    Raises:
        InputError: if the array is damaged or a name cannot be a file name.
    """
    path = folder / "videoname.npy"
    names = []
    for index, item in enumerate(read_items(path)):
        if not isinstance(item, str):
            raise InputError("is not a name", source=path, place=f"entry {index}", expected="text")
        check_name(item, path)
        names.append(item)
    if len(set(names)) != len(names):
        raise InputError("holds a name twice", source=path, expected="each video once")
    return names


def read_npy_package(folder: Path, version: str, subsets: tuple[str, str]) -> Package:
    """Reads the package; ``subsets`` are those to train and to test on.

    Raises:
        InputError: naming the array and the entry in it that is not as it should be.
    """
    names = video_names(folder)
    arrays = {name: read_items(folder / f"{name}.npy") for name in _ARRAYS}
    for name, items in arrays.items():
        if len(items) != len(names):
            raise InputError(
                f"has {len(items)} entries",
                source=folder / f"{name}.npy",
                expected=f"{len(names)} as in videoname.npy",
            )
    classes = tuple(_texts(folder / "classlist.npy", "classlist", read_items(folder / "classlist.npy"), None))
    if len(set(classes)) != len(classes):
        raise InputError("holds a class twice", source=folder / "classlist.npy", expected="each class once")
    ambiguous = _read_ambiguous(folder / AMBIGUOUS, set(names))
    mender = SegmentMender()
    videos: dict[str, Video] = {}
    differing = 0
    for index, name in enumerate(names):
        entry = _Entry(folder, index, {key: items[index] for key, items in arrays.items()}, classes)
        duration, spans = entry.duration(), entry.spans()
        tags = entry.tags("labels_all")
        differing += set(tags) != {label for label, _, _ in spans} and bool(spans)
        try:
            segments = mender.segments(spans)
        except ValueError as error:
            raise InputError(str(error), source=folder / "segments.npy", place=f"entry {index} ({name})") from None
        videos[name] = Video(
            name, entry.text("subset"), duration, tuple(sorted(set(tags))), segments, ambiguous.get(name, ())
        )
    notes = mender.notes()
    if differing:
        notes.append(
            f"tags that differ from the labels of the segments, kept as published: {counted(differing, 'video')}"
        )
    return Package(Annotations(classes, videos, version, *subsets), notes)


class _Entry:
    """What the arrays say of one video, checked as it is asked for."""

    def __init__(self, folder: Path, index: int, values: dict[str, object], classes: Sequence[str]) -> None:
        self.folder, self.index, self.values, self.classes = folder, index, values, classes

    def fault(self, array: str, problem: str, expected: str) -> InputError:
        place = f"entry {self.index} ({self.values['videoname']})"
        return InputError(problem, source=self.folder / f"{array}.npy", place=place, expected=expected)

    def text(self, array: str) -> str:
        value = self.values[array]
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise self.fault(array, f"is {shown(value)}", "text")
        return value

    def duration(self) -> float:
        value = self.values["duration"]
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
            raise self.fault("duration", f"is {shown(value)}", "seconds above 0")
        return float(value)

    def items(self, array: str) -> list[object]:
        value = self.values[array]
        try:
            items = as_list(value)
        except (ValueError, OSError) as error:
            raise self.fault(array, str(error), "a list") from None
        if not isinstance(items, list):
            raise self.fault(array, f"is of type {type(items).__name__}", "a list")
        return items

    def tags(self, array: str) -> list[str]:
        place = f"entry {self.index} ({self.values['videoname']})"
        return _texts(self.folder / f"{array}.npy", place, self.items(array), self.classes)

    def spans(self) -> list[tuple[str, float, float]]:
        labels, segments = self.tags("labels"), self.items("segments")
        if len(labels) != len(segments):
            raise self.fault("labels", f"has {len(labels)} labels", f"{len(segments)} as there are segments")
        spans = []
        for label, segment in zip(labels, segments, strict=True):
            times = as_list(segment)
            if not isinstance(times, list) or len(times) != 2 or not all(type(t) in (int, float) for t in times):
                raise self.fault("segments", "holds something else than a pair of times", "start and end in seconds")
            spans.append((label, float(times[0]), float(times[1])))
        return spans


def _texts(path: Path, place: str, items: list[object], known: Sequence[str] | None) -> list[str]:
    texts = []
    for item in items:
        if not isinstance(item, str) or not item.strip() or not item.isprintable():
            raise InputError(f"holds {shown(item)}", source=path, place=place, expected="text")
        if known is not None and item not in known:
            raise InputError(f"label {shown(item)}", source=path, place=place, expected="a class of classlist.npy")
        texts.append(item)
    return texts


def _read_ambiguous(path: Path, names: set[str]) -> dict[str, tuple[tuple[float, float], ...]]:
    """Ambiguous spans by video; those of videos that the package does not list are dropped."""
    spans: dict[str, tuple[tuple[float, float], ...]] = {}
    if not path.exists():
        return spans
    expected = "lines of VIDEO START END"
    lines = read_text(path, expected).splitlines()
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if not words:
            continue
        try:
            name, start, end = words[0], float(words[1]), float(words[2])
        except (ValueError, IndexError):
            raise InputError(f"is {shown(line)}", source=path, place=f"line {number}", expected=expected) from None
        if len(words) != 3 or not 0 <= start <= end < math.inf:
            raise InputError(f"is {shown(line)}", source=path, place=f"line {number}", expected=expected)
        if name in names:
            spans[name] = (*spans.get(name, ()), (start, end))
    return spans
