"""Edit decision lists (.edl, CMX 3600): the segments one after another, as a rough cut."""

from __future__ import annotations

from fractions import Fraction

from weaktal.errors import InputError, arg
from weaktal.formats.film import Film
from weaktal.formats.text import plain

MOST_EVENTS = 999  # the format has three digits for their number
_DROPPING = {Fraction(30000, 1001): 2, Fraction(60000, 1001): 4}  # frame numbers left out each minute but the tenth


def as_edl(film: Film) -> str:
    """An event for each segment, in order of time; the cut begins at 00:00:00:00, as does the video.

    Time codes count at the video's own rate, drop-frame at 29.97 and 59.94. One of variable rate counts at its average,
    to which editors conform it.

    Raises:
        InputError: if there are more segments than the format can number.
    """
    if len(film.segments) > MOST_EVENTS:
        problem = f"{len(film.segments)} segments of {film.name}"
        raise InputError(
            problem, source=f"{arg('to')} edl", expected=f"{MOST_EVENTS} at most; raise {arg('min_score')}"
        )
    rate = film.rate or Fraction(25)
    mode = "DROP FRAME" if rate in _DROPPING else "NON-DROP FRAME"
    lines = [f"TITLE: {plain(film.name)[:70]}", f"FCM: {mode}", ""]
    position = 0
    for number, segment in enumerate(film.in_time, start=1):
        first, end = film.frames(segment)
        codes = (first, end, position, position + end - first)
        lines.append(f"{number:03d}  AX       V     C        {' '.join(timecode(code, rate) for code in codes)}")
        lines.append(f"* FROM CLIP NAME: {plain(film.file.name if film.file is not None else film.name)}")
        lines.append(f"* COMMENT: {plain(segment.label)} {segment.score:.3f}")
        position += end - first
    return "\n".join(lines) + "\n"


def timecode(frame: int, rate: Fraction) -> str:
    """Hours, minutes, seconds and frames of a frame's number; drop-frame at 29.97 and 59.94.

    >>> timecode(1800, Fraction(30000, 1001)), timecode(1800, Fraction(30))
    ('00:01:00;02', '00:01:00:00')
    """
    whole = round(rate)
    mark = ":"
    if (dropped := _DROPPING.get(rate)) is not None:
        mark = ";"
        per_ten = 10 * 60 * whole - 9 * dropped
        tens, rest = divmod(frame, per_ten)
        minutes = 0 if rest < 60 * whole else 1 + (rest - 60 * whole) // (60 * whole - dropped)
        frame += dropped * (9 * tens + minutes)
    seconds, frames = divmod(frame, whole)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}{frames:02d}"
