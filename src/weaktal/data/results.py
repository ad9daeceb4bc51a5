"""Predictions of a dataset: segments by video, in ActivityNet's results layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from weaktal.data.annotations import Name, Seconds
from weaktal.errors import InputError
from weaktal.files import collector_paused, read_model, write_json
from weaktal.segments import Segment, by_score

WHAT = "results in ActivityNet's JSON layout"


@dataclass(frozen=True, slots=True)
class Results:
    """Predicted segments by video; ``external`` says how they came to be."""

    videos: Mapping[str, Sequence[Segment]]
    version: str = "weaktal 1"
    external: Mapping[str, Any] = field(default_factory=dict)
    source: Path | None = field(default=None, compare=False)


class _Prediction(TypedDict):  # results hold tens of thousands; a model each would double the time to read them
    label: Name
    segment: tuple[Seconds, Seconds]
    score: Annotated[float, Field(allow_inf_nan=False, strict=True)]


class _ResultsFile(BaseModel):
    version: Any = ""
    results: dict[str, list[_Prediction]]
    external_data: Any = None


def read_results(path: Path) -> Results:
    """Reads and validates a results file.

    Raises:
        InputError: if the file is missing or not as it should be, such as an end before its start.
    """
    with collector_paused():
        content = read_model(path, _ResultsFile, WHAT)
        videos = {name: _segments(path, name, predictions) for name, predictions in content.results.items()}
    external = content.external_data if isinstance(content.external_data, dict) else {}
    return Results(videos=videos, version=str(content.version), external=external, source=path)


def _segments(path: Path, video: str, predictions: list[_Prediction]) -> list[Segment]:
    found = []
    for index, prediction in enumerate(predictions):
        start, end = prediction["segment"]
        try:
            found.append(Segment(start, end, prediction["label"], prediction["score"]))
        except ValueError as error:
            raise InputError(str(error), source=path, place=f"results.{video}.{index}") from None
    return found


def write_results(path: Path, results: Results) -> None:
    """Writes a results file, whole or not at all, each video's segments sorted by falling score."""
    content = {
        "version": results.version,
        "external_data": dict(results.external),
        "results": {
            name: [{"label": s.label, "segment": [s.start, s.end], "score": s.score} for s in by_score(list(segments))]
            for name, segments in results.videos.items()
        },
    }
    write_json(path, content)
