"""What the options of decoding bring, over seeds and beds: support, fusion, change points, proposals of two branches.

    python benchmarks/decoding_options.py DATASET RUN... [--bed DATASET RUN...]... [--branch cbp --branch vlp]
                                          [--out FILE.md]

A RUN may be a folder of several, as `weaktal train --seeds` makes it. Each run scores the test videos once a branch;
every row decodes these scores with one change to the run's own settings. Differences are to the first row of the same
scores, paired (Student's t, 95 %): by run, or, of several beds, by bed, each the mean of its runs, since runs of a bed
share its videos. With two branches there are rows for their pooled proposals too, against the branch `both`, which
averages scores over time.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import weaktal
from weaktal.decoding.decode import decode
from weaktal.studies.cells import as_markdown, spread
from weaktal.studies.statistics import estimate, paired_difference

HARD: dict[str, Any] = {"nms": "hard", "nms_overlap": 0.4}
FUSED: dict[str, Any] = {"fusion": "gaussian"}
VARIANTS: Mapping[str, dict[str, Any]] = {
    "as it is": {},
    "least_support=0.3": {"least_support": 0.3},
    "least_support=0.5": {"least_support": 0.5},
    "least_support=0.7": {"least_support": 0.7},
    "fusion, soft-NMS": FUSED,
    "fusion, hard NMS": {**FUSED, **HARD},
    "hard NMS alone": HARD,
    "snap=1": {"snap": 1},
    "snap=2": {"snap": 2},
    "snap=1, fusion": {"snap": 1, **FUSED},
}
POOLED = ("as it is", "least_support=0.5", "fusion, soft-NMS", "fusion, hard NMS", "snap=1, fusion")
Found = dict[str, dict[tuple[int, int], float]]  # mean mAP in percent by bed and run, by row


def main() -> None:
    """Prints a table for each branch, and for both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--bed", type=Path, nargs="+", action="append", default=[], help="another dataset and its runs")
    parser.add_argument("--branch", action="append", help="of the runs; their usual one by default; repeatable")
    parser.add_argument("--out", type=Path, help="also write the tables there")
    given = parser.parse_args()
    beds = [(given.dataset, given.runs), *((bed[0], bed[1:]) for bed in given.bed)]
    tables: dict[str, Found] = {}
    for bed, (dataset, paths) in enumerate(beds):
        runs = [run for path in paths for run in _runs(path)]
        if not runs:
            parser.error(f"no finished run of {dataset}")
        for number, run in enumerate(runs):
            _of_run(tables, (bed, number), dataset, run, given.branch or [None])
    text = "\n\n".join(_table(name, found) for name, found in tables.items())
    print(text)
    if given.out:
        given.out.write_text(text + "\n")


def _of_run(
    tables: dict[str, Found], key: tuple[int, int], dataset: Path, run: Path, branches: Sequence[str | None]
) -> None:
    """Decodes the scores of one run in every way."""
    with tempfile.TemporaryDirectory() as folder:
        files, settings = [], {}
        for branch in branches:
            files.append(Path(folder) / f"{branch}.safetensors")
            made = weaktal.localize(run, dataset, branch=branch, scores=files[-1])
            settings = made.external["decode"]
            _fill(tables.setdefault(branch or "default branch", {}), key, dataset, [files[-1]], settings)
        if len(files) > 1:
            pooled = tables.setdefault("proposals of " + " and ".join(map(str, branches)), {})
            averaged = weaktal.localize(run, dataset, branch="both")
            pooled.setdefault("scores averaged (both)", {})[key] = _score(dataset, averaged)
            _fill(pooled, key, dataset, files, settings, POOLED)


def _runs(path: Path) -> list[Path]:
    if (path / "run.json").is_file():
        return [path]
    return sorted(folder for folder in path.iterdir() if (folder / "weights.safetensors").is_file())


def _fill(
    found: Found,
    key: tuple[int, int],
    dataset: Path,
    files: Sequence[Path],
    settings: Mapping[str, Any],
    names: Sequence[str] = tuple(VARIANTS),
) -> None:
    for name in names:
        results = decode(files, settings={**settings, **VARIANTS[name]})
        found.setdefault(name, {})[key] = _score(dataset, results)


def _score(dataset: Path, results: weaktal.Results) -> float:
    return 100 * weaktal.evaluate(dataset, results).average_map


def _table(title: str, found: Found) -> str:
    first = next(iter(found.values()))
    beds = sorted({bed for bed, _ in first})
    rows = []
    for name, values in found.items():
        units, base = _units(values), _units(first)
        difference = paired_difference(units, base)
        between = "" if values is first else f"{difference.mean:+.1f} [{difference.low:+.1f}, {difference.high:+.1f}]"
        each = [f"{_mean(values, bed) - _mean(first, bed):+.1f}" if between else "" for bed in beds]
        rows.append([name, spread(estimate(list(units.values()))), between, *(each if len(beds) > 1 else [])])
    size = f"{len(first)} runs" + (f" on {len(beds)} beds" if len(beds) > 1 else "")
    more = [f"on bed {bed + 1}" for bed in beds] if len(beds) > 1 else []
    return as_markdown([title, f"mAP, {size}", "difference", *more], rows)


def _units(values: Mapping[tuple[int, int], float]) -> dict[int, float]:
    """What is paired: the runs of one bed, or the means of several beds."""
    beds = sorted({bed for bed, _ in values})
    return {bed: _mean(values, bed) for bed in beds} if len(beds) > 1 else {run: v for (_, run), v in values.items()}


def _mean(values: Mapping[tuple[int, int], float], bed: int) -> float:
    """Over the runs of a bed."""
    found = [value for (of, _), value in values.items() if of == bed]
    return sum(found) / len(found)


if __name__ == "__main__":
    main()
