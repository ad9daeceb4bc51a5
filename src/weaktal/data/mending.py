"""Mends JSON of annotations and results where it is plain what is meant: times as text, a start a hair before 0.

What it gets is a parsed file that did not validate. Whatever is not as expected otherwise is left as it is, for the
validation to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from weaktal.errors import counted

EARLY = 0.5  # seconds before 0 that a start may lie, as rounding and regression make it
_NUMBER = re.compile(r"\s*-?\d{1,12}(\.\d{1,20})?\s*")


def mend_annotations(content: Any) -> tuple[str, ...]:
    """Mends durations and the segments of ``database.VIDEO.annotations``, in place."""
    mender = _Mender()
    for name, video in _items(content, "database"):
        if isinstance(video, dict):
            mender.number(video, "duration")
            mender.spans(name, video.get("annotations"))
    return mender.notes("annotations")


def mend_durations(content: Any) -> tuple[str, ...]:
    """Mends ``database.VIDEO.duration``, in place, and looks at nothing else."""
    mender = _Mender()
    for _, video in _items(content, "database"):
        if isinstance(video, dict):
            mender.number(video, "duration")
    return mender.notes("annotations")


def mend_results(content: Any) -> tuple[str, ...]:
    """Mends the segments of ``results.VIDEO``, in place."""
    mender = _Mender()
    for name, predictions in _items(content, "results"):
        mender.spans(name, predictions)
    return mender.notes("results")


def _items(content: Any, key: str) -> Iterator[tuple[str, Any]]:
    inner = content.get(key) if isinstance(content, dict) else None
    yield from inner.items() if isinstance(inner, dict) else ()


class _Mender:
    """Counts what it mends, and keeps the first of each kind."""

    def __init__(self) -> None:
        self.texts = 0
        self.early = 0
        self.first_early = ""

    def spans(self, video: str, spans: Any) -> None:
        for span in spans if isinstance(spans, list) else ():
            segment = span.get("segment") if isinstance(span, dict) else None
            if isinstance(segment, list) and len(segment) == 2:
                self.number(segment, 0)
                self.number(segment, 1)
                self._start(video, segment)

    def number(self, of: Any, key: str | int) -> None:
        """Turns text that is a number into it."""
        value = of.get(key) if isinstance(of, dict) else of[key]
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            of[key] = float(value)
            self.texts += 1

    def _start(self, video: str, segment: list[Any]) -> None:
        start, end = segment
        if _is_number(start) and _is_number(end) and -EARLY <= start < 0 <= end:
            segment[0] = 0.0
            self.early += 1
            self.first_early = self.first_early or f"{video} at {start:g} s"

    def notes(self, of: str) -> tuple[str, ...]:
        """What was mended, a sentence each."""
        notes = []
        if self.texts:
            notes.append(f"{counted(self.texts, 'time')} of the {of} given as text; read as numbers")
        if self.early:
            some = counted(self.early, "segment")
            notes.append(f"{some} of the {of} began before 0, the first of {self.first_early}; cut off at 0")
        return tuple(notes)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
