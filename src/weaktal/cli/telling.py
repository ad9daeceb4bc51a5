"""What a command tells while it works: the library's log and its progress, on standard error."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator

from weaktal.errors import one_line
from weaktal.progress import OnProgress, Progress


class _Lines(logging.Handler):
    """Each message as one line on standard error, as it is at that moment: tests replace it."""

    def emit(self, record: logging.LogRecord) -> None:
        print(one_line(record.getMessage()), file=sys.stderr)


@contextlib.contextmanager
def log_to_stderr() -> Iterator[None]:
    """Whatever the library logs from ``info`` on goes to standard error, and nowhere else."""
    logger = logging.getLogger("weaktal")
    before = logger.level, logger.propagate
    handler = _Lines()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]


@contextlib.contextmanager
def bars() -> Iterator[OnProgress]:
    """Gives a function that shows progress: a bar for each kind of work on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich import progress
    from rich.console import Console

    parts = (progress.BarColumn(), progress.TaskProgressColumn(), progress.TimeRemainingColumn())
    with progress.Progress("{task.description}", *parts, console=Console(stderr=True), transient=True) as shown:
        tasks: dict[str, progress.TaskID] = {}

        def show(event: Progress) -> None:
            if event.what not in tasks:
                tasks[event.what] = shown.add_task(event.what, total=event.total)
            shown.update(tasks[event.what], completed=event.done, total=event.total)

        yield show
