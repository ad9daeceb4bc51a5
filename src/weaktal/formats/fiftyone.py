"""Temporal detections for FiftyOne, written without it: labels.json of a ``FiftyOneTemporalDetectionDataset``.

``fo.Dataset.from_dir`` reads it, given this type and the file as ``labels_path``; videos are named by their absolute
paths.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from weaktal.formats.film import Film
from weaktal.segments import Segment


def as_temporal_detections(films: Sequence[Film]) -> str:
    """The detections of all videos, with frames counted from 1; in seconds where frames are unknown."""
    classes = sorted({segment.label for film in films for segment in film.segments})
    content = {"classes": classes, "labels": {_key(film): _detections(film, classes) for film in films}}
    return json.dumps(content, ensure_ascii=True, indent=1) + "\n"


def _key(film: Film) -> str:
    return film.file.absolute().as_posix() if film.file is not None else film.name


def _detections(film: Film, classes: Sequence[str]) -> list[dict[str, Any]]:
    places = {label: place for place, label in enumerate(classes)}
    return [{"label": places[s.label], **_support(film, s), "confidence": s.score} for s in film.in_time]


def _support(film: Film, segment: Segment) -> dict[str, Any]:
    if film.rate is None and film.times is None:
        return {"timestamps": [segment.start, segment.end]}
    first, last = film.pictures(segment)
    return {"support": [first + 1, last + 1]}
