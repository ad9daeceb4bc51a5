"""A folder of trimmed clips, each of one class: ``clips.json`` beside ``features.npy``.

``clips.json`` is ``{"source": str, "streams": {NAME: [start, stop]}?, "clips": [{"id", "label", "seconds",
"snippets", "offset"}, ...]}``; rows ``offset`` to ``offset + snippets`` of ``features.npy``, shape (sum of
snippets, D), are a clip's features.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from weaktal.arrays import Floats32
from weaktal.data.annotations import Length, Name
from weaktal.data.features import read_array, read_header
from weaktal.errors import InputError, shown
from weaktal.files import read_model, write_json

CLIPS = "clips.json"
FEATURES = "features.npy"

# A clip whose snippets are longer or shorter than the usual one by more than this share is left out: the grid of a
# composed video would misstate how fast its movement is. 24, 25 and 30 frames a second pass together, 60 does not.
SPACING_TOLERANCE = 0.3


# A word is bounded, so that a long one is not searched from each of its letters to its end.
_STREAM = re.compile(r"\b(\w{1,40})[ =](\d{1,9}):(\d{1,9})\b")


class Clip(BaseModel):
    """One trimmed clip.

    Attributes:
        id: unique name.
        label: its class, from its first to its last frame.
        seconds: how long it is.
        snippets: rows of features.
        offset: its first row.
    """

    model_config = ConfigDict(frozen=True)

    id: Name
    label: Name
    seconds: Length
    snippets: Annotated[int, Field(gt=0, strict=True)]
    offset: Annotated[int, Field(ge=0, strict=True)]

    @property
    def spacing(self) -> float:
        """Seconds per snippet."""
        return self.seconds / self.snippets


class _ClipsFile(BaseModel):
    source: str = ""
    streams: dict[str, tuple[int, int]] | None = None
    clips: Annotated[list[Clip], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class ClipFolder:
    """A folder of clips, checked; the features stay on disk until rows are read.

    Attributes:
        folder: where it lies.
        source: what the features are, in words.
        clips: all clips, in file order.
        dim: D, columns of the features.
        streams: column ranges of the modalities; None where unknown.
    """

    folder: Path
    source: str
    clips: tuple[Clip, ...]
    dim: int
    streams: Mapping[str, tuple[int, int]] | None

    def features(self) -> Floats32:
        """All rows as float32, shape (sum of snippets, D).

        Raises:
            InputError: if a number is NaN or infinite.
        """
        path = self.folder / FEATURES
        rows = read_array(path)
        bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
        if bad.size:
            raise InputError("holds NaN or infinity", source=path, place=f"row {bad[0]}", expected="finite numbers")
        return rows


def read_clips(folder: Path) -> ClipFolder:
    """Reads and checks a folder of clips.

    Raises:
        InputError: if a file is missing or damaged, or the two do not fit each other.
    """
    path = folder / CLIPS
    content = read_model(path, _ClipsFile, "a list of trimmed clips")
    header = read_header(folder / FEATURES)
    _check_ids(path, content.clips)
    _check_rows(path, content.clips, header.rows)
    streams = content.streams or streams_in_words(content.source, header.columns)
    check_streams(streams, header.columns, path)
    return ClipFolder(folder, content.source, tuple(content.clips), header.columns, streams)


def write_clips(folder: Path, origin: ClipFolder, chosen: Sequence[Clip], rows: Floats32) -> None:
    """Writes some of ``origin``'s clips as a clip folder of their own; ``rows`` are all of ``origin``'s features."""
    folder.mkdir(parents=True, exist_ok=True)
    moved, offset = [], 0
    for clip in chosen:
        moved.append(clip.model_copy(update={"offset": offset}))
        offset += clip.snippets
    streams = {"streams": {name: list(span) for name, span in origin.streams.items()}} if origin.streams else {}
    write_json(
        folder / CLIPS, {"source": origin.source, **streams, "clips": [clip.model_dump(mode="json") for clip in moved]}
    )
    index = np.concatenate([np.arange(clip.offset, clip.offset + clip.snippets) for clip in chosen])
    np.save(folder / FEATURES, rows[index])


def common_spacing(clips: Sequence[Clip], source: Path) -> tuple[float, list[Clip], list[Clip]]:
    """Seconds per snippet that most clips share (the median), the clips that agree with it, and those that do not.

    Raises:
        InputError: if fewer than half of the clips agree.
    """
    spacing = statistics.median(clip.spacing for clip in clips)
    kept: list[Clip] = []
    odd: list[Clip] = []
    for clip in clips:
        (kept if abs(clip.spacing - spacing) <= SPACING_TOLERANCE * spacing else odd).append(clip)
    if len(kept) * 2 < len(clips):
        low, high = min(clip.spacing for clip in clips), max(clip.spacing for clip in clips)
        raise InputError(
            f"snippets last between {low:.3g} and {high:.3g} s", source=source, expected="clips of one frame rate"
        )
    return spacing, kept, odd


def streams_in_words(source: str, dim: int) -> dict[str, tuple[int, int]] | None:
    """Column ranges that a description such as ``"I3D (RGB 0:1024, flow 1024:2048)"`` names, if they cover all columns.

    >>> streams_in_words("two-stream I3D (RGB 0:1024, flow 1024:2048)", 2048)
    {'rgb': (0, 1024), 'flow': (1024, 2048)}
    """
    found = _STREAM.findall(source)
    named = {name.lower(): (int(start), int(stop)) for name, start, stop in found}
    edges = [edge for span in sorted(named.values()) for edge in span]
    tiles = bool(edges) and edges[0] == 0 and edges[-1] == dim and edges[1:-1:2] == edges[2:-1:2]
    return named if tiles else None


def check_streams(streams: Mapping[str, tuple[int, int]] | None, dim: int, source: Path | str) -> None:
    """Refuses column ranges that do not lie within the features.

    Raises:
        InputError: naming the stream.
    """
    for name, (start, stop) in (streams or {}).items():
        if not 0 <= start < stop <= dim:
            raise InputError(f"stream {name} is {start}:{stop}", source=source, expected=f"a range within 0:{dim}")


def _check_ids(path: Path, clips: Sequence[Clip]) -> None:
    seen: set[str] = set()
    for index, clip in enumerate(clips):
        if clip.id in seen:
            raise InputError(f"{shown(clip.id)} appears twice", source=path, place=f"clips.{index}.id")
        seen.add(clip.id)


def _check_rows(path: Path, clips: Sequence[Clip], rows: int) -> None:
    """Every row belongs to exactly one clip: shared rows would leak from one split into another."""
    end, before = 0, ""
    for clip in sorted(clips, key=lambda clip: clip.offset):
        if clip.offset != end:
            fault = f"starts at row {clip.offset}, the clip before it ({before}) ends at row {end}"
            raise InputError(fault if before else f"starts at row {clip.offset}", source=path, place=f"clip {clip.id}",
                             expected=f"offset {end}")  # fmt: skip
        end, before = clip.offset + clip.snippets, clip.id
    if end != rows:
        raise InputError(
            f"the clips have {end} snippets", source=path, expected=f"{rows}, the rows of {path.parent / FEATURES}"
        )
