"""Files and folders that appear whole or not at all.

Every output of weaktal goes through :func:`replacing` or :func:`replacing_folder`: the content is written beside its
destination under a temporary name and moved into place in one step, so that neither a crash nor
Ctrl-C ever leaves half a file under the final name.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from weaktal.errors import InputError, WeaktalError, shown
from weaktal.files.paths import reason, target
from weaktal.locks import alone_making
from weaktal.processes import identity, is_over

Model = TypeVar("Model", bound=BaseModel)

_TEMPORARY = re.compile(r"^\..*\.(\d+-[0-9a-f]+\.[0-9a-f]{8})\.[0-9a-f]{8}\.tmp$", re.DOTALL)
_SCRATCH = re.compile(r"^weaktal-(\d+-[0-9a-f]+\.[0-9a-f]{8})\.[0-9a-f]{8}$")
_FULL = {getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG") if hasattr(errno, name)}
_LONG_AGO = 7 * 24 * 3600  # seconds after which a temporary file of another machine's process is given up
_cleaned: set[Path] = set()  # folders that this process has cleaned


def _temporary(path: Path) -> Path:
    _clean_once(path.parent, _TEMPORARY)
    name = path.name if len(os.fsencode(path.name)) < 150 else path.name[:35]
    return path.with_name(f".{name}.{identity()}.{secrets.token_hex(4)}.tmp")


def _clean_once(folder: Path, names: re.Pattern[str]) -> None:
    """The same as :func:`remove_left_over`, once for each folder; ``names`` are those of what may be removed."""
    here = folder.absolute()  # a relative path is another folder once the process works elsewhere
    if here in _cleaned:
        return
    _cleaned.add(here)
    _clean(folder, names)


def remove_left_over(folder: Path) -> None:
    """Removes what killed processes left in a folder of what they were about to move into place there."""
    _clean(folder, _TEMPORARY)


def _clean(folder: Path, names: re.Pattern[str]) -> None:
    with contextlib.suppress(OSError):
        for entry in list(os.scandir(folder)):
            named = names.match(entry.name)
            with contextlib.suppress(OSError):
                if named and _is_left_over(named[1], entry):
                    shutil.rmtree(entry.path) if entry.is_dir(follow_symlinks=False) else Path(entry.path).unlink()


def _is_left_over(owner: str, entry: os.DirEntry[str]) -> bool:
    over = is_over(owner)
    return time.time() - entry.stat(follow_symlinks=False).st_mtime > _LONG_AGO if over is None else over


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a temporary path to write to; moves it to ``path`` when the block ends well, removes it otherwise.

    Raises:
        InputError: if the folder of ``path`` cannot be made or written to, or ``path`` is a folder or a device.
    """
    try:
        path = target(path)
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
    except OSError as error:
        if _says_nothing(error, temporary):  # another one, since those of PyAV keep their path
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    except WeaktalError:
        raise
    except Exception as error:  # of libraries that say of a full disk no more than that writing failed
        if (said := _cannot_hold_more(temporary)) is not None:
            raise OSError(said.errno, said.strerror, str(path)) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _says_nothing(error: OSError, temporary: Path) -> bool:
    """Whether an error of a full disk names no file, or a step on the way to what was to be written."""
    return error.errno in _FULL and (error.filename is None or str(error.filename).startswith(str(temporary)))


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
    except OSError as error:
        if _says_nothing(error, temporary):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def discard_folder(path: Path) -> None:
    """Removes a folder such that half of it never stays under its name."""
    temporary = _temporary(path)
    path.replace(temporary)
    shutil.rmtree(temporary, ignore_errors=True)


@contextlib.contextmanager
def scratch_folder(beside: Path | None = None) -> Iterator[Path]:
    """A folder for what is needed for a while, removed afterwards; what killed processes left goes too.

    Args:
        beside: a path in whose folder it is to be, as for files too large for the system's temporary folder.
    """
    if beside is None:
        parent = Path(tempfile.gettempdir())
        _clean_once(parent, _SCRATCH)
        folder = parent / f"weaktal-{identity()}.{secrets.token_hex(4)}"
    else:
        folder = _temporary(beside)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
            problem = f"would hold {shown(around)}, which is not Unicode text"
            raise InputError(problem, source=path, expected="names of files and folders in UTF-8") from None
