"""What a run writes down while it trains: losses.csv, TensorBoard."""

from __future__ import annotations

import contextlib
import csv
import importlib
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from weaktal.errors import InputError, arg, shown
from weaktal.files import read_bytes, replacing
from weaktal.packages import package

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

log = logging.getLogger("weaktal")

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


@runtime_checkable
class Logger(Protocol):
    """What is told of a training besides its own files: the interface of ``lightning_fabric.loggers.Logger``."""

    def log_hyperparams(self, params: dict[str, Any]) -> Any:
        """Takes what defines the run."""
        ...

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> Any:
        """Takes figures of an update; ``step`` is its number."""
        ...

    def finalize(self, status: str) -> Any:
        """Is told that there will be no more."""
        ...


# Loggers by a name of their own; each needs the extra of that name.
NAMED = {"wandb": "weaktal.engine.loggers:Wandb", "mlflow": "weaktal.engine.loggers:MLflow"}


def logger_named(name: str) -> Logger:
    """One of :data:`NAMED`, or what ``package.module:function``, or a class, makes; the module is imported.

    Raises:
        InputError: if there is none, it cannot be made, or what it makes is not a logger.
    """
    module, _, maker = NAMED.get(name, name).partition(":")
    source = f"{arg('logger')} {shown(name)}"
    expected = f"{', '.join(NAMED)}, or package.module:function of a module that is installed"
    if not maker:
        raise InputError("names no function", source=source, expected=expected)
    try:
        made = getattr(importlib.import_module(module), maker)()
    except ImportError as error:
        if name not in NAMED:
            raise InputError(f"cannot be made ({error})", source=source, expected=expected) from None
        raise InputError(
            f"is not installed ({error})", source=source, expected=f"pip install 'weaktal[{name}]'"
        ) from None
    except Exception as error:  # whatever somebody's module does
        problem = f"cannot be made ({type(error).__name__}: {error})"
        raise InputError(problem, source=source, expected=expected) from None
    if not isinstance(made, Logger):
        raise InputError("makes no logger", source=source, expected="log_hyperparams, log_metrics and finalize")
    return made


class LossLog:
    """``losses.csv``, one row a value: total updates so far, phase, update in the phase, name, value.

    Args:
        path: of the file; rows after ``total`` are dropped, since a resumed run writes them again.
        total: updates done when the run starts or resumes.
        tensorboard: folder for TensorBoard's files, or None.
        hparams: what defines the run, by name, for TensorBoard and the loggers.
        loggers: whatever else is to be told, such as Weights & Biases, by the interface of Lightning Fabric's loggers.
    """

    def __init__(
        self,
        path: Path,
        total: int,
        tensorboard: Path | None,
        hparams: Mapping[str, object] | None = None,
        loggers: Sequence[Logger] = (),
    ) -> None:
        kept = [row for row in read_losses(path) if int(row[0]) <= total] if path.exists() else []
        with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([COLUMNS, *kept])
        self._stream = path.open("a", encoding="utf-8", newline="")
        self._writer = csv.writer(self._stream)
        self._board: SummaryWriter | None = None
        if tensorboard is not None and not package("tensorboard").present:
            log.debug("no curves for TensorBoard: %s; losses.csv has the losses", package("tensorboard").get)
        elif tensorboard is not None:
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(tensorboard), purge_step=total + 1)
            if hparams and not total:
                _write_hparams(self._board, hparams)
        self._loggers = tuple(loggers)
        for logger in self._loggers:
            with contextlib.suppress(NotImplementedError):  # as Fabric's own logger of CSV has it
                logger.log_hyperparams(dict(hparams or {}))

    def write(
        self, *, total: int, phase: str, update: int, values: Mapping[str, float], about: Mapping[str, float]
    ) -> None:
        """Adds an update.

        Args:
            total: updates so far.
            phase, update: where the training is.
            values: the losses; they go to ``losses.csv`` as well.
            about: further figures, such as the learning rate, for TensorBoard and the loggers alone.
        """
        self.write_about(total=total, values={f"{phase}/{name}": value for name, value in {**values, **about}.items()})
        for name, value in values.items():
            self._writer.writerow([total, phase, update, name, repr(value)])
        self._stream.flush()

    def write_about(self, *, total: int, values: Mapping[str, float]) -> None:
        """Adds figures by their full name for TensorBoard and the loggers alone, after ``total`` updates."""
        for logger in self._loggers:
            logger.log_metrics(dict(values), total)
        if self._board is not None:
            for name, value in values.items():
                self._board.add_scalar(name, value, total)

    def __enter__(self) -> LossLog:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Flushes and closes the files, and tells the loggers how it ended."""
        self._stream.close()
        if self._board is not None:
            self._board.close()
        for logger in self._loggers:
            logger.finalize("finished" if kind is None else "failed")


def _write_hparams(board: Any, hparams: Mapping[str, object]) -> None:
    """The run's settings, in TensorBoard's own plugin, without a folder of their own."""
    from torch.utils.tensorboard import summary

    plain = {
        name: value if isinstance(value, bool | int | float | str) else str(value) for name, value in hparams.items()
    }
    for part in summary.hparams(plain, {}):  # type: ignore[no-untyped-call]
        board._get_file_writer().add_summary(part)
