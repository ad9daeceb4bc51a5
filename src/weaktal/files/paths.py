"""Paths: what a command may write to, where things are kept, and what a path leads to."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from weaktal.errors import InputError


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
            folder = next(parent for parent in target(path).parents if parent.exists())
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


def target(path: Path) -> Path:
    """Where a file that is written really lies: a link stays, and what it points to is replaced.

    Raises:
        InputError: if there is a folder or a device at that place.
    """
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "no regular file"
        raise InputError(f"is {kind}", source=path, expected="the path of a file to write")
    return path.resolve()


def reason(error: OSError | ValueError | RuntimeError) -> str:
    """Why a path could not be used, without the path.

    A ValueError says that it holds a NUL or a lone surrogate, a RuntimeError that its links go round in a circle.
    """
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def is_endless(path: Path) -> bool:
    """Whether a path leads to a device or a pipe, which may never end, but for those that a shell hands over."""
    there = path.exists() and not path.is_file() and not path.is_dir()
    return there and not path.is_relative_to("/dev/fd") and not path.is_relative_to("/proc/self/fd")


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


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal, read in pieces."""
    if is_endless(path):
        raise OSError(errno.EINVAL, "is not a file", str(path))
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
