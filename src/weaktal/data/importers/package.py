"""What a published package turns into, and the mending that all of them need."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from weaktal.data.annotations import Annotations, Video
from weaktal.data.units import Unit, late
from weaktal.errors import InputError, arg, counted
from weaktal.segments import Segment


@dataclass(frozen=True, slots=True)
class Package:
    """Annotations of a published package, and what a user should know about how they were read.

    Attributes:
        annotations: with times in the unit of the package.
        notes: what was mended.
        rates: frames a second of the videos, where the package says so.
        measured: the videos whose duration is not from the package but from the length of their features, in seconds.
    """

    annotations: Annotations
    notes: list[str] = field(default_factory=list)
    rates: Mapping[str, float] = field(default_factory=dict)
    measured: frozenset[str] = frozenset()

    def in_seconds(self, unit: Unit, source: Path) -> Package:
        """The same with times in seconds.

        The package's durations are taken to be of the same unit, unless they are shorter than that by far, and so are
        seconds.

        Raises:
            InputError: if the unit is frames, and a video has no rate.
        """
        if unit.per_second == 1.0:
            return self
        per_second = {name: self._per_second(name, unit, source) for name in self.annotations.videos}
        stated = {name: video for name, video in self.annotations.videos.items() if name not in self.measured}
        durations_too = bool(stated) and _ends_after(stated) is None
        videos = {}
        for name, video in self.annotations.videos.items():
            by = per_second[name]
            videos[name] = replace(
                video,
                duration=video.duration / (by if durations_too and name in stated else 1.0),
                segments=tuple(replace(s, start=s.start / by, end=s.end / by) for s in video.segments),
                ambiguous=tuple((start / by, end / by) for start, end in video.ambiguous),
            )
        of = "times and durations" if durations_too else "times, but not durations," if stated else "times"
        notes = [*self.notes, f"{of} were {unit.name}; now seconds"]
        return replace(self, annotations=replace(self.annotations, videos=videos), notes=notes)

    def _per_second(self, name: str, unit: Unit, source: Path) -> float:
        rate = unit.per_second or self.rates.get(name)
        if rate is None:
            expected = f"its fps there, or {arg('unit')} frames@25 with the rate of all"
            raise InputError(f"says no frame rate of {name}", source=source, expected=expected)
        return rate

    def late(self) -> list[str]:
        """What is to be said of segments that end after their videos: nothing, how many, or in which unit they are."""
        sentence = _ends_after(self.annotations.videos)
        if sentence is not None:
            return [f"{sentence}: {arg('unit')} says in which unit the times of the annotations are"]
        videos = self.annotations.videos.values()
        count = sum(segment.end > video.duration for video in videos for segment in video.segments)
        if not count:
            return []
        return [f"{counted(count, 'segment')} beyond the annotated duration of the video; kept as published"]


def _ends_after(videos: Mapping[str, Video]) -> str | None:
    """A sentence where many segments end after their video."""
    known = [(name, video.duration) for name, video in videos.items()]
    found = [
        (number, (segment.start, segment.end))
        for number, video in enumerate(videos.values())
        for segment in video.segments
    ]
    numbers = np.array([number for number, _ in found], dtype=np.int64)
    spans = np.array([span for _, span in found], dtype=np.float64).reshape(-1, 2)
    return late(spans, numbers, known, "segments")


@dataclass(slots=True)
class SegmentMender:
    """Makes segments out of a package's times, and counts those that are not as they should be.

    A segment that ends after its video is kept as it is: scores stay comparable with published ones, which were
    computed on the same times. A negative start becomes 0. A segment that ends before it starts cannot be found by
    anything; it is skipped, while its label stays a tag of the video.
    """

    negative: int = 0
    reversed: int = 0

    def segments(self, spans: Iterable[tuple[str, float, float]]) -> tuple[Segment, ...]:
        """Segments of (label, start, end).

        Raises:
            ValueError: if a time is not finite or a label is empty.
        """
        found = []
        for label, start, end in spans:
            if math.isfinite(start) and start < 0:
                self.negative += 1
                start = 0.0
            if math.isfinite(start) and end < start:
                self.reversed += 1
                continue
            found.append(Segment(start, end, label))
        return tuple(found)

    def notes(self) -> list[str]:
        """One line for each kind that occurred."""
        told = [
            (self.negative, "from before the start of the video; now from 0"),
            (self.reversed, "with the end before the start; skipped, the labels stay tags"),
        ]
        return [f"{counted(count, 'segment')} {what}" for count, what in told if count]
