"""Reads results files that are as they should be, several times as fast as :mod:`weaktal.data.results` reads any.

Nothing here says what is wrong with a file: it says "not this way", and the slow way names the fault or mends it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from msgspec import UNSET, Meta, Raw, Struct
from msgspec.json import Decoder

from weaktal.arrays import Bools
from weaktal.data.columns import ROW, Columns, Rows
from weaktal.files import finite_throughout


class _Prediction(Struct, forbid_unknown_fields=True, gc=False):
    label: Annotated[str, Meta(min_length=1)]
    segment: tuple[float, float]
    score: float
    sure: Any = UNSET
    final: Any = UNSET


@dataclass(frozen=True, slots=True, eq=False)
class QuickResults:
    """What a results file holds.

    Attributes:
        columns: its segments.
        final: which of them are marked as final, shape (N,).
        version, external_data: as the file has them.
    """

    columns: Columns
    final: Bools
    version: Any
    external_data: Any


_OBJECT = Decoder(dict[str, Raw])
_PREDICTIONS = Decoder(list[_Prediction])
_SPACED_KEY = re.compile(rb'"\s+:').search


def read_columns(content: bytes) -> QuickResults | None:
    """A results file in ActivityNet's JSON layout; None if it is not as it should be, or too unusual to tell.

    Args:
        content: in UTF-8.
    """
    try:
        members = _OBJECT.decode(content)
        videos = _OBJECT.decode(members.pop("results"))
        rest = _Counted()
        others = {name: json.loads(bytes(raw), object_pairs_hook=rest) for name, raw in members.items()}
        read = _Reader(marked=b'"final"' in content or b'"sure"' in content)
        for raw in videos.values():
            read.video(_PREDICTIONS.decode(raw))
    except (KeyError, ValueError, RecursionError, OverflowError):  # msgspec's errors are ValueErrors
        return None
    keys = 1 + len(members) + rest.keys + len(videos) + read.keys
    if not (_holds_as_many(content, keys) and read.good and finite_throughout(others.get("external_data"))):
        return None
    rows = np.concatenate(read.rows) if read.rows else np.zeros(0, ROW)
    final = np.concatenate(read.final) if read.final else np.zeros(0, np.bool_)
    columns = Columns(tuple(videos), np.cumsum(read.counts, dtype=np.int64), tuple(read.classes), rows)
    return QuickResults(columns, final, others.get("version", ""), others.get("external_data"))


class _Reader:
    """Takes the predictions of one video after another; only the numbers are kept.

    Args:
        marked: predictions may be final, or say how sure they are.
    """

    def __init__(self, *, marked: bool) -> None:
        self.marked = marked
        self.rows: list[Rows] = []
        self.final: list[Bools] = []
        self.counts: list[int] = []
        self.classes: dict[str, int] = {}
        self.keys = 0
        self.good = True

    def video(self, predictions: list[_Prediction]) -> None:
        rows = np.empty(len(predictions), ROW)
        spans = np.array([prediction.segment for prediction in predictions], np.float64).reshape(-1, 2)
        rows["start"], rows["end"] = spans[:, 0], spans[:, 1]
        rows["score"] = [prediction.score for prediction in predictions]
        labels = [prediction.label for prediction in predictions]
        for label in set(labels).difference(self.classes):
            self.classes[label] = len(self.classes)
        rows["label"] = [self.classes[label] for label in labels]
        forwards = (rows["start"] >= 0) & (rows["start"] <= rows["end"])
        self.good &= bool(forwards.all() and np.isfinite(spans).all() and np.isfinite(rows["score"]).all())
        self.keys += 3 * len(predictions)
        final = np.zeros(len(predictions), np.bool_)
        if self.marked:
            self.keys += sum((p.sure is not UNSET) + (p.final is not UNSET) for p in predictions)
            final[:] = [prediction.final is True for prediction in predictions]
        self.final.append(final)
        self.counts.append(len(predictions))
        self.rows.append(rows)


class _Counted:
    """Counts the keys of the objects that are parsed."""

    def __init__(self) -> None:
        self.keys = 0

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        self.keys += len(found)
        return found


def _holds_as_many(content: bytes, keys: int) -> bool:
    """Whether a JSON text has exactly so many keys: no more than were kept, so that none appears twice.

    A key is what a quote and a colon follow. They may follow each other within text too, which makes the count too
    high, never too low; blanks between the two would make it too low.
    """
    quoted = content.count(b'":')
    return quoted == keys and (content.count(b":") == quoted or not _SPACED_KEY(content))
