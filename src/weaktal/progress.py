"""What long work says while it runs: a bar on a terminal, a line at every tenth elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich import progress as bars
from rich.console import Console

Advance = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far long work has come, for whoever asked to be told.

    Attributes:
        what: is being worked on, such as "videos".
        done: how much of it was done so far.
        total: how much there is to do; ``done`` may end up a little below or above it where it is an estimate.
        unit: of both, such as "s of video".
    """

    what: str
    done: float
    total: float
    unit: str

    @property
    def share(self) -> float:
        """What was done so far, from 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total > 0 else 0.0


OnProgress = Callable[[Progress], None]


@contextlib.contextmanager
def advancing(console: Console, what: str) -> Iterator[Advance]:
    """Gives a function that is told which share of the work is done, from 0 to 1, again and again."""
    if console.is_terminal:
        columns = ("{task.description}", bars.BarColumn(), bars.TaskProgressColumn(), bars.TimeRemainingColumn())
        with bars.Progress(*columns, console=console, transient=True) as bar:
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
