"""What a run says while it trains: a progress bar with the losses by name, losses.csv, TensorBoard."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from weaktal.files import replacing

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

COLUMNS = ("total", "phase", "update", "name", "value")


class LossLog:
    """``losses.csv``, one row a value: total updates so far, phase, update in the phase, name, value.

    Args:
        path: of the file; rows after ``total`` are dropped, since a resumed run writes them again.
        total: updates done when the run starts or resumes.
        tensorboard: folder for TensorBoard's files, or None.
    """

    def __init__(self, path: Path, total: int, tensorboard: Path | None) -> None:
        kept: list[list[str]] = []
        if path.exists():
            with path.open(encoding="utf-8", newline="") as stream:
                rows = csv.reader(stream)
                kept = [row for row in rows if len(row) == len(COLUMNS) and row[0].isdigit() and int(row[0]) <= total]
        with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([COLUMNS, *kept])
        self._stream = path.open("a", encoding="utf-8", newline="")
        self._writer = csv.writer(self._stream)
        self._board: SummaryWriter | None = None
        if tensorboard is not None:
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(tensorboard), purge_step=total + 1)

    def write(self, *, total: int, phase: str, update: int, values: Mapping[str, float]) -> None:
        """Adds the values of one update."""
        for name, value in values.items():
            self._writer.writerow([total, phase, update, name, repr(value)])
            if self._board is not None:
                self._board.add_scalar(f"{phase}/{name}", value, total)
        self._stream.flush()

    def close(self) -> None:
        """Flushes and closes the files."""
        self._stream.close()
        if self._board is not None:
            self._board.close()


class TrainingProgress:
    """A bar a phase on a terminal; a line at every tenth of a phase elsewhere."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[losses]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None
        self._phase, self._updates = "", 0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def phase(self, name: str, updates: int, done: int) -> None:
        """A phase begins, or goes on after ``done`` updates."""
        self._phase, self._updates = name, updates
        self._task = self._bar.add_task(name, total=updates, completed=done, losses="")

    def update(self, done: int, values: Mapping[str, float]) -> None:
        """``done`` updates of the phase are behind, the last of them with these losses."""
        assert self._task is not None
        text = "  ".join(f"{name} {value:.4f}" for name, value in values.items())
        self._bar.update(self._task, completed=done, losses=text)
        tenth = max(1, self._updates // 10)
        if not self.console.is_terminal and (done % tenth == 0 or done == self._updates):
            self.console.print(f"{self._phase} {done}/{self._updates}  {text}", highlight=False, soft_wrap=True)
