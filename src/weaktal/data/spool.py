"""Segments of many videos, kept on disk: what a decoder finds must not fill the memory."""

from __future__ import annotations

import tempfile
import threading
from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, cast

import numpy as np

from weaktal.data.columns import ROW, Columns, Rows, segments_of
from weaktal.errors import counted
from weaktal.segments import Segment

IN_MEMORY = 1 << 24  # bytes up to which nothing is written to disk


class SpooledSegments(Mapping[str, Sequence[Segment]]):
    """Segments by video, as ``Results.videos`` holds them, each video's read when it is asked for.

    They lie in a temporary file that the system removes with the last reference to it, whatever ends the process.

    Args:
        classes: the labels that segments may have.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        self._classes = tuple(classes)
        self._index = {label: number for number, label in enumerate(self._classes)}
        self._file = cast(IO[bytes], tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115
        self._lock = threading.Lock()
        self._numbers: dict[str, int] = {}
        self._ends = array("q", [0])  # in rows; a video's begin where those of the one before it end

    def add(self, video: str, segments: Sequence[Segment]) -> None:
        """Keeps the segments of a video, in their order.

        Raises:
            ValueError: if the video is there already.
        """
        if video in self._numbers:
            raise ValueError(f"segments of {video!r} exist already")
        rows = np.array(
            [(segment.start, segment.end, segment.score, self._index[segment.label]) for segment in segments], ROW
        )
        with self._lock:
            self._file.seek(self._ends[-1] * ROW.itemsize)
            self._file.write(rows.tobytes())
        self._numbers[video] = len(self._ends) - 1
        self._ends.append(self._ends[-1] + len(rows))

    @property
    def count(self) -> int:
        """Segments of all videos."""
        return self._ends[-1]

    def columns(self) -> Columns:
        """All of them, in memory."""
        ends = np.array(self._ends[1:], np.int64)
        return Columns(tuple(self._numbers), ends, self._classes, self._read(0, self._ends[-1]))

    def __getitem__(self, video: str) -> Sequence[Segment]:
        number = self._numbers[video]
        return segments_of(self._read(self._ends[number], self._ends[number + 1]), self._classes)

    def _read(self, first: int, last: int) -> Rows:
        with self._lock:
            self._file.seek(first * ROW.itemsize)
            return np.frombuffer(self._file.read((last - first) * ROW.itemsize), ROW)

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, video: object) -> bool:
        return video in self._numbers

    def __repr__(self) -> str:
        return f"<{counted(self.count, 'segment')} of {counted(len(self), 'video')}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)  # what another process gets, or a copy
