"""What long work says while it runs: a bar on a terminal, a line at every tenth elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

Advance = Callable[[float], None]


@contextlib.contextmanager
def advancing(console: Console, what: str) -> Iterator[Advance]:
    """Gives a function that is told which share of the work is done, from 0 to 1, again and again."""
    if console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(what, total=1.0)
            yield lambda share: bar.update(task, completed=min(share, 1.0))
        return
    said = 0

    def say(share: float) -> None:
        nonlocal said
        tenth = int(10 * min(share, 1.0) + 1e-9)
        if tenth > said:
            said = tenth
            console.print(f"{what} {10 * tenth} %", highlight=False, markup=False)

    yield say
