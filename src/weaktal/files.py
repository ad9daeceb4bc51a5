"""Files that appear whole or not at all, and JSON that is validated where it enters.

Every output of weaktal goes through :func:`replacing` or :func:`replacing_folder`: the content is written beside its
destination under a temporary name and moved into place in one step, so that neither a crash nor
Ctrl-C ever leaves half a file under the final name.
"""

from __future__ import annotations

import codecs
import contextlib
import gc
import hashlib
import json
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from weaktal.errors import InputError, shown

Model = TypeVar("Model", bound=BaseModel)


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")


def as_paths(given: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[Path]:
    """One path or several, as a list."""
    return [Path(path) for path in ([given] if isinstance(given, str | os.PathLike) else given)]


def check_writable(*paths: Path | None) -> None:
    """Refuses outputs that could not be written, before the work for them begins; None stands for no output.

    Raises:
        InputError: naming the path.
    """
    for path in paths:
        if path is None:
            continue
        try:
            folder = next(parent for parent in _writable(path).parents if parent.exists())
        except (OSError, ValueError, RuntimeError) as error:
            raise InputError(f"cannot be written ({reason(error)})", source=path) from error
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise InputError(f"cannot be written ({folder} is not a folder to write to)", source=path)


def _writable(path: Path) -> Path:
    """Where the file really lies: a link stays, and what it points to is replaced."""
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "no regular file"
        raise InputError(f"is {kind}", source=path, expected="the path of a file to write")
    return path.resolve()


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a temporary path to write to; moves it to ``path`` when the block ends well, removes it otherwise.

    Raises:
        InputError: if the folder of ``path`` cannot be made or written to, or ``path`` is a folder or a device.
    """
    try:
        path = _writable(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _temporary(path)
        temporary.touch()
        mode = temporary.stat().st_mode
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"cannot be written ({reason(error)})", source=path) from error
    try:
        yield temporary
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.chmod(mode)  # some libraries put a file of their own, for the owner's eyes only, in its place
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Gives a temporary folder to fill; moves it to ``path`` when the block ends well, removes it otherwise.

    Raises:
        InputError: if ``path`` exists already, also if another process made it meanwhile, or its parent cannot be
            written to.
    """
    try:
        if path.exists():
            raise InputError("exists already", source=path, expected="a new folder")
        temporary = _temporary(path)
        temporary.mkdir(parents=True)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be written ({reason(error)})", source=path) from error
    try:
        yield temporary
        try:
            temporary.replace(path)
        except OSError as error:
            if not path.exists():
                raise
            raise InputError("was made by another process meanwhile", source=path, expected="a new folder") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def cache_folder(what: Literal["features", "worlds"] = "features") -> Path:
    """Where things are kept that can be made again: below ``$WEAKTAL_CACHE``, else below ``~/.cache/weaktal``.

    Features lie in ``$WEAKTAL_CACHE`` itself.
    """
    configured = os.environ.get("WEAKTAL_CACHE")
    if configured and what == "features":
        return Path(configured)
    return (Path(configured) if configured else Path.home() / ".cache" / "weaktal") / what


def write_json(path: Path, value: Any) -> None:
    """Writes ``value`` as JSON, whole or not at all. Numbers must be finite."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1)
    write_text(path, text + "\n")


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8 text, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_bytes(path: Path, what: str) -> bytes:
    """The content of a file that a user named; ``what`` says what it should be, for the message.

    Raises:
        InputError: if there is no such file or it cannot be read.
    """
    try:
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
        InputError: as :func:`read_bytes`, and if it is no such text.
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


def reason(error: OSError | ValueError | RuntimeError) -> str:
    """Why a path could not be used, without the path.

    A ValueError says that it holds a NUL or a lone surrogate, a RuntimeError that its links go round in a circle.
    """
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


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
        InputError: naming the file, the place in it, and what was expected there; also for a key that stands twice in
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
    try:
        content = _without_mark(read_bytes(path, what))
    except UnicodeDecodeError as error:
        raise InputError(f"is not valid JSON ({error.reason})", source=path, expected=what) from None
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
        problem += f" (and {more} more problem{'s' if more > 1 else ''} in this file)"
    return InputError(problem, source=source, place=place, expected=_expectation(str(first["msg"]), first["type"]))


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _expectation(message: str, kind: str) -> str | None:
    if kind == "missing":
        return "a value here"
    for prefix in ("Input should be ", "Value error, "):
        message = message.removeprefix(prefix)
    return _lower(message)


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
