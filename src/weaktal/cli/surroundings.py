"""What a command finds around it: standard streams that are closed, full or ASCII, and signals."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import threading
import warnings
from collections.abc import Iterable
from typing import Any, TextIO

from weaktal.cli import stopping
from weaktal.errors import harmless


def prepare(*, debug: bool) -> None:
    """Makes the surroundings such that nothing but a command's own lines reaches the terminal.

    Args:
        debug: whether to leave warnings and tracebacks of threads as they are.
    """
    _open_streams()
    stopping.end_when_told()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # names may hold what the terminal, or no encoding at all, can show
            reconfigure(errors="backslashreplace")
    sys.stdout, sys.stderr = Harmless(sys.stdout), Harmless(sys.stderr)
    if not debug:
        warnings.simplefilter("ignore")
        threading.excepthook = _nothing
        sys.unraisablehook = _nothing


class Harmless:
    """A standard stream on which the names of a file cannot steer the terminal: they are escaped.

    Colours pass where there is a terminal. What moves the cursor, such as a bar, is written to ``unescaped``.
    """

    def __init__(self, stream: TextIO) -> None:
        self.unescaped = stream
        self._colours = re.compile(r"(\x1b\[[0-9;]*m)" if stream.isatty() else "($.)")

    def write(self, text: str) -> int:
        """Writes the text, escaped."""
        parts = self._colours.split(text)
        self.unescaped.write("".join(part if i % 2 else harmless(part) for i, part in enumerate(parts)))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Writes the lines, escaped."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.unescaped, name)


def _nothing(_: Any) -> None:
    pass


def _open_streams() -> None:
    """Puts what swallows everything in the place of closed streams, whose numbers other files would get."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def flushed() -> OSError | None:
    """Writes what waits to be written to the standard streams; why that failed, where it did.

    A reader that has gone away, such as ``head``, has seen enough: that is a :class:`BrokenPipeError`.
    """
    failed: OSError | None = None
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            failed = failed or error
            _swallow(stream)
        except ValueError:  # closed by somebody else
            pass
    return failed


def _swallow(stream: TextIO) -> None:
    """Lets the rest go nowhere, so that Python does not try again at its exit and complain."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
