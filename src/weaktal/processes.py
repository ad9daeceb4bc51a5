"""Processes: whether one is still alive, and helpers that end with the process that started them."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import platform
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from weaktal.errors import RunError

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing.process import BaseProcess

GRACE = 4.0  # seconds that helpers get to end after Ctrl-C

# What a terminal and a batch scheduler send to a whole group of processes: the parent answers for all.
_STOPPING = {getattr(signal, name) for name in ("SIGINT", "SIGHUP") if hasattr(signal, name)}


def identity(pid: int | None = None) -> str:
    """What tells a process from others of the same number, before and after it: ``"PID-STARTED.MACHINE"``.

    Where the system does not tell when a process started, that part is 0.
    """
    pid = os.getpid() if pid is None else pid
    return f"{pid}-{_started(pid) or 0:x}.{_machine()}"


def is_over(named: str) -> bool | None:
    """Whether the process that :func:`identity` named has ended; None where that cannot be told from here."""
    process, _, machine = named.partition(".")
    pid, _, started = process.partition("-")
    if machine != _machine():
        return None
    if os.name != "posix":  # there, signal 0 would end the process
        return None if int(pid) != os.getpid() else False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    if started == "0" or _started(os.getpid()) is None:
        return False  # the system does not tell
    return f"{_started(int(pid)) or 0:x}" != started


def _started(pid: int) -> int | None:
    """When a process started, in ticks since the machine did; -1 for one that ended and was not buried yet."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    return -1 if fields[0] in (b"Z", b"X") else int(fields[19])


@functools.cache
def _machine() -> str:
    """A digest of this machine since its last start; containers count as machines of their own."""
    parts = [platform.node()]
    with contextlib.suppress(OSError):
        parts += [Path("/proc/sys/kernel/random/boot_id").read_text(), str(Path("/proc/self/ns/pid").readlink())]
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:8]


@contextlib.contextmanager
def worker_pool(workers: int, prepare: Callable[[], None] | None = None) -> Iterator[ProcessPoolExecutor]:
    """Processes that end with this one, whatever ends it, and that leave Ctrl-C and a hang-up to it.

    Leaving the block by an exception waits for the tasks that have begun and drops the others; Ctrl-C ends those too,
    by SIGTERM, on which they remove what was half written, and after :data:`GRACE` seconds by force.

    Args:
        workers: at most so many.
        prepare: is called in each of them first.

    Raises:
        RunError: if one of them is killed.
    """
    import multiprocessing  # late, as below: every command imports this module, and few start processes
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    context, others = multiprocessing.get_context("spawn"), set(multiprocessing.active_children())
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(prepare,)) as pool:
        try:
            with _held_back():
                for _ in range(workers):
                    pool.submit(_nothing)  # starts a process, which inherits what is held back
            yield pool
        except BrokenProcessPool:
            time.sleep(0.2)  # where the whole group was told to stop, this process is about to hear of it
            # The pool has asked the others to end. One that was at work takes that for the end of its task, and waits
            # for the next behind a lock that the killed one may have held.
            _end(set(multiprocessing.active_children()) - others)
            raise RunError("a helper process was killed; the system may have run out of memory") from None
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            _end(set(multiprocessing.active_children()) - others)
            raise
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _end(helpers: Collection[BaseProcess]) -> None:
    """Ends processes, at first by asking them to."""
    from multiprocessing.connection import wait
    from multiprocessing.process import BaseProcess

    for kind in (BaseProcess.terminate, BaseProcess.kill):
        for helper in helpers:
            kind(helper)
        running, until = {helper.sentinel for helper in helpers}, time.monotonic() + GRACE
        while running and (left := until - time.monotonic()) > 0:
            running -= set(wait(running, left))
        if not running:
            return


def _nothing() -> None:
    time.sleep(0.01)


@contextlib.contextmanager
def _held_back() -> Iterator[None]:
    """Signals that stop wait until the block is over; processes that it starts never see them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(prepare: Callable[[], None] | None) -> None:
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    if prepare is not None:
        prepare()


def _leave(*_: object) -> None:
    """Ends a task, or the process that waits for one, without a traceback."""
    raise SystemExit(1)


def end_with_parent() -> None:
    """Ends this process, which :mod:`multiprocessing` started, as soon as its parent has ended."""
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
