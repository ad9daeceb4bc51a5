"""Bars on standard error for verbs that report their progress."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TaskID, TextColumn

from weaktal import progress


@contextlib.contextmanager
def showing(*columns: ProgressColumn | str) -> Iterator[progress.OnProgress]:
    """Gives what a verb takes as ``on_progress``: on a terminal, a bar for each thing that is worked on.

    Args:
        columns: what is shown of each, after its name; a bar and counts by default.
    """
    shown = (TextColumn("{task.description}", markup=False), *(columns or (BarColumn(), MofNCompleteColumn())))
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    bars = Progress(*shown, console=console, transient=True, redirect_stdout=False)
    tasks: dict[str, TaskID] = {}

    def show(seen: progress.Progress) -> None:
        bars.start()  # here, so that a verb which fails before any work prints its one line and nothing else
        if seen.what not in tasks:
            tasks[seen.what] = bars.add_task(seen.what, total=None)
        bars.update(tasks[seen.what], completed=seen.done, total=seen.total or None)

    try:
        yield show
    finally:
        bars.stop()
