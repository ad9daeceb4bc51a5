"""Reads a pickle as data: nothing in it is ever imported, called or constructed.

NumPy stores object arrays as pickles, and a pickle is a program for a small stack machine that can call any function of
the reader's Python. This module interprets the instructions (protocols 0 to 4, as ``pickletools`` in Python's
library documents them) with data alone: numbers, strings, lists, tuples and NumPy arrays. The few names that NumPy's
own pickles mention stand for records of this module; any other is refused, and so is every instruction that could
build anything else.

What comes out can never be larger than the file. Lists, tuples and arrays cannot be referred to twice, so that nothing
contains itself and a few bytes cannot stand for gigabytes, and byte strings of any length stay in the file until asked
for.
"""

from __future__ import annotations

import codecs
import math
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from mmap import mmap

import numpy as np

MAX_INSTRUCTIONS = 5_000_000  # a package of 20,000 videos needs fewer; bounds time and memory
MAX_TEXT = 64 * 2**20  # bytes of all strings that are read at once
SHORT = 256  # byte strings up to this long are read at once, longer ones stay in the file

PLAIN_DTYPE = re.compile(r"[biuf][1248]|[SU][1-9][0-9]{0,5}")
_ESCAPED = re.compile(rb"""(?:[^\\]|\\(?:[\\'"abfnrtv]|x[0-9a-fA-F]{2}))*""")


class PickleRefused(ValueError):
    """The pickle is damaged, or holds something other than plain data."""


class Global(Enum):
    """The names that NumPy's pickles mention. They are compared, never called."""

    RECONSTRUCT = auto()
    NDARRAY = auto()
    DTYPE = auto()
    SCALAR = auto()
    ENCODE = auto()
    BYTES = auto()


_GLOBALS = {
    ("numpy.core.multiarray", "_reconstruct"): Global.RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): Global.RECONSTRUCT,
    ("numpy", "ndarray"): Global.NDARRAY,
    ("numpy", "dtype"): Global.DTYPE,
    ("numpy.core.multiarray", "scalar"): Global.SCALAR,
    ("numpy._core.multiarray", "scalar"): Global.SCALAR,
    ("_codecs", "encode"): Global.ENCODE,  # how protocol 2 writes bytes: as latin-1 text
    ("__builtin__", "bytes"): Global.BYTES,  # how protocol 2 writes an empty one
}


@dataclass(frozen=True, slots=True)
class Blob:
    """A byte string that was left in the file: where it starts, and its length."""

    offset: int
    size: int


@dataclass(slots=True)
class PickledDtype:
    """A dtype as the pickle spells it; ``code`` "O8" means objects."""

    code: str
    order: str = "="

    @property
    def is_object(self) -> bool:
        """Whether the array's items are pickled one by one."""
        return self.code.startswith("O")

    def numpy(self) -> np.dtype[np.generic]:
        """The dtype of an array of plain numbers or strings."""
        return np.dtype((self.order if self.order in "<>" else "=") + self.code)


@dataclass(slots=True)
class PickledArray:
    """An array: its numbers as bytes or left in the file, or its objects as a list in C order."""

    shape: tuple[int, ...] = (0,)
    dtype: PickledDtype | None = None
    fortran: bool = False
    content: bytes | Blob | list[object] = b""


def read_pickle(data: mmap | bytes, start: int = 0) -> tuple[object, int]:
    """The value that a pickle describes, and where in ``data`` the pickle ends.

    Values are None, bool, int, float, str, bytes, :class:`Blob`, list, tuple and :class:`PickledArray`.

    Raises:
        PickleRefused: if the pickle is damaged or describes anything else.
    """
    machine = _Machine(data, start)
    try:
        return machine.run(), machine.position
    except PickleRefused as error:
        raise PickleRefused(f"byte {machine.position}: {error}") from None
    except (ValueError, IndexError, TypeError, struct.error, OverflowError) as error:
        # What the instructions ask for cannot be done: a stack that is empty, a number that is none.
        raise PickleRefused(f"byte {machine.position}: damaged ({error})") from None


class _Machine:
    """One run: the position in the data, the stack, the stacks below open marks, and the memo."""

    def __init__(self, data: mmap | bytes, start: int) -> None:
        self.data, self.position, self.size = data, start, len(data)
        self.stack: list[object] = []
        self.marked: list[list[object]] = []
        self.memo: dict[int, object] = {}
        self.text_left = MAX_TEXT

    def run(self) -> object:
        for _ in range(MAX_INSTRUCTIONS):
            code = self.take(1)
            if code == b".":
                if self.marked or len(self.stack) != 1:
                    raise PickleRefused("ends with more or less than one value")
                return self.stack[0]
            if (push := _VALUES.get(code)) is not None:
                value = push(self)  # before self.stack is looked up: popping a mark changes which list that is
                self.stack.append(value)
            elif (act := _ACTIONS.get(code)) is not None:
                act(self)
            else:
                raise PickleRefused(f"instruction {code!r} does not occur in plain data")
        raise PickleRefused(f"more than {MAX_INSTRUCTIONS} instructions")

    # Reading the instructions' arguments

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        end = self.position + count
        if end > self.size:
            raise PickleRefused("is cut short")
        taken = self.data[self.position : end]
        self.position = end
        return taken

    def number(self, layout: str) -> int:
        (value,) = struct.unpack(layout, self.take(struct.calcsize(layout)))
        assert isinstance(value, int)
        return value

    def line(self) -> bytes:
        end = self.data.find(b"\n", self.position, self.position + MAX_TEXT)
        if end < 0:
            raise PickleRefused("is cut short")
        line = self.counted(end - self.position)
        self.position += 1
        return line

    def counted(self, count: int) -> bytes:
        """The next bytes, held against the limit on what is read at once."""
        self.text_left -= count
        if self.text_left < 0:
            raise PickleRefused(f"more than {MAX_TEXT} bytes of text")
        return self.take(count)

    def bytes_or_blob(self, count: int) -> bytes | Blob:
        if count <= SHORT:
            return self.counted(count)
        if self.position + count > self.size:
            raise PickleRefused("is cut short")
        blob = Blob(self.position, count)
        self.position += count
        return blob

    def text(self, count: int) -> str:
        return self.counted(count).decode("utf-8", "surrogatepass")

    # Containers and memo

    def pop_mark(self) -> list[object]:
        if not self.marked:
            raise PickleRefused("a mark is missing")
        items, self.stack = self.stack, self.marked.pop()
        return items

    def recall(self, index: int) -> object:
        try:
            value = self.memo[index]
        except KeyError:
            raise PickleRefused(f"refers to value {index}, which does not exist") from None
        if isinstance(value, list | tuple | PickledArray | Blob) and value != ():
            raise PickleRefused(f"refers twice to a {type(value).__name__.lower()}")
        return value

    def extend(self, items: list[object]) -> None:
        target = self.stack[-1]
        if type(target) is not list:
            raise PickleRefused("appends to something that is not a list")
        target.extend(items)

    # What would call Python in an ordinary reader

    def look_up(self, module: object, name: object) -> Global:
        if not isinstance(module, str) or not isinstance(name, str):
            raise PickleRefused("names a function with something that is not text")
        if (module, name) not in _GLOBALS:
            raise PickleRefused(f"wants to run {module[:60]}.{name[:60]}, and only plain data is read")
        return _GLOBALS[module, name]

    def reduce(self) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        match function, arguments:
            case Global.RECONSTRUCT, (Global.NDARRAY, tuple(), str() | bytes()):
                self.stack.append(PickledArray())
            case Global.DTYPE, (str() | bytes() as code, *_):
                self.stack.append(_dtype(_ascii(code)))
            case Global.SCALAR, (PickledDtype() as dtype, bytes() as content) if not dtype.is_object:
                self.stack.append(np.frombuffer(content, dtype=dtype.numpy(), count=1)[0].item())
            case Global.ENCODE, (str() as text, "latin1" | "latin-1" | b"latin1" | b"latin-1"):
                self.stack.append(text.encode("latin1"))
            case Global.BYTES, ():
                self.stack.append(b"")
            case _:
                raise PickleRefused("calls something other than NumPy does to store an array")

    def build(self) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        match target, state:
            case PickledDtype(), (int(), str() | bytes() as order, None, None, None, int(), int(), int()):
                if (symbol := _ascii(order)) not in ("<", ">", "|", "="):
                    raise PickleRefused("byte order unknown")
                target.order = symbol
            case PickledArray(), (int(), tuple() as shape, PickledDtype() as dtype, bool() | int() as fortran, content):
                target.shape, target.dtype, target.fortran = _shape(shape), dtype, bool(fortran)
                target.content = _checked_content(target.shape, dtype, content)
            case _:
                raise PickleRefused("sets the state of something that is not an array")


def _ascii(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("ascii")


def _dtype(code: str) -> PickledDtype:
    if code not in ("O8", "O4", "O") and not PLAIN_DTYPE.fullmatch(code):
        raise PickleRefused(f"array of dtype {code[:20]!r}")
    return PickledDtype(code)


def _shape(shape: tuple[object, ...]) -> tuple[int, ...]:
    sizes = tuple(size for size in shape if type(size) is int and 0 <= size < 2**40)
    # Zero anywhere but in front would let an array of no bytes have any number of rows.
    if len(sizes) != len(shape) or not 1 <= len(sizes) <= 8 or 0 in sizes[1:]:
        raise PickleRefused("array of a shape that cannot be")
    return sizes


def _checked_content(shape: tuple[int, ...], dtype: PickledDtype, content: object) -> bytes | Blob | list[object]:
    count = math.prod(shape)
    if dtype.is_object:
        if type(content) is list and len(content) == count:
            return content
    elif isinstance(content, bytes | Blob):
        size = content.size if isinstance(content, Blob) else len(content)
        if size == count * dtype.numpy().itemsize:
            return content
    raise PickleRefused(f"an array's content does not fit its shape {shape}")


def _long(machine: _Machine) -> int:
    size = machine.number("<B")
    if size > 8:
        raise PickleRefused("an integer of more than 64 bits")
    return int.from_bytes(machine.take(size), "little", signed=True)


def _text_integer(machine: _Machine) -> int | bool:
    line = machine.line()
    if line in (b"00", b"01"):
        return line == b"01"
    if len(line) > 21:
        raise PickleRefused("an integer of more than 64 bits")
    return int(line.removesuffix(b"L"))


def _quoted(machine: _Machine) -> bytes:
    line = machine.line()
    if len(line) < 2 or line[:1] not in (b"'", b'"') or line[-1:] != line[:1]:
        raise PickleRefused("a string without quotes")
    if not _ESCAPED.fullmatch(line, 1, len(line) - 1):
        raise PickleRefused("a string with unknown escapes")
    decoded, _ = codecs.escape_decode(line[1:-1])
    return bytes(decoded)


def _float(machine: _Machine) -> float:
    (value,) = struct.unpack(">d", machine.take(8))
    return float(value)


def _global(machine: _Machine) -> Global:
    return machine.look_up(machine.line().decode(), machine.line().decode())


def _stack_global(machine: _Machine) -> Global:
    name, module = machine.stack.pop(), machine.stack.pop()
    return machine.look_up(module, name)


def _last(machine: _Machine, count: int) -> tuple[object, ...]:
    if len(machine.stack) < count:
        raise PickleRefused("the stack is empty")
    items = tuple(machine.stack[-count:])
    del machine.stack[-count:]
    return items


# Instructions that push one value.
_VALUES: dict[bytes, Callable[[_Machine], object]] = {
    b"N": lambda _: None,
    b"\x88": lambda _: True,
    b"\x89": lambda _: False,
    b"I": _text_integer,
    b"L": _text_integer,
    b"J": lambda m: m.number("<i"),
    b"K": lambda m: m.number("<B"),
    b"M": lambda m: m.number("<H"),
    b"\x8a": _long,
    b"F": lambda m: float(m.line()),
    b"G": _float,
    b"S": _quoted,
    b"T": lambda m: m.bytes_or_blob(m.number("<I")),
    b"U": lambda m: m.bytes_or_blob(m.number("<B")),
    b"B": lambda m: m.bytes_or_blob(m.number("<I")),
    b"C": lambda m: m.bytes_or_blob(m.number("<B")),
    b"\x8e": lambda m: m.bytes_or_blob(m.number("<Q")),
    b"V": lambda m: m.line().decode("raw-unicode-escape"),
    b"X": lambda m: m.text(m.number("<I")),
    b"\x8c": lambda m: m.text(m.number("<B")),
    b"\x8d": lambda m: m.text(m.number("<Q")),
    b"]": lambda _: [],
    b"l": lambda m: m.pop_mark(),
    b")": lambda _: (),
    b"t": lambda m: tuple(m.pop_mark()),
    b"\x85": lambda m: _last(m, 1),
    b"\x86": lambda m: _last(m, 2),
    b"\x87": lambda m: _last(m, 3),
    b"g": lambda m: m.recall(int(m.line()[:20])),
    b"h": lambda m: m.recall(m.number("<B")),
    b"j": lambda m: m.recall(m.number("<I")),
    b"c": _global,
    b"\x93": _stack_global,
}


def _mark(machine: _Machine) -> None:
    machine.marked.append(machine.stack)
    machine.stack = []


def _put(machine: _Machine, index: int) -> None:
    machine.memo[index] = machine.stack[-1]


def _append(machine: _Machine) -> None:
    item = machine.stack.pop()
    machine.extend([item])


def _appends(machine: _Machine) -> None:
    items = machine.pop_mark()
    machine.extend(items)


# Instructions that do something else. A frame (protocol 4) and a protocol number change nothing for this reader.
_ACTIONS: dict[bytes, Callable[[_Machine], object]] = {
    b"\x80": lambda m: m.take(1),
    b"\x95": lambda m: m.take(8),
    b"(": _mark,
    b"a": _append,
    b"e": _appends,
    b"p": lambda m: _put(m, int(m.line()[:20])),
    b"q": lambda m: _put(m, m.number("<B")),
    b"r": lambda m: _put(m, m.number("<I")),
    b"\x94": lambda m: _put(m, len(m.memo)),
    b"R": _Machine.reduce,
    b"b": _Machine.build,
}
