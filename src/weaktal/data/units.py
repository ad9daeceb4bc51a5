"""Units of time: those that annotations come in, and whether segments lie inside their videos in seconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from weaktal.arrays import Floats, Integers
from weaktal.errors import InputError, arg, shown

# Published annotations have one or two segments in a hundred that end after their video, most by a hair.
TOLERATED = 0.05
SLACK = 1.0  # seconds that a segment may end after its video
STRETCH = 1.05  # of the video's length, likewise

# How many of a unit there are in a second. A rate of frames is a guess at a video's.
UNITS = (("frames (at 60 a second or fewer)", 60.0), ("milliseconds", 1e3), ("microseconds", 1e6), ("nanoseconds", 1e9))
LEAST_DURATION = 5.0  # seconds, of videos that tell shares of a video from seconds


_NAMES = {
    "seconds": 1.0, "s": 1.0, "milliseconds": 1e3, "ms": 1e3, "microseconds": 1e6, "us": 1e6, "nanoseconds": 1e9,
    "ns": 1e9,
}  # fmt: skip
_EXPECTED = "seconds, milliseconds, microseconds, nanoseconds, frames@25 with their rate, or frames"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of time.

    Attributes:
        name: as the user wrote it.
        per_second: how many make a second; None for frames, of which each video has a rate of its own.
    """

    name: str
    per_second: float | None

    @classmethod
    def parse(cls, text: str) -> Unit:
        """A unit by name: ``milliseconds`` or ``ms``, ``frames@25`` or ``frames``.

        Raises:
            InputError: if it is none.
        """
        name, at, rate = text.strip().lower().partition("@")
        if name == "frames" and not at:
            return cls(text, None)
        try:
            count = float(rate) if name == "frames" else _NAMES[name] if not at else 0.0
        except (KeyError, ValueError):
            count = 0.0
        if not 0 < count < math.inf:
            raise InputError(f"is {shown(text)}", source=arg("unit"), expected=_EXPECTED)
        return cls(text, count)


def beyond(spans: Floats, videos: Integers, known: Sequence[tuple[str, float]], what: str) -> str | None:
    """A sentence where times are not seconds by the looks of them: those of :func:`late`, and shares of a video.

    The arguments are those of :func:`late`.
    """
    sentence = late(spans, videos, known, what)
    if sentence is not None or len(spans) < 2:
        return sentence
    shortest = min(known[video][1] for video in np.flatnonzero(np.bincount(videos)).tolist())  # np.unique imports np.ma
    if shortest > LEAST_DURATION and 0 < spans[:, 1].max() <= 1.0:
        return f"all {len(spans):,} {what} end within the first second: shares of a video? Seconds are expected"
    return None


def late(spans: Floats, videos: Integers, known: Sequence[tuple[str, float]], what: str) -> str | None:
    """A sentence where many segments end after their video, with the unit that would put them inside, if one would.

    Args:
        spans: start and end, shape (N, 2).
        videos: the number of each segment's video, shape (N,).
        known: name and duration in seconds of each video, by number.
        what: what the segments are, in the plural, for the sentence.
    """
    if not len(spans):
        return None
    ends = spans[:, 1]
    lengths = np.array([duration for _, duration in known])[videos]  # (N,)
    after = ends > lengths * STRETCH + SLACK
    if int(after.sum()) <= TOLERATED * len(ends):
        return None
    first = int(np.argmax(after))
    name, duration = known[videos[first]]
    start, end = spans[first].tolist()
    guess = _unit(ends, lengths)
    advice = f"; in {guess} they would fit, and seconds are expected" if guess else ": is `duration` right?"
    return (
        f"{int(after.sum()):,} of {len(ends):,} {what} end after their video: {name} has one of {start:g} to "
        f"{end:g} s, and a duration of {duration:g} s{advice}"
    )


def _unit(ends: Floats, lengths: Floats) -> str | None:
    """The first unit in which nearly all segments lie inside their videos."""
    for name, per_second in UNITS:
        outside = ends / per_second > lengths * STRETCH + SLACK
        if int(outside.sum()) <= TOLERATED * len(ends):
            return name
    return None
