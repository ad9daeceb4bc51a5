"""Snippet features on disk, read a slice at a time.

A feature file is mapped into memory for the moment of the read, the wanted rows are copied out, and the mapping is
dropped, so a pass over a store far larger than memory needs no more than one batch.
"""

from __future__ import annotations

import ast
import contextlib
import math
import struct
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from weaktal.arrays import Floats32
from weaktal.data.manifest import FILE, Manifest, read_manifest
from weaktal.data.video_names import other_forms
from weaktal.errors import InputError, arg, first_line, shown
from weaktal.files import is_endless, nature
from weaktal.timeline import SnippetGrid

# A feature file whose length differs from its video's by more than this share, and by more than this many snippets,
# belongs to another video or another grid. Published features are often a few snippets shorter than their videos.
LENGTH_TOLERANCE = 0.25
LENGTH_SLACK = 3

_CHECK_ROWS = 4096  # rows read at once when looking for NaN


@dataclass(frozen=True, slots=True)
class Header:
    """Where the numbers of a feature file lie: shape (rows, columns), dtype, byte offset."""

    rows: int
    columns: int
    dtype: np.dtype[np.float16] | np.dtype[np.float32]
    offset: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a video's features cannot be used."""

    video: str
    error: InputError


def read_header(path: Path) -> Header:
    """The header of a ``.npy`` feature file, checked against the file's size; nothing else of it is read.

    Raises:
        InputError: if it is not a (T, D) array of float32 or float16 that is wholly there.
    """
    expected = "a .npy file of shape (T, D), float32 or float16"
    try:
        if is_endless(path):
            raise InputError("is not a file", source=path, expected=expected)
        with path.open("rb") as stream:
            fields = npy_fields(stream)
            offset = stream.tell()
        size = path.stat().st_size
    except FileNotFoundError:
        problem = "is a broken link" if path.is_symlink() else "no such file"
        raise InputError(problem, source=path, expected=expected) from None
    except IsADirectoryError:
        raise InputError("is a folder", source=path, expected=expected) from None
    except (OSError, ValueError, TypeError, SyntaxError, struct.error, RecursionError, MemoryError) as error:
        raise InputError(f"not a feature file ({no_array(path, error)})", source=path, expected=expected) from None
    shape, dtype = fields
    if len(shape) != 2 or shape[0] < 1 or shape[1] < 1:
        raise InputError(f"has shape {shape}", source=path, expected=expected)
    if dtype not in ("<f4", "<f2"):
        raise InputError(f"has dtype {dtype}", source=path, expected=expected)
    header = Header(rows=shape[0], columns=shape[1], dtype=np.dtype(dtype), offset=offset)
    wanted = offset + header.rows * header.columns * header.dtype.itemsize
    if size != wanted:
        fault = "is truncated" if size < wanted else "has extra bytes at its end"
        raise InputError(f"{fault} ({size} bytes)", source=path, expected=f"{wanted} bytes for shape {shape}")
    return header


def no_array(path: Path, error: Exception) -> str:
    """Why a file that is called ``.npy`` cannot be read, in a few words."""
    other = nature(path)
    return first_line(error) if other is None or other == "a NumPy array" else f"it is {other}"


def read_array(path: Path) -> Floats32:
    """A whole ``.npy`` feature file as float32, (T, D).

    Raises:
        InputError: as :func:`read_header`.
    """
    header = read_header(path)
    rows = np.fromfile(path, header.dtype, header.rows * header.columns, offset=header.offset)
    return rows.reshape(header.rows, header.columns).astype(np.float32, copy=False)


def npy_fields(stream: BinaryIO) -> tuple[tuple[int, ...], str]:
    """Shape and dtype string of the ``.npy`` format (NumPy enhancement proposal 1), with every field checked."""
    magic = stream.read(8)
    if len(magic) != 8 or magic[:6] != b"\x93NUMPY":
        raise ValueError("no .npy signature")
    if magic[6] not in (1, 2, 3) or magic[7] != 0:
        raise ValueError(f"version {magic[6]}.{magic[7]} of the .npy format, not 1.0, 2.0 or 3.0")
    length_format = "<H" if magic[6] == 1 else "<I"
    (length,) = struct.unpack(length_format, stream.read(struct.calcsize(length_format)))
    if length > 10_000:
        raise ValueError("header too long")
    text = stream.read(length)
    if len(text) != length:
        raise ValueError("header cut short")
    fields = ast.literal_eval(text.decode("utf-8" if magic[6] == 3 else "latin1").strip())
    if not isinstance(fields, dict) or set(fields) != {"descr", "fortran_order", "shape"}:
        raise ValueError("header without descr, fortran_order and shape")
    shape, dtype = fields["shape"], fields["descr"]
    if not isinstance(shape, tuple) or not all(type(n) is int and 0 <= n < 2**48 for n in shape):
        raise ValueError(f"shape {shown(shape)}")
    if type(fields["fortran_order"]) is not bool:
        raise ValueError(f"fortran_order {shown(fields['fortran_order'])}")
    if fields["fortran_order"] and len(shape) > 1:
        raise ValueError("columns stored first (Fortran order), which np.ascontiguousarray before np.save mends")
    return shape, dtype if isinstance(dtype, str) else shown(dtype)


class FeatureFolder:
    """One folder of feature files, ``DATASET/features/NAME``.

    Args:
        folder: the folder.
        seconds_per_snippet: the spacing, for a folder without a manifest.
        seconds_per_window: how long a window is, likewise; as long as the spacing by default.
        manifest: what the folder's manifest says, where that is known; it need not be read then.

    Raises:
        InputError: if there is no such folder, or neither a manifest nor a spacing, or they contradict each other.
    """

    def __init__(
        self,
        folder: Path,
        seconds_per_snippet: float | None = None,
        seconds_per_window: float | None = None,
        *,
        manifest: Manifest | None = None,
    ) -> None:
        if manifest is None and not folder.is_dir():
            raise InputError("no such folder of features", source=folder, expected=_known_features(folder))
        self.folder = folder
        self.manifest: Manifest | None = manifest or read_manifest(folder)
        self.grid = self._grid(seconds_per_snippet, seconds_per_window)
        self._headers: dict[str, Header] = {}
        self._read: dict[str, Header] = {}
        self._held: dict[str, Floats32] = {}
        self._elsewhere: dict[str, Path] = {}
        self._dim = self.manifest.dim if self.manifest else None

    def _grid(self, seconds: float | None, window: float | None) -> SnippetGrid:
        if self.manifest is not None:
            grid = self.manifest.grid
            if seconds is not None and not math.isclose(seconds, grid.seconds_per_snippet, rel_tol=1e-3):
                raise InputError(
                    f"says {grid.seconds_per_snippet:.4g} s per snippet",
                    source=self.folder / FILE,
                    expected=f"the {seconds:.4g} s of {arg('seconds_per_snippet')}, or leave that option out",
                )
            if window is not None and not math.isclose(window, grid.window / grid.fps, rel_tol=1e-3):
                raise InputError(
                    f"says {grid.window / grid.fps:.4g} s per window",
                    source=self.folder / FILE,
                    expected=f"the {window:.4g} s of {arg('seconds_per_window')}, or leave that option out",
                )
            return grid
        if seconds is None:
            raise InputError(
                f"no {FILE}, so the time between snippets is unknown",
                source=self.folder,
                expected=f"{FILE} there, or {arg('seconds_per_snippet')}; if windows overlap, "
                f"{arg('seconds_per_window')} as well",
            )
        try:
            return SnippetGrid.from_seconds(seconds, window)
        except ValueError as error:
            which = "seconds_per_window" if "window" in str(error) else "seconds_per_snippet"
            raise InputError(str(error), source=arg(which)) from None

    def hold(self, video: str, rows: Floats32) -> None:
        """Takes a video's features, (T, D), from memory from now on."""
        self._held[video] = rows
        self._headers[video] = Header(len(rows), rows.shape[1], np.dtype(np.float32), 0)

    def look(self, video: str, path: Path) -> None:
        """Reads a video's features from another file from now on."""
        self._elsewhere[video] = path
        self._headers.pop(video, None)
        self._read.pop(video, None)

    def path(self, video: str) -> Path:
        """The file of a video's features; a Mac may have spelled its umlauts otherwise."""
        if video in self._elsewhere:
            return self._elsewhere[video]
        path = self.folder / f"{video}.npy"
        if not video.isascii() and not path.exists():
            return next((other for other in other_forms(path) if other.exists()), path)
        return path

    def has(self, video: str) -> bool:
        """Whether a video has features here.

        Raises:
            InputError: if its file is damaged or of another width.
        """
        if video not in self._headers and not self.path(video).exists():
            return False
        self.header(video)
        return True

    def header(self, video: str) -> Header:
        """The header of a video's file; its width must equal that of all others.

        Raises:
            InputError: if the file is missing, damaged or of another width.
        """
        if video not in self._headers:
            header = self.read_header(video)
            if self._dim is not None and header.columns != self._dim:
                expected = f"{self._dim} columns as in {FILE if self.manifest else 'the other files'}"
                raise InputError(f"has {header.columns} columns", source=self.path(video), expected=expected)
            self._dim = header.columns
            self._headers[video] = header
        return self._headers[video]

    def read_header(self, video: str) -> Header:
        """The header of a video's file, whatever the width of the others; it is read once.

        Raises:
            InputError: if the file is missing or damaged.
        """
        if video not in self._read:
            self._read[video] = read_header(self.path(video))
        return self._read[video]

    def settle_width(self, videos: Iterable[str]) -> None:
        """Without a manifest, takes the width of most files for the right one, so that the odd ones are refused."""
        if self._dim is not None:
            return
        widths: Counter[int] = Counter()
        for video in videos:
            with contextlib.suppress(InputError):
                widths[self.read_header(video).columns] += 1
        if widths:
            self._dim = widths.most_common(1)[0][0]

    def read(self, video: str, start: int = 0, stop: int | None = None) -> Floats32:
        """Rows ``start`` to ``stop`` of a video's features as float32, shape (stop - start, D)."""
        header = self.header(video)
        stop = header.rows if stop is None else min(stop, header.rows)
        if start >= stop:
            return np.empty((0, header.columns), np.float32)
        if video in self._held:
            return self._held[video][start:stop].copy()
        row_bytes = header.columns * header.dtype.itemsize
        try:
            mapped = np.memmap(
                self.path(video),
                dtype=header.dtype,
                mode="r",
                offset=header.offset + start * row_bytes,
                shape=(stop - start, header.columns),
            )
        except (OSError, ValueError):  # the file was whole when its header was read
            raise InputError(
                "was changed while in use", source=self.path(video), expected=f"{header.rows} rows"
            ) from None
        return np.array(mapped, dtype=np.float32)


def _known_features(folder: Path) -> str:
    parent = folder.parent
    known = sorted(p.name for p in parent.iterdir() if p.is_dir()) if parent.is_dir() else []
    return f"one of {', '.join(known)}" if known else "DATASET/features/NAME"


class Features:
    """Features of a dataset's videos: one folder, or several of equal length laid side by side as named streams.

    Args:
        folders: by stream name, or under the name "" where there is one.

    Attributes:
        grid: how snippets lie on time.
        streams: column ranges by name; empty where the features have no named parts.

    Raises:
        InputError: if the folders lie differently on time.
    """

    def __init__(self, folders: Mapping[str, FeatureFolder]) -> None:
        self.folders = dict(folders)
        first = next(iter(self.folders.values()))
        for folder in self.folders.values():
            if folder.grid != first.grid:
                raise InputError(
                    f"has {folder.grid}", source=folder.folder, expected=f"{first.grid} as in {first.folder}"
                )
        self.grid = first.grid

    @classmethod
    def open(
        cls,
        dataset: Path,
        names: str,
        seconds_per_snippet: float | None = None,
        seconds_per_window: float | None = None,
    ) -> Features:
        """Opens ``"NAME"`` or ``"rgb=NAME,flow=NAME"`` of a dataset folder.

        Raises:
            InputError: if a folder is missing or the words cannot be read.
        """
        return cls(
            {
                stream: FeatureFolder(dataset / "features" / name, seconds_per_snippet, seconds_per_window)
                for stream, name in parse_names(names).items()
            }
        )

    def length(self, video: str) -> int:
        """Snippets of a video.

        Raises:
            InputError: if a file is bad, or the streams differ in length.
        """
        lengths = {stream: folder.header(video).rows for stream, folder in self.folders.items()}
        first = next(iter(lengths.values()))
        for stream, length in lengths.items():
            if length != first:
                raise InputError(
                    f"has {length} snippets",
                    source=self.folders[stream].path(video),
                    expected=f"{first} as in the other stream",
                )
        return first

    def read(self, video: str, start: int = 0, stop: int | None = None) -> Floats32:
        """Rows ``start`` to ``stop`` as float32, the streams side by side, shape (stop - start, D)."""
        parts = [folder.read(video, start, stop) for folder in self.folders.values()]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def layout(self, video: str) -> tuple[int, dict[str, tuple[int, int]]]:
        """D and the column ranges of the streams, as the manifests and a video's header tell."""
        if "" in self.folders:
            folder = self.folders[""]
            streams = dict(folder.manifest.streams or {}) if folder.manifest else {}
            return folder.header(video).columns, streams
        streams, end = {}, 0
        for stream, folder in self.folders.items():
            streams[stream] = (end, end + folder.header(video).columns)
            end = streams[stream][1]
        return end, streams

    def problems(self, durations: Mapping[str, float], *, values: bool = True) -> Iterable[Problem]:
        """Every video whose features are missing, damaged, of the wrong length or width, or hold NaN or infinity.

        Args:
            durations: the videos to look at, with their length in seconds.
            values: whether to read all numbers too.
        """
        for folder in self.folders.values():
            folder.settle_width(durations)
        for video, duration in durations.items():
            try:
                self._check(video, duration, values)
            except InputError as error:
                yield Problem(video, error)

    def _check(self, video: str, duration: float, values: bool) -> None:
        length = self.length(video)
        expected = self.grid.count(duration)
        if abs(length - expected) > max(LENGTH_SLACK, LENGTH_TOLERANCE * expected):
            raise InputError(
                f"has {length} snippets",
                source=next(iter(self.folders.values())).path(video),
                expected=f"about {expected} for {duration:.2f} s at {self.grid.seconds_per_snippet:.4g} s per snippet",
            )
        for start in range(0, length, _CHECK_ROWS) if values else ():
            for folder in self.folders.values():
                block = folder.read(video, start, start + _CHECK_ROWS)
                # A sum is not finite if and only if some number is not (float32 features never overflow float64).
                if not np.isfinite(block.sum(dtype=np.float64)):
                    row = start + int(np.flatnonzero(~np.isfinite(block).all(axis=1))[0])
                    raise InputError(
                        "holds NaN or infinity",
                        source=folder.path(video),
                        place=f"snippet {row}",
                        expected="finite numbers",
                    )


def parse_names(names: str) -> dict[str, str]:
    """``"NAME"`` as ``{"": NAME}``, ``"rgb=A,flow=B"`` as ``{"rgb": A, "flow": B}``.

    Raises:
        InputError: if the words cannot be read.
    """
    option, expected = f"{arg('features')} {names}", "NAME, or STREAM=NAME,STREAM=NAME"
    if "=" not in names:
        if not _plain(names) or "," in names:
            raise InputError("names no folder of features", source=option, expected=expected)
        return {"": names}
    parsed: dict[str, str] = {}
    for part in names.split(","):
        stream, _, name = (word.strip() for word in part.partition("="))
        if not stream or not _plain(name) or stream in parsed:
            raise InputError(f"cannot read {part!r}", source=option, expected=expected)
        parsed[stream] = name
    return parsed


def _plain(name: str) -> bool:
    return bool(name.strip()) and name not in {".", ".."} and not set(name) & set("/\\\0")
