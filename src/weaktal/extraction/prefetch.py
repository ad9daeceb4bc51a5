"""Iterators that run ahead of their consumer, each in a thread of its own."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")

_PATIENCE = 5.0  # seconds that a thread may take to stop


def running_ahead(items: Iterator[Item], depth: int) -> Generator[Item]:
    """The items, made in a thread of their own, at most ``depth`` ahead. Errors come out where the items do.

    Leaving the loop early stops the thread at its next item, and waits for that; not for long, since it may be busy
    with a file that does not answer.
    """
    ready: queue.Queue[tuple[Item | None, BaseException | None]] = queue.Queue(maxsize=depth)
    stop = threading.Event()

    def put(item: Item | None, error: BaseException | None) -> bool:
        while not stop.is_set():
            with contextlib.suppress(queue.Full):
                ready.put((item, error), timeout=0.1)
                return True
        return False

    def work() -> None:
        try:
            for item in items:
                if not put(item, None):
                    break
            else:
                put(None, StopIteration())
        except BaseException as error:
            put(None, error)
        finally:
            if isinstance(items, Generator):
                items.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            item, error = ready.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item  # type: ignore[misc]  # an item comes with every missing error
    finally:
        stop.set()
        thread.join(_PATIENCE)


class Shared(Generic[Item]):
    """An iterator that several threads take from: each item goes to whoever asks first."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = iter(items)
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        with self._lock:
            return next(self._items)


def merged(sources: Sequence[Iterator[Item]]) -> Generator[Item]:
    """The items of several iterators as they come, each iterator in a thread of its own.

    Leaving the loop early, or an error of one of them, which comes out here, stops the others at their next item.
    """
    ready: queue.Queue[tuple[Item | None, BaseException | None]] = queue.Queue()
    stop = threading.Event()

    def work(items: Iterator[Item]) -> None:
        try:
            for item in items:
                ready.put((item, None))
                if stop.is_set():
                    break
            ready.put((None, StopIteration()))
        except BaseException as error:
            ready.put((None, error))
        finally:
            if isinstance(items, Generator):
                items.close()

    threads = [threading.Thread(target=work, args=(items,), daemon=True) for items in sources]
    for thread in threads:
        thread.start()
    left = len(threads)
    try:
        while left:
            item, error = ready.get()
            if isinstance(error, StopIteration):
                left -= 1
            elif error is not None:
                raise error
            else:
                yield item  # type: ignore[misc]  # an item comes with every missing error
    finally:
        stop.set()
        for thread in threads:
            thread.join(_PATIENCE)
