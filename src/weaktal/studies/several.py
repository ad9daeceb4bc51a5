"""The controls on several datasets: what is compared, and one plan on each of them, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from os import PathLike
from pathlib import Path

from rich.console import Console

from weaktal.config import load_settings
from weaktal.errors import InputError, RunError, arg, counted
from weaktal.methods.collab.phases import long_warm_up
from weaktal.methods.collab.settings import CollabConfig
from weaktal.methods.presets import preset_file
from weaktal.studies.ablate import run_plan
from weaktal.studies.choosing import chosen_tables
from weaktal.studies.folder import read_found
from weaktal.studies.plan import Plan
from weaktal.studies.runner import Failure
from weaktal.studies.seeded import Data, Measured
from weaktal.studies.tables import CONTROLS, Table, paper_tables


def named_apart(datasets: Sequence[str | PathLike[str]], option: str = "datasets") -> list[Path]:
    """The folders, whose names stand for them in results, whatever a file system takes for the same name.

    Args:
        datasets: what was given.
        option: by which.

    Raises:
        InputError: if two have one name, or are one folder.
    """
    folders = [path if path.name.strip(".") else path.resolve() for path in map(Path, datasets)]
    for one, other in combinations(folders, 2):
        if one.resolve() == other.resolve():
            raise InputError(f"{one.name} and {other.name} are one folder", source=option, expected="each dataset once")
        if one.name.casefold() == other.name.casefold():
            raise InputError(f"two of them are named {one.name}", source=option, expected="a name for each")
    return folders


def compared(
    preset: str | None, overrides: Sequence[str], without: Sequence[str], *, alone: bool = False
) -> tuple[CollabConfig, tuple[Table, ...], Table]:
    """The settings that all rows share, all tables there are, and the table of the controls.

    Args:
        preset, overrides: settings of ``collab``, the second over the first.
        without: names of rows to leave out.
        alone: no row is held against another; else what is held against a row that is left out is left out too.

    Raises:
        InputError: for bad settings or names, or if nothing is left.
    """
    named = load_settings(CollabConfig, preset_file("collab", preset)) if preset else None
    base = load_settings(CollabConfig, None, overrides, base=named)
    catalog = paper_tables(long_warm_up(base))
    offered = [_unpaired(table) if alone else table for table in catalog]
    tables = chosen_tables(offered, [CONTROLS], None, without)
    if not tables:
        raise InputError(
            "leaves nothing to do", source=arg("without"), expected=f"fewer readings of table {CONTROLS!r}"
        )
    return base, catalog, tables[0]


def _unpaired(table: Table) -> Table:
    return replace(table, lines=tuple(replace(line, versus=None) for line in table.lines))


def on_each(
    plan: Plan,
    told: Sequence[Data],
    *,
    out: Path,
    seeds: Sequence[int],
    workers: int | None,
    command: Sequence[str],
    console: Console,
    title: str,
) -> Iterator[tuple[Data, dict[str, dict[int, Measured]], tuple[Failure, ...]]]:
    """Trains and reads what is missing on each dataset into ``out/NAME``.

    Args:
        plan: of all of them.
        told: a dataset and its features each.
        out: folder to make or to go on with.
        seeds, workers, command, console: see :func:`weaktal.studies.ablate.ablate`.
        title: what stands before a dataset's name on its page and in progress.

    Yields:
        A dataset with its cells, by reading and seed, as soon as they are there, and the trainings that went wrong.

    Raises:
        InputError: as :func:`weaktal.studies.ablate.run_plan` does.
    """
    for place, data in enumerate(told):
        name = data.dataset.name
        console.print(f"{title} {name}: {place + 1} of {len(told)} datasets", highlight=False)
        done = run_plan(
            plan, data, out=out / name, seeds=seeds, workers=workers, command=command, console=console,
            heading=f"{title} {name}",
        )  # fmt: skip
        yield data, read_found(plan, out / name, seeds), done.failures


def failed(failures: Sequence[Failure], then: str) -> RunError:
    """What is said of trainings that went wrong: how many, and why the first did.

    Args:
        failures: at least one.
        then: what came of it.
    """
    first = failures[0]
    return RunError(
        f"{counted(len(failures), 'training')} failed, {first.name} with {first.last} ({first.log}); {then}"
    )
