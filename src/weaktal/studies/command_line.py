"""What the command lines of studies over several datasets share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from weaktal.errors import InputError, RunError


def parser_of(module: str, about: str | None, leaves_out: str = "") -> argparse.ArgumentParser:
    """A parser with the options of all of them.

    Args:
        module: as ``python -m`` takes it.
        about: docstring of the module; its first line is shown.
        leaves_out: what else is left out with a row.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=(about or "").split("\n")[0])
    parser.add_argument("--features", required=True, metavar="NAME", help="folder under DATASET/features, for CBP")
    parser.add_argument("--vlp-features", required=True, metavar="NAME", help="the same for VLP")
    parser.add_argument("--out", required=True, type=Path, help="folder to make or to go on with")
    parser.add_argument("--preset", metavar="NAME", help="settings of collab that all rows start from")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="overrides",
        metavar="KEY=VALUE",
        help="a setting over the preset, repeatable",
    )
    parser.add_argument(
        "--without",
        default="",
        type=_names,
        metavar="ROWS",
        help=f"names of rows to leave out, with commas{leaves_out}",
    )
    parser.add_argument("--workers", type=int, help="trainings at once")
    return parser


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def seeds_in(text: str, option: str) -> list[int]:
    """The seeds that an option names, with commas.

    Raises:
        InputError: if they are no whole numbers.
    """
    if not all(word.isdecimal() for word in text.split(",")):
        raise InputError("are not seeds", source=f"{option} {text}", expected="whole numbers, such as 0,1,2")
    return [int(word) for word in text.split(",")]


def words_of(module: str, arguments: Sequence[str] | None) -> list[str]:
    """The command line as it was typed, for a report."""
    return ["python", "-m", module, *(arguments if arguments is not None else sys.argv[1:])]


def finish(study: Callable[[], Path]) -> int:
    """Runs a study and prints the file that it wrote, or its one line of complaint.

    Returns:
        The exit code: 0; 2 for bad input; 1 where a training went wrong.
    """
    try:
        file = study()
    except (InputError, RunError) as error:
        line = error.line(shell=True) if isinstance(error, InputError) else str(error)
        print(f"weaktal: {line}", file=sys.stderr)
        return 2 if isinstance(error, InputError) else 1
    print(file.read_text(encoding="utf-8"))
    return 0
