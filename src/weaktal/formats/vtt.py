"""WebVTT (.vtt, W3C): segments as chapters of a player, or as metadata for a script."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable

from weaktal.formats.film import Film
from weaktal.formats.text import at_least_a_tick, clock, plain
from weaktal.segments import Segment


def as_chapters(film: Film) -> str:
    """A chapter for each segment.

    Chapters may lie inside each other, but must not overlap otherwise: the earlier one then ends where the next begins.
    """
    return _file((s.start, s.end, html.escape(plain(s.label), quote=False)) for s in nested(film.in_time))


def as_metadata(film: Film) -> str:
    """A cue for each segment that holds it as JSON: label, start and end in seconds, score."""
    return _file((s.start, s.end, _json(s)) for s in film.in_time)


def _json(segment: Segment) -> str:
    content = {"label": segment.label, "start": segment.start, "end": segment.end, "score": segment.score}
    return json.dumps(content).replace(">", "\\u003e")  # an arrow would begin another cue


def _file(cues: Iterable[tuple[float, float, str]]) -> str:
    blocks = ["WEBVTT\n"]
    for start, end, text in cues:
        first, last = (clock(moment, ".") for moment in at_least_a_tick(start, end))
        blocks.append(f"{first} --> {last}\n{text}\n")
    return "\n".join(blocks)


def nested(segments: Iterable[Segment]) -> list[Segment]:
    """Segments of which each two lie apart or one inside the other; in order of time, the longer one first.

    Args:
        segments: in any order.
    """
    found: list[Segment] = []
    around: list[int] = []  # places in ``found`` of the chapters that are open, the innermost last
    for segment in sorted(segments, key=lambda s: (s.start, -s.end, s.label)):
        while around and found[around[-1]].end <= segment.start:
            around.pop()
        for place in around:
            outer = found[place]
            if outer.end < segment.end:
                found[place] = Segment(outer.start, max(outer.start, segment.start), outer.label, outer.score)
        around = [place for place in around if found[place].end > segment.start]
        around.append(len(found))
        found.append(segment)
    return found
