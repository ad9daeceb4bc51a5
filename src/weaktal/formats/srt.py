"""SubRip subtitles (.srt): a label and its score while a segment lasts."""

from __future__ import annotations

from weaktal.formats.film import Film
from weaktal.formats.text import at_least_a_tick, clock, plain

# SubRip knows no escapes, and players take <...> and {...} for markup: wide forms of the characters look alike.
_WIDE = str.maketrans({"<": "\uff1c", ">": "\uff1e", "{": "\uff5b", "}": "\uff5d"})


def as_srt(film: Film) -> str:
    """Subtitles of a video, in order of time; those of overlapping segments are shown together."""
    cues = []
    for number, segment in enumerate(film.in_time, start=1):
        start, end = (clock(moment, ",") for moment in at_least_a_tick(segment.start, segment.end))
        cues.append(f"{number}\n{start} --> {end}\n{plain(segment.label).translate(_WIDE)} ({segment.score:.2f})\n")
    return "\n".join(cues)
