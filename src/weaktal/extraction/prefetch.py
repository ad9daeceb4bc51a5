"""An iterator that runs ahead of its consumer, in a thread of its own."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Generator, Iterator
from typing import TypeVar

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
