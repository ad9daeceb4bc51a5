"""Tables of several folders of :mod:`weaktal.studies.controls` as one: their seeds and datasets, differences by deal.

    python -m weaktal.studies.deals OUT-1 OUT-2 ... [--datasets 'sparse-*,dense-*'] [--differences only-f:late,...]

A *deal* is one way to share out clips among datasets. Datasets whose names end in the same number (``sparse-1``,
``dense-1``) hold the same clips and behave alike, so that they count as one: an interval over all datasets would claim
more than is known. What stands before the number (``sparse-``) is the *kind* of a dataset.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import re
import statistics
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Self

from weaktal.config import flat
from weaktal.errors import InputError, arg, nearest
from weaktal.files import read_model
from weaktal.studies.cells import as_markdown, interval, spread
from weaktal.studies.controls import bound_title
from weaktal.studies.folder import HARMLESS, Request, read_request
from weaktal.studies.seeded import Measured
from weaktal.studies.statistics import Estimate, estimate
from weaktal.studies.tables import CONTROLS, WHOLE, paper_tables
from weaktal.studies.upper_bound import NAME

# What a table of the page on results compares beside what each control is held against.
DIFFERENCES = (
    ("late", "cbp-warm-up"),
    ("only-f", "self-training"),
    ("only-f-late", "self-training-late"),
    ("only-f-late", "late"),
    ("only-f", "shuffled-f"),
    ("shuffled-f", "cbp-warm-up"),
    ("whole", "only-f"),
    ("whole-both", "whole"),
    *(("as-shipped", other) for other in ("mil-3", "mil-1", "late", "self-training", "self-training-late")),
    *(("as-shipped", other) for other in ("shuffled-f", "only-f", "only-f-late", "b-first-both", "whole")),
)
_NUMBER = re.compile(r"^(.*?)-?(\d+)$")
_OWN = ("revision", "annotations_sha256", "feature_files")  # of a request: other in each dataset, or refused


@dataclass(frozen=True, slots=True)
class Cell:
    """What one training came to, in percent and as shares."""

    mean_map: float
    misses: float
    false_alarms: float

    @classmethod
    def of(cls, measured: Measured) -> Self:
        """The values of a measured training that these tables use."""
        return cls(100 * measured.average_map, measured.misses or 0.0, measured.false_alarms or 0.0)


@dataclass(frozen=True, slots=True)
class Found:
    """All cells of some folders.

    Attributes:
        cells: by reading, dataset and seed.
        differing: settings, features and ways to score in which the folders differ, with their values.
    """

    cells: Mapping[str, Mapping[str, Mapping[int, Cell]]]
    differing: Mapping[str, tuple[str, ...]]

    @property
    def datasets(self) -> list[str]:
        """Their names, by kind and number."""
        return sorted({name for by_dataset in self.cells.values() for name in by_dataset}, key=deal_of)

    def means(self, reading: str, value: str) -> dict[str, float]:
        """Each dataset's mean over its seeds of one value of its cells."""
        return {
            dataset: statistics.fmean(getattr(cell, value) for cell in by_seed.values())
            for dataset, by_seed in self.cells.get(reading, {}).items()
        }

    def pairs(self, first: str, second: str) -> dict[str, list[float]]:
        """For each dataset that has both readings: first minus second in mean mAP, for each seed that has both."""
        found = {}
        for dataset, by_seed in self.cells.get(first, {}).items():
            other = self.cells.get(second, {}).get(dataset, {})
            shared = sorted(by_seed.keys() & other.keys())
            if shared:
                found[dataset] = [by_seed[seed].mean_map - other[seed].mean_map for seed in shared]
        return found


def deal_of(dataset: str) -> tuple[str, int]:
    """The kind of a dataset and the number of its deal.

    Raises:
        InputError: if its name does not end in a number.
    """
    match = _NUMBER.match(dataset)
    if match is None:
        raise InputError(f"{dataset!r} has no number at its end", source="datasets", expected="names such as sparse-1")
    return match[1], int(match[2])


def read_folders(folders: Sequence[str | PathLike[str]], datasets: Sequence[str] = ("*",)) -> Found:
    """What was measured in some folders that ``python -m weaktal.studies.controls`` made.

    Args:
        folders: of controls; each may hold other datasets and other seeds.
        datasets: patterns of names.

    Raises:
        InputError: if a folder is none of controls, if two hold the same training of the same dataset, if they were
            made by versions in which the same settings lead to other numbers, or if no dataset matches.
    """
    cells: dict[str, dict[str, dict[int, Cell]]] = {}
    origins: dict[tuple[str, str, int], Path] = {}
    requests: list[tuple[Path, Request]] = []
    for folder in map(Path, folders):
        ablations = sorted(file.parent for file in folder.glob("*/ablation.json"))
        if not ablations:
            raise InputError(
                "holds no controls", source=folder, expected="a folder that python -m weaktal.studies.controls made"
            )
        for ablation in ablations:
            if not any(fnmatch.fnmatchcase(ablation.name, pattern) for pattern in datasets):
                continue
            requests.append((ablation, read_request(ablation)))
            for reading, seed, file in _files(folder, ablation.name):
                key = (reading, ablation.name, seed)
                if key in origins:
                    raise InputError(f"is in {origins[key]} too", source=file, expected="each training in one folder")
                origins[key] = file
                measured = read_model(file, Measured, "what the controls wrote there")
                cells.setdefault(reading, {}).setdefault(ablation.name, {})[seed] = Cell.of(measured)
    if not cells:
        raise InputError("match no dataset", source=arg("datasets"), expected="names of datasets in these folders")
    return Found(cells, _differing(requests))


def _files(folder: Path, dataset: str) -> Iterator[tuple[str, int, Path]]:
    """The files with what was measured on one dataset, each with its reading and seed."""
    bounds = re.compile(rf"{re.escape(dataset)}-({NAME}(?:-\w+)?)")
    found = {place.name: place for place in (folder / dataset / "readings").glob("*") if place.is_dir()}
    found |= {match[1]: place for place in folder.iterdir() if (match := bounds.fullmatch(place.name))}
    for reading, place in sorted(found.items()):
        for file in sorted(place.glob("seed-*.json")):
            if (number := file.stem.removeprefix("seed-")).isdecimal():
                yield reading, int(number), file


def _differing(requests: Sequence[tuple[Path, Request]]) -> dict[str, tuple[str, ...]]:
    """What could change a number and is not the same in all folders, with its values."""
    (first, shared), *others = requests
    values: dict[str, list[object]] = {}
    for place, request in [(first, shared), *others]:
        if request.revision != shared.revision:
            raise InputError(
                f"was made by a version of other numbers than {first}",
                source=place,
                expected="folders of one version",
            )
        for key, value in flat(request.model_dump(mode="json")).items():
            if key not in HARMLESS and not key.startswith(_OWN):
                values.setdefault(key.removeprefix("settings."), []).append(value)
    shown = {key: sorted({json.dumps(value) for value in seen}) for key, seen in values.items()}
    return {key: tuple(seen) for key, seen in shown.items() if len(seen) > 1}


def by_deal(values: Mapping[str, float]) -> Estimate:
    """The estimate over deals, each with the mean of its datasets, of values by dataset."""
    deals: dict[int, list[float]] = {}
    for dataset, value in values.items():
        deals.setdefault(deal_of(dataset)[1], []).append(value)
    return estimate([statistics.fmean(of) for of in deals.values()])


def report(found: Found, differences: Iterable[tuple[str, str]] = DIFFERENCES) -> str:
    """Two tables in Markdown: each reading by kind of dataset, and differences by kind and by deal.

    Args:
        found: what was measured.
        differences: pairs of readings; those of which one is missing are left out.
    """
    kinds = list(dict.fromkeys(deal_of(dataset)[0] for dataset in found.datasets))
    titles = {name: title for name, title in _titles(found).items() if name in found.cells}
    head = [""]
    for kind in kinds:
        head += [f"{kind}: mAP", "misses", "false alarms"]
    rows = []
    for name, title in titles.items():
        row = [f"{title} (`{name}`)"]
        for kind in kinds:
            for value, digits in (("mean_map", 1), ("misses", 3), ("false_alarms", 3)):
                of = _of_kind(found.means(name, value), kind)
                row.append(spread(estimate(list(of.values())), digits))
        rows.append([*row, str(sum(map(len, found.cells[name].values())))])
    paired = []
    for first, second in differences:
        if pairs := found.pairs(first, second):
            means = {dataset: statistics.fmean(values) for dataset, values in pairs.items()}
            each = [interval(estimate(list(_of_kind(means, kind).values()))) for kind in kinds]
            all_of = [value for values in pairs.values() for value in values]
            above = f"{sum(value > 0 for value in all_of)} of {len(all_of)}"
            paired.append([f"`{first}` to `{second}`", *each, interval(by_deal(means)), above])
    lines = [
        f"Datasets {', '.join(found.datasets)}. Each counts with the mean of its seeds. ± is the standard deviation "
        "over datasets, [ ] the 95 % interval (Student's t) over datasets of a kind, and over deals, each with the "
        "mean of its datasets. mAP in percent, differences paired by training.",
        "",
        as_markdown([*head, "trainings"], rows),
        "",
        as_markdown(["difference in mAP", *kinds, "deals", "trainings above 0"], paired),
        "",
    ]
    if found.differing:
        told = "; ".join(f"`{key}` ({', '.join(values)})" for key, values in found.differing.items())
        lines += [f"Not all of these folders were made with the same settings: {told}.", ""]
    return "\n".join(lines)


def _of_kind(values: Mapping[str, float], kind: str) -> dict[str, float]:
    return {dataset: value for dataset, value in values.items() if deal_of(dataset)[0] == kind}


def _titles(found: Found) -> dict[str, str]:
    """Readings in the order of the table of controls, then upper bounds and readings of a user's own, with titles."""
    (table,) = (table for table in paper_tables(None) if table.key == CONTROLS)
    titles = {line.reading.name: line.reading.title for line in table.lines}
    for name in sorted(found.cells.keys() - titles.keys()):
        titles[name] = bound_title(name) if name.startswith(NAME) else name
    return titles


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the module."""
    parser = argparse.ArgumentParser(prog="python -m weaktal.studies.deals", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="OUT")
    parser.add_argument("--datasets", default="*", help="patterns of names, with commas")
    parser.add_argument("--differences", help="FIRST:SECOND of two readings, with commas, in place of the usual ones")
    given = parser.parse_args(arguments)
    try:
        found = read_folders(given.folders, [pattern for pattern in given.datasets.split(",") if pattern])
        print(report(found, _wanted(given.differences, found) if given.differences else DIFFERENCES))
    except InputError as error:
        print(f"weaktal: {error.line(shell=True)}", file=sys.stderr)
        return 2
    return 0


def _wanted(text: str, found: Found) -> list[tuple[str, str]]:
    wanted = []
    for pair in text.split(","):
        first, colon, second = pair.partition(":")
        if not colon:
            raise InputError("is no difference", source=f"--differences {pair}", expected=f"such as {WHOLE.name}:late")
        for name in (first, second):
            if name not in found.cells:
                raise InputError(
                    f"{name!r} was not read in these folders",
                    source=f"--differences {pair}",
                    expected=nearest(name, found.cells) or "a reading",
                )
        wanted.append((first, second))
    return wanted


if __name__ == "__main__":
    sys.exit(main())
