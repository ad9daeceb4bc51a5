"""Tasks of Label Studio (.json): segments as predictions on a video's timeline, for people to correct.

A project for them has this labelling interface, with a ``Label`` for each class::

    <View>
      <TimelineLabels name="segments" toName="video"><Label value="jump"/></TimelineLabels>
      <Video name="video" value="$video" frameRate="$fps"/>
    </View>

Frames of a timeline count from 1, at the rate that the interface is told. Videos are served by Label Studio itself
where its local files are turned on, with ``/`` as their root.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from weaktal.formats.film import Film

CONTROL, VIDEO, KIND = "segments", "video", "timelinelabels"
LOCAL_FILES = "/data/local-files/?d="


def as_tasks(films: Sequence[Film]) -> str:
    """A task for each video, with its segments as one prediction."""
    return json.dumps([_task(film) for film in films], ensure_ascii=True, indent=1) + "\n"


def _task(film: Film) -> dict[str, Any]:
    data: dict[str, str | float]
    results = []
    for number, segment in enumerate(film.in_time):
        first, end = film.frames(segment)
        results.append(
            {
                "id": f"s{number}",
                "from_name": CONTROL,
                "to_name": VIDEO,
                "type": KIND,
                "value": {"ranges": [{"start": first + 1, "end": end}], KIND: [segment.label]},
                "score": segment.score,
            }
        )
    data = {"video": _address(film.file, film.name), "name": film.name}
    data |= {"fps": float(film.rate)} if film.rate is not None else {}
    data |= {"duration": film.duration} if film.duration is not None else {}
    scores = [segment.score for segment in film.segments]
    prediction = {"model_version": "weaktal", "score": max(scores, default=0.0), "result": results}
    return {"data": data, "predictions": [prediction]}


def _address(file: Path | None, name: str) -> str:
    return LOCAL_FILES + quote(file.absolute().as_posix().lstrip("/")) if file is not None else quote(name)
