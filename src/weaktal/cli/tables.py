"""Tables and JSON on standard output, alike for every verb that scores."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weaktal.errors import harmless

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

PIPED_WIDTH = 200  # columns of a table that does not go to a terminal


def console() -> Console:
    """Standard output: as wide as the terminal, and wide where there is none."""
    from weaktal.progress import console_on

    return console_on("stdout", width=None if sys.stdout.isatty() else PIPED_WIDTH)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, named: int = 1, foot: Sequence[str] = ()) -> Table:
    """A table without lines between its rows.

    Args:
        head: titles of the columns.
        rows: cells.
        named: columns at the left that hold words; the others hold numbers.
        foot: cells of a last row, set apart.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(box=box.SIMPLE, padding=(0, 1, 0, 0), pad_edge=False, show_footer=bool(foot))
    for index, name in enumerate(head):
        words = index < named
        below = Text(harmless(foot[index])) if foot else ""
        tight = not words and " " not in name
        made.add_column(
            Text(harmless(name)), below, justify="left" if words else "right", overflow="fold", no_wrap=tight
        )
    for row in rows:
        made.add_row(*(Text(harmless(cell)) for cell in row))
    return made


def percent(value: float | None) -> str:
    """A fraction as percent; a dash for none."""
    return "-" if value is None or math.isnan(value) else f"{100 * value:.1f}"


def share(value: float | None) -> str:
    """A fraction of 1; a dash for none."""
    return "-" if value is None or math.isnan(value) else f"{value:.3f}"


def warn(warnings: Sequence[str], of: str | None = None) -> None:
    """Warnings, one a line, on standard error."""
    for warning in warnings:
        print(f"weaktal: warning: {f'{of}: ' if of else ''}{warning}", file=sys.stderr)


def put_json(content: dict[str, Any], where: str | None) -> bool:
    """Writes what ``--json`` asks for; whether it went to standard output, where it is to stay alone."""
    from weaktal.files import write_json

    if where == "-":
        print(json.dumps(content, allow_nan=False))
    elif where is not None:
        write_json(Path(where), content)
    return where == "-"
