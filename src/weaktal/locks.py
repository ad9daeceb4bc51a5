"""One at a time: locks on folders that grow in place, which the system releases when their holder dies.

A lock is a file with a lock of the system on it. Whoever is done removes the file; what a killed process leaves of it
holds nobody up. On network file systems it holds as far as these pass on ``flock``, which NFS does since Linux 2.6.12.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import platform
import stat
from collections.abc import Iterator
from pathlib import Path

from weaktal.errors import InputError

log = logging.getLogger("weaktal")

_HELD_BY_ANOTHER = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK}
_open: set[int] = set()  # descriptors of the locks that this process holds


@contextlib.contextmanager
def alone_in(folder: Path, what: str) -> Iterator[None]:
    """Keeps others out of a folder, which is made if it is not there.

    Args:
        folder: that grows in place.
        what: works there, such as ``"weaktal train"``; what others are told.

    Raises:
        InputError: if another process is at work there, or the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise InputError("is a file", source=folder, expected="a folder") from None
    except (OSError, ValueError) as error:
        raise _unwritable(folder, error) from error
    with _locked(folder / ".lock", folder, what):
        yield


def remove_stale(folder: Path) -> None:
    """Removes the lock file that a killed process left in a folder in which there is nothing more to do."""
    if (folder / ".lock").exists():
        with contextlib.suppress(InputError), alone_in(folder, "weaktal"):
            pass


@contextlib.contextmanager
def alone_making(path: Path, what: str) -> Iterator[None]:
    """Keeps others from making the same file or folder; arguments as of :func:`alone_in`. Its parent is made.

    Raises:
        InputError: if another process is making it, or its parent cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from error
    with _locked(path.with_name(f".{path.name}.lock"), path, what):
        yield


@contextlib.contextmanager
def _locked(file: Path, about: Path, what: str) -> Iterator[None]:
    descriptor = _taken(file, about)
    _open.add(descriptor)
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()} on {platform.node()}, {what}".encode("utf-8", "replace"))
        yield
    finally:
        if os.name == "posix":
            file.unlink(missing_ok=True)  # before it is let go, so that nobody else's is removed
        _open.discard(descriptor)
        os.close(descriptor)
        if os.name != "posix":
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)


def _taken(file: Path, about: Path) -> int:
    while True:
        try:
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        except (OSError, ValueError) as error:
            raise _unwritable(about, error) from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # such as a pipe, in a folder from elsewhere
            os.close(descriptor)
            raise InputError("is no regular file", source=file, expected="a lock of weaktal, or nothing of that name")
        try:
            _lock(descriptor)
            if os.name != "posix" or _is(file, descriptor):
                return descriptor
            os.close(descriptor)  # its holder removed it meanwhile
        except OSError as error:
            if error.errno not in _HELD_BY_ANOTHER:
                log.warning("%s: this file system has no locks; nothing keeps a second weaktal out", about)
                return descriptor
            holder = os.read(descriptor, 400).decode("utf-8", "replace").strip()
            os.close(descriptor)
            problem = f"another weaktal is at work there{f' ({holder})' if holder else ''}"
            raise InputError(problem, source=about, expected="one at a time") from None


def _is(file: Path, descriptor: int) -> bool:
    """Whether the file of that name is still the one that was opened."""
    try:
        return os.path.samestat(file.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _lock(descriptor: int) -> None:
    if os.name == "posix":
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    else:
        import msvcrt

        os.lseek(descriptor, 1 << 30, os.SEEK_SET)  # beyond the text, which others may read
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        os.lseek(descriptor, 0, os.SEEK_SET)


def _unwritable(path: Path, error: OSError | ValueError) -> InputError:
    said = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return InputError(f"cannot be written ({said})", source=path, expected="a folder to write to")


def _let_go() -> None:
    """A forked process, such as one that loads batches, must not hold its parent's locks any longer than that lives."""
    for descriptor in _open:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    _open.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)
