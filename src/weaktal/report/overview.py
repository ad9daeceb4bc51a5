"""What a dataset holds before any training: how often each class occurs, and how long the videos are."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from weaktal.data.annotations import Video
from weaktal.report.content import LengthCount, TagCount

_EDGES = (0, 10, 30, 60, 120, 300, 600, 1800, 3600, float("inf"))  # seconds


def tag_counts(videos: Iterable[Video], classes: Iterable[str]) -> list[TagCount]:
    """Each class of the list that occurs, in its order: videos with its tag, and its annotated segments."""
    known = list(videos)
    counts = []
    for label in classes:
        tagged = sum(label in video.labels for video in known)
        segments = [segment for video in known for segment in video.segments if segment.label == label]
        if tagged or segments:
            seconds = sum(segment.duration for segment in segments)
            counts.append(TagCount(label, tagged, tagged / len(known), len(segments), seconds))
    return counts


def length_counts(videos: Iterable[Video]) -> list[LengthCount]:
    """How many videos lie in each range of lengths that occurs."""
    lengths = [video.duration for video in videos]
    counts = []
    for low, high in pairwise(_EDGES):
        number = sum(low <= length < high for length in lengths)
        if number:
            said = f"{_said(low)} to {_said(high)}" if high < float("inf") else f"{_said(low)} or more"
            counts.append(LengthCount(said, number, number / len(lengths)))
    return counts


def _said(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 60 else f"{seconds / 60:g} min"
