"""Annotations as other projects share them in one JSON file of ActivityNet's layout, with what each leaves out.

CoLA and those that build on it write ``gt.json`` with times as text, often without durations, and the subsets in
``split_train.txt`` and ``split_test.txt`` beside it. ActionFormer and OpenTAD write ``thumos14.json`` and
``thumos_14_anno.json`` with subsets such as "Validation" and with segments labelled "Ambiguous".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field

from weaktal.data.annotations import Annotations, Name, Video, check_name
from weaktal.data.importers.package import Package, SegmentMender
from weaktal.data.mending import mend_annotations
from weaktal.errors import InputError, counted, shown
from weaktal.files import read_mended, read_text

AMBIGUOUS = "Ambiguous"
MOST = 400 * 2**20  # bytes of a file that may be such annotations
SPLITS = {"split_train.txt": "train", "split_test.txt": "test"}
# What projects call the subsets, by what it is.
_ROLES = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test",
          "testing": "test"}  # fmt: skip

Time = Annotated[float, Field(allow_inf_nan=False, strict=True)]


class _Span(BaseModel):
    label: Name
    segment: tuple[Time, Time]


class _Entry(BaseModel):
    subset: Name | None = None
    duration: Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)] | None = None
    annotations: list[_Span] | None = None
    fps: Any = None


class _Content(BaseModel):
    version: Any = ""
    database: dict[str, _Entry]


@dataclass(frozen=True, slots=True)
class Database:
    """What such a file says; durations may be missing.

    Attributes:
        path: the file.
        subsets: by video, called as the benchmark calls them.
        durations: seconds, of the videos that have one.
        spans: label, start and end by video.
        notes: what was mended.
        rates: frames a second, of the videos that have one.
    """

    path: Path
    subsets: Mapping[str, str]
    durations: Mapping[str, float]
    spans: Mapping[str, list[tuple[str, float, float]]]
    notes: tuple[str, ...]
    rates: Mapping[str, float]

    def package(self, version: str, subsets: tuple[str, str], durations: Mapping[str, float]) -> Package:
        """The annotations, with ``durations`` for the videos whose file says none.

        Raises:
            InputError: if a video is left without a duration.
        """
        mender = SegmentMender()
        videos = {}
        for name, spans in self.spans.items():
            seconds = self.durations.get(name, durations.get(name))
            if seconds is None:
                expected = "a duration for each video, or features to take it from"
                raise InputError("has no duration", source=self.path, place=f"database.{name}", expected=expected)
            real = [span for span in spans if span[0] != AMBIGUOUS]
            labels = tuple(sorted({label for label, _, _ in real}))
            unclear = tuple(
                (max(0.0, start), end) for label, start, end in spans if label == AMBIGUOUS and end >= start
            )
            segments = mender.segments(real)
            videos[name] = Video(name, self.subsets[name], seconds, labels, segments, unclear)
        classes = tuple(sorted({label for video in videos.values() for label in video.labels}))
        measured = frozenset(name for name in self.spans if name not in self.durations)
        notes = [*self.notes, *mender.notes()]
        if measured:
            lack = f"{counted(len(measured), 'video')} without a duration in {self.path.name}"
            notes.append(f"{lack}; taken from the length of the features")
        return Package(Annotations(classes, videos, version, *subsets), notes, self.rates, measured)


def is_database(path: Path) -> bool:
    """Whether a file looks like such annotations: JSON with a key "database" near one of its ends."""
    try:
        if path.suffix != ".json" or not path.is_file() or path.stat().st_size > MOST:
            return False
        with path.open("rb") as stream:
            return b'"database"' in stream.read(2**16) or b'"database"' in path.read_bytes()
    except OSError:
        return False


def read_database(path: Path, subsets: tuple[str, str]) -> Database:
    """Reads the file, and the splits beside it where it names no subsets.

    Args:
        path: the file.
        subsets: what the benchmark calls the subsets to train and to test on.

    Raises:
        InputError: naming the place in the file.
    """
    content, notes = read_mended(path, _Content, "annotations in ActivityNet's JSON layout", mend_annotations)
    splits = _splits(path.parent)
    named: dict[str, str] = {}
    for name, entry in content.database.items():
        check_name(name, path, place="database")
        role = splits.get(name)
        if role is None and entry.subset is None:
            expected = f"a subset, or the video in {' or '.join(SPLITS)}"
            raise InputError("has no subset", source=path, place=f"database.{name}", expected=expected)
        named[name] = _called(role or str(entry.subset), subsets)
    return Database(
        path=path,
        subsets=named,
        durations={name: entry.duration for name, entry in content.database.items() if entry.duration is not None},
        spans={
            name: [(span.label, *span.segment) for span in entry.annotations or []]
            for name, entry in content.database.items()
        },
        notes=notes,
        rates={
            name: float(entry.fps)
            for name, entry in content.database.items()
            if isinstance(entry.fps, int | float) and 0 < entry.fps < math.inf
        },
    )


def _splits(folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for file, role in SPLITS.items():
        if (folder / file).is_file():
            for number, line in enumerate(read_text(folder / file, "the name of a video a line").splitlines(), start=1):
                if (name := line.strip()) and found.setdefault(name, role) != role:
                    raise InputError(
                        f"video {shown(name)} is in both splits",
                        source=folder / file,
                        place=f"line {number}",
                        expected="each video in one",
                    )
    return found


def _called(subset: str, subsets: tuple[str, str]) -> str:
    """A subset as the benchmark calls it; others keep their name.

    THUMOS14 is trained on what it calls validation and tested on test, ActivityNet on training and validation.
    """
    role = _ROLES.get(subset.strip().casefold())
    if role == "train":
        return subsets[0]
    if role == "val":
        return "validation"
    if role == "test":
        return subsets[1] if subsets[1] == "test" else "testing"
    return subset
