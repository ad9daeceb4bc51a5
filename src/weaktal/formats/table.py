"""Segments as rows: one a segment, with the columns video, start, end, label and score."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from weaktal.formats.film import Film
from weaktal.packages import require
from weaktal.segments import Segment

if TYPE_CHECKING:
    import pandas

COLUMNS = ("video", "start", "end", "label", "score")
# What a spreadsheet would take for a formula, and run, where a name begins with it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def rows(videos: Mapping[str, Sequence[Segment]]) -> Iterator[tuple[str, float, float, str, float]]:
    """Video, start and end in seconds, label and score of each segment, in the order of the videos."""
    for video, segments in videos.items():
        for segment in segments:
            yield video, segment.start, segment.end, segment.label, segment.score


def as_csv(videos: Mapping[str, Sequence[Segment]]) -> str:
    """A comma-separated table with a header. Times have milliseconds.

    A name that a spreadsheet would run as a formula gets an apostrophe before it.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for video, start, end, label, score in rows(videos):
        writer.writerow([harmless(video), f"{start:.3f}", f"{end:.3f}", harmless(label), f"{score:.6g}"])
    return text.getvalue()


def films_as_csv(films: Sequence[Film]) -> str:
    """All videos in one table; see :func:`as_csv`."""
    return as_csv({film.name: film.segments for film in films})


def harmless(name: str) -> str:
    """A name with an apostrophe before it where a spreadsheet would run it as a formula."""
    return f"'{name}" if name.startswith(_FORMULA) else name


def as_pandas(videos: Mapping[str, Sequence[Segment]]) -> pandas.DataFrame:
    """A data frame with the columns of :data:`COLUMNS`.

    Raises:
        InputError: if pandas is not installed.
    """
    require("pandas", what="a data frame")
    import pandas

    return pandas.DataFrame(list(rows(videos)), columns=list(COLUMNS))
