"""Arrays of published ``.npy`` packages: plain ones, and object arrays whose pickles are read as data.

Numbers of an object array's arrays stay in the file until they are asked for, so a package of features larger than
memory can be walked item by item.
"""

from __future__ import annotations

import math
import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from weaktal.data.features import npy_fields
from weaktal.data.importers.pickles import PLAIN_DTYPE, Blob, PickledArray, PickleRefused, read_pickle
from weaktal.errors import InputError
from weaktal.files import is_endless

AnyArray = npt.NDArray[np.generic]
EXPECTED = "a NumPy array file (.npy)"
MAX_SMALL = 1_000_000  # items, or bytes of one string, that annotations may hold


@dataclass(frozen=True, slots=True)
class StoredArray:
    """An array of plain numbers inside a larger file; unless it is tiny, nothing of it is in memory.

    Attributes:
        source: the file, or the numbers themselves where they are few.
        offset: the byte where the numbers start.
        shape, dtype: of the array.
        fortran: whether columns are stored first.
    """

    source: Path | bytes
    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    fortran: bool = False

    def mapped(self) -> AnyArray:
        """The array, mapped from the file read-only."""
        order: Literal["F", "C"] = "F" if self.fortran else "C"
        if isinstance(self.source, bytes):
            return np.frombuffer(self.source, self.dtype).reshape(self.shape, order=order)
        return np.memmap(self.source, dtype=self.dtype, mode="r", offset=self.offset, shape=self.shape, order=order)

    def blocks(self, rows: int) -> Iterator[AnyArray]:
        """Consecutive rows, at most ``rows`` at a time, copied out; mapped only while read."""
        for start in range(0, self.shape[0], rows):
            yield np.array(self.mapped()[start : start + rows])


def read_items(path: Path) -> list[object]:
    """The items of a one-dimensional array of plain numbers, strings or objects.

    Items are None, Python numbers, ``str`` (byte strings decoded), :class:`StoredArray`, or nested lists of those.

    Raises:
        InputError: if the file is not such an array, is damaged, or its pickle holds anything but plain data.
    """
    try:
        if is_endless(path):
            raise ValueError("is not a file")
        with path.open("rb") as stream:
            shape, code = npy_fields(stream)
            offset = stream.tell()
            if path.stat().st_size <= offset:
                raise ValueError("holds a header alone")
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
                if code.startswith("|O"):
                    return _objects(path, data, offset, shape)
                return _plain(data, offset, shape, code)
    except FileNotFoundError:
        raise InputError("no such file", source=path, expected=EXPECTED) from None
    except (OSError, ValueError, SyntaxError, struct.error, RecursionError, MemoryError, TypeError) as error:
        raise InputError(
            f"cannot be read ({error or type(error).__name__})", source=path, expected=EXPECTED + " that is whole"
        ) from None


def _plain(data: mmap.mmap, offset: int, shape: tuple[int, ...], code: str) -> list[object]:
    if not PLAIN_DTYPE.fullmatch(code[1:]) or code[0] not in "<>|=":
        raise ValueError(f"dtype {code[:20]}")
    # A column of one number a video is as good as a row.
    if len(shape) not in (1, 2) or (len(shape) == 2 and shape[1] != 1):
        raise ValueError(f"shape {shape}, not one row")
    dtype = np.dtype(code)
    if len(data) - offset != math.prod(shape) * dtype.itemsize:
        raise ValueError("its size does not fit its shape")
    items: list[object] = np.frombuffer(data[offset:], dtype=dtype).tolist()
    return [_decoded(item) for item in items]


def _decoded(item: object) -> object:
    """Byte strings as text, inside the lists of an array too."""
    if isinstance(item, list):
        return [_decoded(inner) for inner in item]
    if isinstance(item, bytes):
        try:
            return item.decode("utf-8")
        except UnicodeDecodeError:
            return item.decode("latin1")
    return item


def _objects(path: Path, data: mmap.mmap, offset: int, shape: tuple[int, ...]) -> list[object]:
    array, end = read_pickle(data, offset)
    if not isinstance(array, PickledArray) or not isinstance(array.content, list) or array.shape != shape:
        raise PickleRefused("its pickle is not the array that its header promises")
    if len(shape) != 1:
        raise PickleRefused(f"shape {shape}, not one row")
    if end != len(data):
        raise PickleRefused("extra bytes at the end")
    return _finished(path, data, array.content)


def _finished(path: Path, data: mmap.mmap, items: list[object]) -> list[object]:
    """The items with arrays and strings made ready; a list of what is still to look at, as nesting may be deep."""
    result = list(items)
    pending = [result]
    while pending:
        current = pending.pop()
        for index, item in enumerate(current):
            current[index] = item = _converted(path, data, item)
            if isinstance(item, list):
                pending.append(item)
    return result


def _converted(path: Path, data: mmap.mmap, item: object) -> object:
    if isinstance(item, Blob):
        if item.size > MAX_SMALL:
            raise PickleRefused(f"a string of {item.size} bytes")
        return _decoded(data[item.offset : item.offset + item.size])
    if isinstance(item, list | tuple):
        return list(item)  # what is inside comes later: nesting may be deeper than Python's own stack
    if not isinstance(item, PickledArray):
        return _decoded(item)
    if isinstance(item.content, list):
        if len(item.shape) != 1:
            raise PickleRefused(f"an array of objects of shape {item.shape} inside another")
        return item.content
    if item.dtype is None:
        return []
    source, offset = (item.content, 0) if isinstance(item.content, bytes) else (path, item.content.offset)
    return StoredArray(source, offset, item.shape, item.dtype.numpy(), item.fortran)


def as_list(item: object) -> object:
    """A stored array as nested lists, anything else as it is; for annotations, whose arrays are small.

    Raises:
        ValueError: if it is not small.
    """
    if isinstance(item, StoredArray):
        if math.prod(item.shape) > MAX_SMALL:
            raise ValueError(f"an array of shape {item.shape}")
        return _decoded(item.mapped().tolist())
    return item
