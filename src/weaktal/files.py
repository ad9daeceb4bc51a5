"""Files that appear whole or not at all, and JSON that is validated where it enters.

Every output of weaktal goes through :func:`replacing` or :func:`replacing_folder`: the content is written beside its
destination under a temporary name and moved into place in one step, so that neither a crash nor
Ctrl-C ever leaves half a file under the final name.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import gc
import hashlib
import itertools
import json
import os
import re
import secrets
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from weaktal.errors import InputError, WeaktalError, shown
from weaktal.locks import alone_making
from weaktal.processes import identity, is_over

Model = TypeVar("Model", bound=BaseModel)

_TEMPORARY = re.compile(r"^\..*\.(\d+-[0-9a-f]+\.[0-9a-f]{8})\.[0-9a-f]{8}\.tmp$", re.DOTALL)
_SCRATCH = re.compile(r"^weaktal-(\d+-[0-9a-f]+\.[0-9a-f]{8})\.[0-9a-f]{8}$")
_LONG_AGO = 7 * 24 * 3600  # seconds after which a temporary file of another machine's process is given up
_cleaned: set[Path] = set()  # folders that this process has cleaned


def _temporary(path: Path) -> Path:
    _clean_once(path.parent, _TEMPORARY)
    name = path.name if len(os.fsencode(path.name)) < 150 else path.name[:35]
    return path.with_name(f".{name}.{identity()}.{secrets.token_hex(4)}.tmp")


def _clean_once(folder: Path, names: re.Pattern[str]) -> None:
    """Removes what killed processes left in a folder of what they were about to move into place."""
    here = folder.absolute()  # a relative path is another folder once the process works elsewhere
    if here in _cleaned:
        return
    _cleaned.add(here)
    with contextlib.suppress(OSError):
        for entry in list(os.scandir(folder)):
            named = names.match(entry.name)
            with contextlib.suppress(OSError):
                if named and _is_left_over(named[1], entry):
                    shutil.rmtree(entry.path) if entry.is_dir(follow_symlinks=False) else Path(entry.path).unlink()


def _is_left_over(owner: str, entry: os.DirEntry[str]) -> bool:
    over = is_over(owner)
    return time.time() - entry.stat(follow_symlinks=False).st_mtime > _LONG_AGO if over is None else over


def as_paths(given: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[Path]:
    """One path or several, as a list."""
    return [Path(path) for path in ([given] if isinstance(given, str | os.PathLike) else given)]


def check_writable(*paths: Path | None, inputs: Iterable[Path | None] = ()) -> None:
    """Refuses outputs that could not be written, before the work for them begins; None stands for no file.

    Args:
        paths: the outputs of a command, each to be a file of its own.
        inputs: what the command reads, as of :func:`check_apart`.

    Raises:
        InputError: naming the path.
    """
    check_apart(*paths, inputs=inputs)
    for path in paths:
        if path is None:
            continue
        try:
            folder = next(parent for parent in _writable(path).parents if parent.exists())
        except (OSError, ValueError, RuntimeError) as error:
            raise InputError(f"cannot be written ({reason(error)})", source=path) from error
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise InputError(f"cannot be written ({folder} is not a folder to write to)", source=path)


def check_apart(*paths: Path | None, inputs: Iterable[Path | None]) -> None:
    """Refuses outputs that replace each other, or what a command reads; None stands for no file.

    Args:
        paths: files and folders to write.
        inputs: what the command reads, files and folders: no output may replace one of these, nor lie in such a folder,
            whatever either of them is called.

    Raises:
        InputError: naming the path.
    """
    taken = [("replaces an input of this command", path) for path in inputs if path is not None]
    for path in paths:
        if path is None:
            continue
        for problem, other in taken:
            if _is_or_lies_in(path, other):
                raise InputError(f"{problem}, {other}", source=path, expected="another file to write")
        taken.append(("is written twice by this command, also as", path))


def _is_or_lies_in(path: Path, other: Path) -> bool:
    """Whether a path is the same file or folder as another, or in that folder; links lead to what they point to."""
    try:
        same = path.exists() and other.exists() and path.samefile(other)
        return same or path.resolve().is_relative_to(other.resolve())
    except (OSError, ValueError, RuntimeError):
        return False  # what cannot be looked at cannot be read or written either, which is said in its turn


def refuse_links(path: Path, *, within: Path) -> None:
    """Refuses links on the way from a folder to a path that a command writes to, and anywhere below that path.

    The folder is the one that the user named, which may be a link itself. Its content may come out of an archive, and
    a link there may point to anything of the user's.

    Raises:
        InputError: naming the first link.
    """
    waiting = [within.joinpath(*part.parts) for part in (path.relative_to(within), *path.relative_to(within).parents)]
    waiting.remove(within)
    for found in [*reversed(waiting), *_links_below(path)]:
        if found.is_symlink():
            problem = f"is a link to {found.readlink()}, and nothing is written through links in {within}"
            raise InputError(problem, source=found, expected="a file or folder of its own")


def _links_below(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                yield Path(entry)
            elif entry.is_dir():
                yield from _links_below(Path(entry))


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
    except (OSError, WeaktalError):
        raise
    except Exception as error:  # of libraries that say of a full disk no more than that writing failed
        if (said := _cannot_hold_more(temporary)) is not None:
            raise OSError(said.errno, said.strerror, str(path)) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _cannot_hold_more(file: Path) -> OSError | None:
    """Why no more can be written to the end of a file; None where it can."""
    try:
        with file.open("ab") as stream:
            stream.write(bytes(1 << 16))
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        return error
    return None


@contextlib.contextmanager
def replacing_folder(path: Path, alone: str | None = None) -> Iterator[Path]:
    """Gives a temporary folder to fill; moves it to ``path`` when the block ends well, removes it otherwise.

    Args:
        path: the folder to make.
        alone: what makes it, such as ``"weaktal world"``, where a second one shall be refused at once and not at its
            end.

    Raises:
        InputError: if ``path`` exists already, also if another process made it meanwhile, or its parent cannot be
            written to.
    """
    guard = alone_making(path, alone) if alone is not None else contextlib.nullcontext()
    with guard, _replacing_folder(path) as temporary:
        yield temporary


@contextlib.contextmanager
def _replacing_folder(path: Path) -> Iterator[Path]:
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


def discard_folder(path: Path) -> None:
    """Removes a folder such that half of it never stays under its name."""
    temporary = _temporary(path)
    path.replace(temporary)
    shutil.rmtree(temporary, ignore_errors=True)


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for what is needed for a while, removed afterwards; what killed processes left goes too."""
    parent = Path(tempfile.gettempdir())
    _clean_once(parent, _SCRATCH)
    folder = parent / f"weaktal-{identity()}.{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def home_cache() -> Path:
    """``~/.cache/weaktal``.

    Raises:
        InputError: if there is no home folder, as in containers whose user has none.
    """
    try:
        return Path.home() / ".cache" / "weaktal"
    except RuntimeError:
        expected = "HOME set, or WEAKTAL_CACHE and WEAKTAL_WEIGHTS set to folders"
        raise InputError("there is no home folder to keep things in", source="~", expected=expected) from None


def cache_folder(what: Literal["features", "worlds"] = "features") -> Path:
    """Where things are kept that can be made again: below ``$WEAKTAL_CACHE``, else below ``~/.cache/weaktal``.

    Features lie in ``$WEAKTAL_CACHE`` itself.
    """
    configured = os.environ.get("WEAKTAL_CACHE")
    if configured and what == "features":
        return Path(configured)
    return (Path(configured) if configured else home_cache()) / what


def write_json(path: Path, value: Any, *, last: tuple[str, Iterable[tuple[str, Any]]] | None = None) -> None:
    """Writes ``value`` as JSON, whole or not at all. Numbers must be finite.

    Args:
        path: the file.
        value: what to write.
        last: a further key of ``value``, an object, and the entries of that one, of which one at a time is in memory.

    Raises:
        InputError: if the file cannot be written, or would hold a name that is no Unicode text.
    """
    write_text(path, itertools.chain([_json(value)] if last is None else _json_with(value, *last), "\n"))


def _json(value: Any, indent: int = 0) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1)
    return text.replace("\n", "\n" + " " * indent) if indent else text  # those within strings are escaped


def _json_with(value: dict[str, Any], key: str, entries: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """The same as of ``{**value, key: dict(entries)}``, piece by piece."""
    yield _json(value).removesuffix("}").rstrip()
    yield f"{',' if value else ''}\n {_json(key)}: {{"
    empty = True
    for name, entry in entries:
        yield f"{'' if empty else ','}\n  {_json(name)}: {_json(entry, 2)}"
        empty = False
    yield "}\n}" if empty else "\n }\n}"


def write_text(path: Path, text: Iterable[str]) -> None:
    """Writes UTF-8 text, or pieces of it, whole or not at all.

    Raises:
        InputError: if the file cannot be written, or would hold a name that is no Unicode text.
    """
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as stream:
        try:
            for piece in [text] if isinstance(text, str) else text:
                stream.write(piece)
        except UnicodeEncodeError as error:
            around = error.object[max(error.start - 40, 0) : error.end + 20]
            problem = f"would hold {shown(around)}, which is no Unicode text"
            raise InputError(problem, source=path, expected="names of files and folders in UTF-8") from None


def read_bytes(path: Path, what: str) -> bytes:
    """The content of a file that a user named; ``what`` says what it should be, for the message.

    Raises:
        InputError: if there is no such file or it cannot be read.
    """
    try:
        if is_endless(path):
            raise InputError("is no file", source=path, expected=what)
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError("no such file", source=path, expected=what) from None
    except IsADirectoryError:
        raise InputError("is a folder", source=path, expected=what) from None
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read ({reason(error)})", source=path, expected=what) from error


def is_endless(path: Path) -> bool:
    """Whether a path leads to a device or a pipe, which may never end, but for those that a shell hands over."""
    there = path.exists() and not path.is_file() and not path.is_dir()
    return there and not path.is_relative_to("/dev/fd") and not path.is_relative_to("/proc/self/fd")


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
    if is_endless(path):
        raise OSError(errno.EINVAL, "is no file", str(path))
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
