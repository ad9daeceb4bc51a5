"""What a user gives: bytes, text, and JSON that is validated where it enters."""

from __future__ import annotations

import codecs
import contextlib
import gc
import json
import math
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ValidationError

from weaktal.errors import InputError, counted, shown
from weaktal.files.paths import is_endless, reason

Model = TypeVar("Model", bound=BaseModel)


# Results of fifty thousand videos have so many. A file with holes takes no place on the disk and fills the memory.
MOST_BYTES = 2**31


def finite_throughout(value: Any) -> bool:
    """Whether there is neither NaN nor infinity in what JSON was read as."""
    left = [value]
    while left:
        part = left.pop()
        if isinstance(part, float) and not math.isfinite(part):
            return False
        left += part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return True


def _finite(value: Any) -> Any:
    if not finite_throughout(value):
        raise ValueError("numbers that are finite")
    return value


# What is kept as a file has it, to be written again: anything that JSON can hold, so neither NaN nor infinity, which
# Python's own parser and pydantic's let through.
Kept = Annotated[Any, AfterValidator(_finite)]


def read_bytes(path: Path, what: str, most: int = MOST_BYTES) -> bytes:
    """The content of a file that a user named.

    Args:
        path: the file.
        what: what it should be, for the message.
        most: bytes that it may have.

    Raises:
        InputError: if there is no such file, it cannot be read, or it is larger.
    """
    try:
        if is_endless(path):
            raise InputError("is not a file", source=path, expected=what)
        size = path.stat().st_size
        if size > most:
            raise InputError(f"has {size:,} bytes", source=path, expected=f"{what}, at most {most:,} bytes")
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError("no such file", source=path, expected=what) from None
    except IsADirectoryError:
        raise InputError("is a folder", source=path, expected=what) from None
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read ({reason(error)})", source=path, expected=what) from error


# What editors and shells of Windows put before a text, and how the rest is to be read.
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def read_text(path: Path, what: str) -> str:
    """The text of a file that a user named: UTF-8, with or without a byte order mark, or UTF-16 with one.

    Raises:
        InputError: as :func:`read_bytes`, and if it is not such text.
    """
    try:
        return _without_mark(read_bytes(path, what)).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"is not text in UTF-8 ({error.reason})", source=path, expected=what) from None


def _without_mark(content: bytes) -> bytes:
    """A text as plain UTF-8 bytes.

    Raises:
        UnicodeDecodeError: if what follows a mark of UTF-16 is something else.
    """
    for mark, coding in _MARKS:
        if content.startswith(mark):
            rest = content[len(mark) :]
            return rest if coding == "utf-8" else rest.decode(coding).encode("utf-8")
    return content


@contextlib.contextmanager
def collector_paused() -> Iterator[None]:
    """Spares the cyclic garbage collector the search through objects that are all being kept.

    Python searches again and again while a large file turns into objects, which takes several times the parsing.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def read_model(path: Path, model: type[Model], what: str) -> Model:
    """A JSON file, parsed and validated as ``model`` in one go.

    Raises:
        InputError: naming the file, the place in it, and what was expected there; also for a key that appears twice in
            one object, of which either value would be lost without a word.
    """
    return read_mended(path, model, what, lambda _: ())[0]


def read_mended(
    path: Path, model: type[Model], what: str, mend: Callable[[Any], tuple[str, ...]]
) -> tuple[Model, tuple[str, ...]]:
    """A JSON file as :func:`read_model` has it; one that does not validate is mended and looked at again.

    Args:
        path: the file.
        model: what it should hold.
        what: the same in words.
        mend: changes the parsed file in place where its meaning is beyond doubt, and says what it changed.

    Returns:
        The content, and what was mended.

    Raises:
        InputError: as :func:`read_model`.
    """
    return validated(read_json(path, what), path, model, mend)


def read_json(path: Path, what: str) -> bytes:
    """The content of a JSON file, to be given to :func:`validated`.

    Raises:
        InputError: if the file is missing or cannot be read.
    """
    try:
        return _without_mark(read_bytes(path, what))
    except UnicodeDecodeError as error:
        raise InputError(f"is not valid JSON ({error.reason})", source=path, expected=what) from None


def validated(
    content: bytes, path: Path, model: type[Model], mend: Callable[[Any], tuple[str, ...]]
) -> tuple[Model, tuple[str, ...]]:
    """The content of a file, as :func:`read_mended` has it.

    Raises:
        InputError: as :func:`read_model`.
    """
    notes: tuple[str, ...] = ()
    try:
        parsed = model.model_validate_json(content)
    except ValidationError as error:
        raw = _parsed(content)
        notes = mend(raw)
        if not notes:
            raise from_validation(error, path) from None
        try:
            parsed = model.model_validate(raw)
        except ValidationError as again:
            raise from_validation(again, path) from None
    # A second look, for the parser above says nothing of such keys; numbers stay text, of which any is good here.
    with contextlib.suppress(RecursionError):
        json.loads(content, object_pairs_hook=_Once(path), parse_int=str, parse_float=str)
    return parsed, notes


def _parsed(content: bytes) -> Any:
    """JSON as Python has it; None where it is none."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


class _Once:
    """Refuses objects with a key that appears twice; nothing is kept of the others."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, pairs: list[tuple[str, Any]]) -> None:
        if len(dict(pairs)) < len(pairs):
            twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
            raise InputError(f"key {shown(twice)} appears twice", source=self.path, expected="each key once")


def from_validation(error: ValidationError, source: Path | str | None, within: str = "") -> InputError:
    """The first of a validation's errors as one line; ``within`` is the place of what was validated."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in ((within, *first["loc"]) if within else first["loc"])) or None
    more = error.error_count() - 1
    if first["type"] == "json_invalid":
        return InputError(f"is not valid JSON ({str(first['msg']).removeprefix('Invalid JSON: ')})", source=source)
    problem = "is missing" if first["type"] == "missing" else f"is {shown(first['input'])}"
    if more:
        problem += f" (and {counted(more, 'more problem')} in this file)"
    return InputError(problem, source=source, place=place, expected=_expectation(str(first["msg"]), first["type"]))


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _expectation(message: str, kind: str) -> str | None:
    if kind == "missing":
        return "a value here"
    for prefix in ("Input should be ", "Value error, "):
        message = message.removeprefix(prefix)
    return _lower(message)
