"""Arrays of published features in the shapes and formats that they come in, as snippets by columns.

Besides (T, D) there are ten crops, (10, T, D) or (T, 10, D), of which the mean is taken; dimensions of one; (D, T),
which only the lengths of all videos can tell; float64; and ``.npz``. Rows are read a few hundred at a time.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np

from weaktal.data.features import no_array
from weaktal.data.importers.packed import AnyArray, StoredArray, read_items
from weaktal.errors import InputError
from weaktal.files import is_endless

CROPS = (10, 5)  # crops of a frame that are stored side by side
_HEADER_BYTES = range(10, 10_100)
_UNREADABLE = (OSError, ValueError, TypeError, SyntaxError, RecursionError, MemoryError)
EXPECTED = "an array (T, D) of floating-point numbers, or ten crops of it"


@dataclass(frozen=True, slots=True)
class FeatureArray:
    """Features of one video, or of one of its streams.

    Attributes:
        stored: where the numbers lie.
        crops: the dimension that numbers crops, where there is one.
        turned: whether columns come before snippets.
        member: name inside a ``.npz``, which ``stored`` then only describes.
    """

    stored: StoredArray
    crops: int | None = None
    turned: bool = False
    member: str | None = None

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Of the numbers as they lie there."""
        return self.stored.dtype

    @property
    def shape(self) -> tuple[int, int]:
        """Snippets and columns."""
        first, second = (n for axis, n in enumerate(_squeezed(self.stored.shape, self.crops)) if axis != self.crops)
        return (second, first) if self.turned else (first, second)

    def transposed(self) -> FeatureArray:
        """The same numbers with snippets and columns exchanged."""
        return replace(self, turned=not self.turned)

    def blocks(self, rows: int) -> Iterator[AnyArray]:
        """Consecutive snippets, at most ``rows`` at a time, (n, D) each."""
        axes = [axis for axis in range(2 if self.crops is None else 3) if axis != self.crops]
        snippets = axes[1] if self.turned else axes[0]
        for start in range(0, self.shape[0], rows):
            cut = [slice(None)] * (len(axes) + (self.crops is not None))
            cut[snippets] = slice(start, start + rows)
            block = np.array(self._numbers()[tuple(cut)])
            if self.crops is not None:
                block = block.astype(np.float32).mean(axis=self.crops)
            yield block.T if self.turned else block

    def _numbers(self) -> AnyArray:
        if self.member is None:
            return self.stored.mapped().reshape(_squeezed(self.stored.shape, self.crops))
        assert isinstance(self.stored.source, Path)
        with np.load(self.stored.source, allow_pickle=False) as arrays:
            return np.asarray(arrays[self.member]).reshape(_squeezed(self.stored.shape, self.crops))


def _squeezed(shape: tuple[int, ...], crops: int | None) -> tuple[int, ...]:
    """A shape without dimensions of one, except where two would not be left."""
    wanted = 2 if crops is None else 3
    kept = list(shape)
    for index in range(len(shape) - 1, -1, -1):
        if len(kept) > wanted and kept[index] == 1:
            del kept[index]
    return tuple(kept)


def feature_array(
    stored: StoredArray, source: Path, place: str | None = None, member: str | None = None
) -> FeatureArray:
    """What an array's shape says of it.

    Raises:
        InputError: if it holds no features.
    """
    if stored.dtype.kind != "f":
        raise InputError(f"has dtype {stored.dtype}", source=source, place=place, expected=EXPECTED)
    if len(shape := _squeezed(stored.shape, None)) == 2:
        return FeatureArray(stored, member=member)
    for crops in CROPS:
        for axis in (0, 1):
            if len(shape) == 3 and shape[axis] == crops:
                return FeatureArray(stored, crops=axis, member=member)
    raise InputError(f"has shape {stored.shape}", source=source, place=place, expected=EXPECTED)


def read_arrays(path: Path) -> dict[str, FeatureArray]:
    """The arrays of a ``.npy`` or ``.npz`` file by stream: "" where it has one array.

    Raises:
        InputError: if it is damaged or holds no features.
    """
    return _read_npz(path) if path.suffix.lower() == ".npz" else {"": _read_npy(path)}


def _read_npy(path: Path) -> FeatureArray:
    try:
        if is_endless(path):
            raise ValueError("is not a file")
        with path.open("rb") as stream:
            shape, fortran, dtype = _header(stream)
            offset, size = stream.tell(), path.stat().st_size
    except _UNREADABLE as error:
        problem = "is a broken link" if path.is_symlink() and not path.exists() else None
        problem = problem or f"not a feature file ({no_array(path, error)})"
        raise InputError(problem, source=path, expected=EXPECTED) from None
    if dtype.hasobject:
        items = read_items(path)
        if len(items) != 1 or not isinstance(items[0], StoredArray):
            raise InputError(f"holds {len(items)} objects", source=path, expected=EXPECTED)
        return feature_array(items[0], path)
    if size != offset + math.prod(shape) * dtype.itemsize:
        fault = "is truncated" if size < offset + math.prod(shape) * dtype.itemsize else "has extra bytes at its end"
        raise InputError(f"{fault} ({size} bytes)", source=path, expected=f"shape {shape} of {dtype}")
    return feature_array(StoredArray(path, offset, shape, dtype, fortran), path)


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    """Shape, whether columns come first, and dtype, as the head of a ``.npy`` says."""
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(stream)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(stream)
    raise ValueError(f"version {version} of the format")


def _read_npz(path: Path) -> dict[str, FeatureArray]:
    found: dict[str, FeatureArray] = {}
    try:
        if is_endless(path):
            raise ValueError("is not a file")
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                with archive.open(info) as stream:
                    shape, fortran, dtype = _header(stream)
                if dtype.kind != "f":
                    continue  # names, frame rates and the like
                if info.file_size - math.prod(shape) * dtype.itemsize not in _HEADER_BYTES:
                    raise ValueError(f"{info.filename} is not as long as its shape {shape}")
                member = info.filename.removesuffix(".npy")
                stored = StoredArray(path, 0, shape, dtype, fortran)
                if len(_squeezed(shape, None)) > 1:
                    found[member] = feature_array(stored, path, member, member)
    except (*_UNREADABLE, RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
        raise InputError(f"cannot be read ({error})", source=path, expected="a .npz archive that is whole") from None
    if len(found) == 1:
        return {"": next(iter(found.values()))}
    streams = {stream: array for stream in ("rgb", "flow") for name, array in found.items() if stream in name.lower()}
    if len(found) == len(streams) == 2:
        return streams
    names = ", ".join(found) or "none"
    raise InputError(f"holds the arrays {names}", source=path, expected="one array of features, or rgb and flow")
