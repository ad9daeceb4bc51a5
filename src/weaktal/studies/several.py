"""The controls on several datasets: what is compared, and one plan on each of them, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path

from rich.console import Console

from weaktal.config import load_settings
from weaktal.errors import InputError, arg
from weaktal.methods.collab.phases import long_warm_up
from weaktal.methods.collab.settings import CollabConfig
from weaktal.methods.presets import preset_file
from weaktal.studies.ablate import run_plan
from weaktal.studies.choosing import chosen_tables
from weaktal.studies.folder import read_found
from weaktal.studies.plan import Plan
from weaktal.studies.seeded import Data, Measured
from weaktal.studies.tables import CONTROLS, Table, paper_tables

Cells = Mapping[str, Mapping[int, Measured]]  # by reading and seed


def named_apart(datasets: Sequence[str | PathLike[str]]) -> list[Path]:
    """The folders, whose names stand for them in results.

    Raises:
        InputError: if two have one name.
    """
    folders = [Path(dataset) for dataset in datasets]
    if len({folder.name for folder in folders}) < len(folders):
        raise InputError("two of them have one name", source="datasets", expected="a name for each")
    return folders


def compared(
    preset: str | None, overrides: Sequence[str], without: Sequence[str]
) -> tuple[CollabConfig, tuple[Table, ...], Table]:
    """The settings that all rows share, all tables there are, and the table of the controls.

    Args:
        preset, overrides: settings of ``collab``, the second over the first.
        without: names of rows to leave out.

    Raises:
        InputError: for bad settings or names, or if nothing is left.
    """
    named = load_settings(CollabConfig, preset_file("collab", preset)) if preset else None
    base = load_settings(CollabConfig, None, overrides, base=named)
    catalog = paper_tables(long_warm_up(base))
    tables = chosen_tables(catalog, [CONTROLS], None, without)
    if not tables:
        raise InputError(
            "leaves nothing to do", source=arg("without"), expected=f"fewer readings of table {CONTROLS!r}"
        )
    return base, catalog, tables[0]


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
) -> Iterator[tuple[Data, dict[str, dict[int, Measured]]]]:
    """Trains and reads what is missing on each dataset into ``out/NAME``.

    Args:
        plan: of all of them.
        told: a dataset and its features each.
        out: folder to make or to go on with.
        seeds, workers, command, console: see :func:`weaktal.studies.ablate.ablate`.
        title: what stands before a dataset's name on its page and in progress.

    Yields:
        A dataset with its cells, by reading and seed, as soon as they are there.

    Raises:
        InputError: as :func:`weaktal.studies.ablate.run_plan` does.
    """
    for place, data in enumerate(told):
        name = data.dataset.name
        console.print(f"{title} {name}: {place + 1} of {len(told)} datasets", highlight=False)
        run_plan(
            plan, data, out=out / name, seeds=seeds, workers=workers, command=command, console=console,
            heading=f"{title} {name}",
        )  # fmt: skip
        yield data, read_found(plan, out / name, seeds)
