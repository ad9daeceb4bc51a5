"""What a run writes down while it trains: losses.csv, TensorBoard."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from weaktal.errors import InputError, shown
from weaktal.files import read_bytes, replacing

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

COLUMNS = ("total", "phase", "update", "name", "value")
WHAT = f"rows of {','.join(COLUMNS)} as weaktal train writes them; delete the file to go on without"


def read_losses(path: Path) -> list[list[str]]:
    """The rows of a ``losses.csv`` without its heading; a last line that was never finished does not count.

    Raises:
        InputError: if it is damaged, naming the line.
    """
    lines = read_bytes(path, WHAT).split(b"\n")[:-1]
    rows: list[list[str]] = []
    for number, line in enumerate(lines, start=1):
        try:
            (row,) = csv.reader([line.decode("utf-8").removesuffix("\r")])
            if number == 1 and row == list(COLUMNS):
                continue
            counts = (row[0], row[2])
            if len(row) != len(COLUMNS) or not all(n.isascii() and n.isdigit() and len(n) < 16 for n in counts):
                raise ValueError
            float(row[4])
        except (ValueError, IndexError, csv.Error):  # also what is no UTF-8
            raise InputError(f"is {shown(line)}", source=path, place=f"line {number}", expected=WHAT) from None
        rows.append(row)
    return rows


class LossLog:
    """``losses.csv``, one row a value: total updates so far, phase, update in the phase, name, value.

    Args:
        path: of the file; rows after ``total`` are dropped, since a resumed run writes them again.
        total: updates done when the run starts or resumes.
        tensorboard: folder for TensorBoard's files, or None.
    """

    def __init__(self, path: Path, total: int, tensorboard: Path | None) -> None:
        kept = [row for row in read_losses(path) if int(row[0]) <= total] if path.exists() else []
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
