"""Segments of many videos as columns: what a million predictions are read into and scored from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from weaktal.arrays import Bools, Integers
from weaktal.errors import counted
from weaktal.segments import Segment

ROW = np.dtype([("start", "<f8"), ("end", "<f8"), ("score", "<f8"), ("label", "<i4")])
Rows = npt.NDArray[np.void]  # of :data:`ROW`


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """N segments of V videos, one video after the other.

    Attributes:
        videos: names.
        ends: where the rows of each video end, and those of the next begin, shape (V,).
        classes: labels by number; some may not occur.
        rows: start and end in seconds, score, and number of the label, shape (N,) of :data:`ROW`.
    """

    videos: tuple[str, ...]
    ends: Integers
    classes: tuple[str, ...]
    rows: Rows

    @property
    def counts(self) -> Integers:
        """Segments of each video, shape (V,)."""
        return np.diff(self.ends, prepend=0)

    def place(self, row: int) -> tuple[str, int]:
        """The video of a row, and the place of its segment among those of the video."""
        video = int(np.searchsorted(self.ends, row, side="right"))
        return self.videos[video], row - (int(self.ends[video - 1]) if video else 0)


@runtime_checkable
class InColumns(Protocol):
    """Segments by video that can be had as columns without an object each."""

    def columns(self) -> Columns:
        """All of them."""


def segments_of(rows: Rows, classes: Sequence[str]) -> list[Segment]:
    """Rows as segments.

    Raises:
        ValueError: as of :class:`Segment`.
    """
    return [Segment(start, end, classes[label], score) for start, end, score, label in rows.tolist()]


class ColumnSegments(Mapping[str, Sequence[Segment]]):
    """Segments by video, as ``Results.videos`` holds them, each video's made when it is asked for.

    A thirtieth of the memory that as many objects take.

    Args:
        columns: of segments that are valid.
    """

    def __init__(self, columns: Columns) -> None:
        self._columns = columns

    def columns(self) -> Columns:
        """What they are kept as."""
        return self._columns

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {video: number for number, video in enumerate(self._columns.videos)}

    @property
    def count(self) -> int:
        """Segments of all videos."""
        return len(self._columns.rows)

    def where(self, rows: Bools) -> ColumnSegments:
        """Those at the given rows, of all videos, shape (N,)."""
        kept = self._columns
        ends = np.concatenate([[0], np.cumsum(rows)])[kept.ends]
        return ColumnSegments(Columns(kept.videos, ends, kept.classes, kept.rows[rows]))

    def __getitem__(self, video: str) -> Sequence[Segment]:
        number = self._numbers[video]
        first = self._columns.ends[number - 1] if number else 0
        return segments_of(self._columns.rows[first : self._columns.ends[number]], self._columns.classes)

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns.videos)

    def __len__(self) -> int:
        return len(self._columns.videos)

    def __contains__(self, video: object) -> bool:
        return video in self._numbers

    def __repr__(self) -> str:
        return f"<{counted(len(self._columns.rows), 'segment')} of {counted(len(self), 'video')}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)  # as spooled segments do: what another process gets, or a copy


def columns_of(videos: Mapping[str, Sequence[Segment]]) -> Columns:
    """Segments as columns, whatever holds them."""
    if isinstance(videos, InColumns):
        return videos.columns()
    numbers: dict[str, int] = {}
    rows = [
        (segment.start, segment.end, segment.score, numbers.setdefault(segment.label, len(numbers)))
        for segments in videos.values()
        for segment in segments
    ]
    counts = [len(segments) for segments in videos.values()]
    return Columns(tuple(videos), np.cumsum(counts, dtype=np.int64), tuple(numbers), np.array(rows, ROW))
