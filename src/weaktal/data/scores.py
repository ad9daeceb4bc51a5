"""Scores of whole videos on disk, so that decoding can run again without the model.

One safetensors file holds, for each video NAME, ``snippets/NAME`` (T, C) and ``video/NAME`` (C,), both float32, and in
its metadata under ``weaktal`` a JSON text: classes, grid, durations, and where the scores come from. There may be
``changes/NAME`` (T,) as well: how much the features change at the start of each snippet. Both the writer and the reader
hold one video at a time.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Annotated, Any

import numpy as np
from pydantic import BaseModel, Field, ValidationError
from safetensors import SafetensorError, safe_open

from weaktal.arrays import Floats32
from weaktal.data.annotations import Length, Name
from weaktal.errors import InputError, shown
from weaktal.files import Kept, from_validation, replacing
from weaktal.timeline import MOST_FRAMES, SnippetGrid

WHAT = "scores that weaktal stored"
_KEY = "weaktal"
_SNIPPETS, _VIDEO, _CHANGES = "snippets/", "video/", "changes/"


@dataclass(frozen=True, slots=True)
class VideoScores:
    """Scores of one video: ``snippets`` (T, C), ``video`` (C,).

    Beside them, where they are known, the ``changes`` of the features at the start of each snippet, (T,).
    """

    name: str
    snippets: Floats32
    video: Floats32
    changes: Floats32 | None = None


class _Grid(BaseModel):
    fps: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    window: Annotated[int, Field(gt=0, le=MOST_FRAMES)]
    stride: Annotated[int, Field(gt=0, le=MOST_FRAMES)]


class _Head(BaseModel):
    classes: tuple[Name, ...]
    grid: _Grid
    durations: dict[str, Length]
    origin: dict[str, Kept] = {}


class ScoreWriter:
    """Writes scores video by video; see :func:`writing_scores`."""

    def __init__(self, body: IO[bytes], classes: tuple[str, ...]) -> None:
        self._body = body
        self._classes = classes
        self.durations: dict[str, float] = {}
        self.tensors: dict[str, dict[str, Any]] = {}

    def add(
        self, name: str, duration: float, snippets: Floats32, video: Floats32, changes: Floats32 | None = None
    ) -> None:
        """Adds one video.

        Args:
            name: of the video; each once.
            duration: seconds.
            snippets: finite scores, shape (T, C), T at least 1.
            video: finite scores, shape (C,).
            changes: of the features at the start of each snippet, finite, shape (T,).

        Raises:
            ValueError: if the video is there already or the scores are not as they should be.
        """
        count = len(self._classes)
        if name in self.durations:
            raise ValueError(f"scores of {name!r} exist already")
        if snippets.ndim != 2 or len(snippets) < 1 or snippets.shape[1] != count or video.shape != (count,):
            raise ValueError(f"scores of {name!r} have shapes {snippets.shape}, {video.shape} for {count} classes")
        if changes is not None and changes.shape != (len(snippets),):
            raise ValueError(f"changes of {name!r} have shape {changes.shape} for {len(snippets)} snippets")
        tensors = {_SNIPPETS: snippets, _VIDEO: video, **({} if changes is None else {_CHANGES: changes})}
        if not all(np.isfinite(values).all() for values in tensors.values()):
            raise ValueError(f"scores of {name!r} hold NaN or infinity")
        self.durations[name] = float(duration)
        for prefix, values in tensors.items():
            self._put(prefix + name, values)

    def _put(self, key: str, values: Floats32) -> None:
        start = self._body.tell()
        self._body.write(np.ascontiguousarray(values, dtype="<f4").tobytes())
        self.tensors[key] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [start, self._body.tell()]}


@contextlib.contextmanager
def writing_scores(
    path: Path, classes: Iterable[str], grid: SnippetGrid, origin: Mapping[str, Any] | None = None
) -> Iterator[ScoreWriter]:
    """Gives a writer; the file appears, whole, when the block ends well.

    safetensors puts the list of tensors first, so the numbers wait in a temporary file until all are known.

    Args:
        path: the file to write.
        classes: in the order of the scores.
        grid: how snippets lie on time.
        origin: where the scores come from, such as run and branch; anything that JSON can hold.

    Raises:
        InputError: if the file cannot be written.
    """
    with replacing(path) as temporary, tempfile.TemporaryFile(dir=path.parent) as body:
        writer = ScoreWriter(body, tuple(classes))
        yield writer
        head = {
            "classes": list(classes),
            "grid": {"fps": grid.fps, "window": grid.window, "stride": grid.stride},
            "durations": writer.durations,
            "origin": dict(origin or {}),
        }
        header = {"__metadata__": {_KEY: json.dumps(head, ensure_ascii=False, allow_nan=False)}, **writer.tensors}
        encoded = json.dumps(header, ensure_ascii=False).encode()
        encoded += b" " * (-len(encoded) % 8)  # the format asks for numbers that start at a multiple of 8 bytes
        body.seek(0)
        with temporary.open("wb") as stream:
            stream.write(len(encoded).to_bytes(8, "little") + encoded)
            shutil.copyfileobj(body, stream, 1 << 20)


@dataclass(frozen=True, slots=True)
class StoredScores:
    """A scores file whose head has been read; iterating reads its videos one by one, in the order they were written.

    Attributes:
        classes: in the order of the scores.
        grid: how snippets lie on time.
        durations: seconds, by video.
        origin: where the scores come from.
        source: the file.
        with_changes: videos with the changes of their features.
    """

    classes: tuple[str, ...]
    grid: SnippetGrid
    durations: Mapping[str, float]
    origin: Mapping[str, Any] = field(compare=False)
    source: Path = field(compare=False)
    with_changes: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.durations)

    def __iter__(self) -> Iterator[VideoScores]:
        with _opened(self.source) as file:
            for name in self.durations:
                yield self._video(file, name)

    def read(self, name: str) -> VideoScores:
        """The scores of one video.

        Raises:
            InputError: if it is not there or damaged.
        """
        with _opened(self.source) as file:
            return self._video(file, name)

    def _video(self, file: Any, name: str) -> VideoScores:
        count = len(self.classes)
        snippets = self._tensor(file, _SNIPPETS + name, (None, count))
        whole = self._tensor(file, _VIDEO + name, (count,))
        changes = self._tensor(file, _CHANGES + name, (len(snippets),)) if name in self.with_changes else None
        return VideoScores(name, snippets, whole, changes)

    def _tensor(self, file: Any, key: str, shape: tuple[int | None, ...]) -> Floats32:
        expected = "float32 of shape (" + ", ".join("T" if n is None else str(n) for n in shape) + ")"
        try:
            values: Floats32 = file.get_tensor(key)
        except (SafetensorError, TypeError, ValueError) as error:
            raise InputError(f"cannot be read ({error})", source=self.source, place=key, expected=expected) from None
        fits = len(values.shape) == len(shape) and all(
            have > 0 and want in (None, have) for have, want in zip(values.shape, shape, strict=True)
        )
        if values.dtype != np.float32 or not fits:
            raise InputError(
                f"is {values.dtype} of shape {values.shape}", source=self.source, place=key, expected=expected
            )
        if not np.isfinite(values).all():
            raise InputError("holds NaN or infinity", source=self.source, place=key, expected="finite scores")
        return values


def read_scores(path: Path) -> StoredScores:
    """Opens a scores file: its head is read and checked, the scores stay on disk.

    Raises:
        InputError: if the file is missing, damaged, or not a scores file.
    """
    with _opened(path) as file:
        text = (file.metadata() or {}).get(_KEY)
        keys = set(file.keys())
    if text is None:
        raise InputError(f"has no {shown(_KEY)} in its metadata", source=path, expected=WHAT)
    try:
        head = _Head.model_validate_json(text)
    except ValidationError as error:
        raise from_validation(error, path) from None
    wanted = {prefix + name for name in head.durations for prefix in (_SNIPPETS, _VIDEO)}
    changing = frozenset(name for name in head.durations if _CHANGES + name in keys)
    wanted |= {_CHANGES + name for name in changing}
    if keys != wanted:
        odd = min(keys ^ wanted)
        fault = "is missing" if odd in wanted else "belongs to no video"
        raise InputError(fault, source=path, place=odd, expected="two tensors for each video")
    grid = SnippetGrid(head.grid.fps, head.grid.window, head.grid.stride)
    return StoredScores(head.classes, grid, head.durations, head.origin, path, changing)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    if not path.is_file():
        problem = "is a folder" if path.is_dir() else "no such file"
        raise InputError(problem, source=path, expected=f"a file of {WHAT}")
    try:
        opened = safe_open(str(path), framework="numpy")
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(
            f"is not a whole safetensors file ({error})", source=path, expected=f"a file of {WHAT}"
        ) from None
    with opened as file:
        yield file
