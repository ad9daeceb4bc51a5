"""What a run writes down while it trains: losses.csv, TensorBoard."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from weaktal.files import replacing

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

COLUMNS = ("total", "phase", "update", "name", "value")


def _is_up_to(total: int, cell: str) -> bool:
    return cell.isascii() and cell.isdigit() and len(cell) < 19 and int(cell) <= total


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
            with path.open(encoding="utf-8", errors="replace", newline="") as stream, contextlib.suppress(csv.Error):
                kept.extend(row for row in csv.reader(stream) if len(row) == len(COLUMNS) and _is_up_to(total, row[0]))
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
