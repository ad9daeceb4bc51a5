"""What a user did that cannot work, said in one line: which file, where in it, what is wrong, what was expected."""

from __future__ import annotations

import reprlib
from pathlib import Path


class InputError(Exception):
    """Bad input from outside: a file, a folder, an option. The command line prints it as one line and exits with 2.

    Args:
        problem: what is wrong, in a few words.
        source: the file, folder or option that holds the problem.
        place: where in the source, such as a key path or a line.
        expected: what would have been right.
    """

    def __init__(
        self,
        problem: str,
        *,
        source: str | Path | None = None,
        place: str | None = None,
        expected: str | None = None,
    ) -> None:
        self.problem = problem
        self.source = source
        self.place = place
        self.expected = expected
        super().__init__(self.line())

    def line(self) -> str:
        """The whole message on one line, control characters escaped."""
        parts = [str(part) for part in (self.source, self.place, self.problem) if part]
        text = ": ".join(parts)
        if self.expected:
            text = f"{text}; expected {self.expected}"
        return one_line(text)


def one_line(text: str, limit: int = 4000) -> str:
    """``text`` on one line: unprintable characters escaped, shortened in the middle beyond ``limit`` characters."""
    printable = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    if len(printable) > limit:
        half = limit // 2
        printable = f"{printable[:half]} ... {printable[-half:]}"
    return printable


def shown(value: object, limit: int = 60) -> str:
    """A value as it may stand in an error message: its repr, shortened, whatever the value."""
    try:
        text = _REPR.repr(value)
    except (ValueError, RecursionError):  # such as an integer of more than 4300 digits
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= limit else text[: limit - 3] + "..."


# Looks at a few items and levels only, so that neither size nor depth of a bad value matters.
_REPR = reprlib.Repr()
_REPR.maxlevel = 4
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = 80


class RunError(Exception):
    """Something went wrong that is no input's fault, such as a loss that is not a number; one line, exit code 1."""
