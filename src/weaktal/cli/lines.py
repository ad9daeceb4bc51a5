"""What the library logs, as lines of a command."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator

from weaktal.errors import one_line


class _Lines(logging.Handler):
    """A line for each message: what happens on standard output, warnings on standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        stream = sys.stderr if record.levelno >= logging.WARNING else sys.stdout
        print(one_line(record.getMessage()), file=stream)


@contextlib.contextmanager
def log_lines(level: int = logging.INFO) -> Iterator[None]:
    """Whatever the library logs from ``level`` on is printed, and goes nowhere else."""
    logger = logging.getLogger("weaktal")
    before, handler = (logger.level, logger.propagate), _Lines()
    logger.addHandler(handler)
    logger.setLevel(level)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = before
