"""Segments for other programs, one format a file: pure functions of segments by video.

``FORMATS`` names what can be written. ``film`` holds what a format sees of a video, and turns seconds into frames;
``text`` makes names harmless. ``table`` makes rows, CSV and pandas, ``drawing`` a timeline for a notebook. Modules here
know nothing of datasets, results files or runs.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from weaktal.formats.film import Film

Needs = Literal["nothing", "the file", "a rate", "all pictures"]


@dataclass(frozen=True, slots=True)
class Format:
    """How segments are written for another program.

    Attributes:
        function: ``module:name`` below ``weaktal.formats``, of a function that makes a file's text.
        ending: of its files.
        together: whether one file holds all videos; else each has its own.
        needs: what must be known of a video: nothing, where its file lies if that is known, also its frame rate, also
            when each of its pictures is shown if the file is there.
    """

    function: str
    ending: str
    together: bool = False
    needs: Needs = "nothing"


FORMATS: Mapping[str, Format] = {
    "csv": Format("table:films_as_csv", "csv", together=True),
    "srt": Format("srt:as_srt", "srt"),
    "vtt": Format("vtt:as_chapters", "vtt"),
    "vtt-metadata": Format("vtt:as_metadata", "vtt"),
    "audacity": Format("audacity:as_labels", "txt"),
    "label-studio": Format("label_studio:as_tasks", "json", together=True, needs="a rate"),
    "eaf": Format("eaf:as_eaf", "eaf", needs="the file"),
    "edl": Format("edl:as_edl", "edl", needs="a rate"),
    "otio": Format("otio:as_otio", "otio", needs="a rate"),
    "fiftyone": Format("fiftyone:as_temporal_detections", "json", together=True, needs="all pictures"),
}


def rendered(films: Sequence[Film], name: str) -> str:
    """Videos with their segments as the text of a file in the named format, one of :data:`FORMATS`.

    Args:
        films: one, unless the format holds all videos together.
        name: of the format.

    Raises:
        InputError: as of the format's function.
    """
    form = FORMATS[name]
    module, _, function = form.function.partition(":")
    render: Callable[..., str] = getattr(importlib.import_module(f"weaktal.formats.{module}"), function)
    return render(films) if form.together else render(*films)
