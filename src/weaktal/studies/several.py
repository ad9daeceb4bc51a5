"""One plan on several datasets, one after the other, and what each came to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path

from rich.console import Console

from weaktal.errors import InputError
from weaktal.studies.ablate import run_plan
from weaktal.studies.folder import read_found
from weaktal.studies.plan import Plan
from weaktal.studies.seeded import Data, Measured

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


def seeds_in(text: str, option: str) -> list[int]:
    """The seeds that an option of the command line names, with commas.

    Raises:
        InputError: if they are no whole numbers.
    """
    if not all(word.isdecimal() for word in text.split(",")):
        raise InputError("are not seeds", source=f"{option} {text}", expected="whole numbers, such as 0,1,2")
    return [int(word) for word in text.split(",")]
