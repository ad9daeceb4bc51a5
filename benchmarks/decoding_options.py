"""What the options of decoding bring, over seeds: support, fusion, change points, proposals of two branches pooled.

    python benchmarks/decoding_options.py DATASET RUN... [--branch cbp --branch vlp] [--out FILE.md]

A RUN may be a folder of several, as `weaktal train --seeds` makes it. Each run scores the test videos once a branch;
every row decodes these scores with one change to the run's own settings. Differences are to the first row of the same
scores, paired by run (Student's t, 95 %). With two branches there are rows for their pooled proposals too, against the
branch `both`, which averages scores over time.
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
Found = dict[str, dict[int, float]]  # mean mAP in percent by run, by row


def main() -> None:
    """Prints a table for each branch, and for both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--branch", action="append", help="of the runs; their usual one by default; repeatable")
    parser.add_argument("--out", type=Path, help="also write the tables there")
    given = parser.parse_args()
    branches: list[str | None] = list(given.branch or [None])
    tables: dict[str, Found] = {}
    runs = [run for path in given.runs for run in _runs(path)]
    for number, run in enumerate(runs):
        with tempfile.TemporaryDirectory() as folder:
            files, settings = [], {}
            for branch in branches:
                files.append(Path(folder) / f"{branch}.safetensors")
                made = weaktal.localize(run, given.dataset, branch=branch, scores=files[-1])
                settings = made.external["decode"]
                _fill(tables.setdefault(branch or "default branch", {}), number, given.dataset, [files[-1]], settings)
            if len(files) > 1:
                pooled = tables.setdefault("proposals of " + " and ".join(map(str, branches)), {})
                averaged = weaktal.localize(run, given.dataset, branch="both")
                pooled.setdefault("scores averaged (both)", {})[number] = _score(given.dataset, averaged)
                _fill(pooled, number, given.dataset, files, settings, POOLED)
    text = "\n\n".join(_table(name, found) for name, found in tables.items())
    print(text)
    if given.out:
        given.out.write_text(text + "\n")


def _runs(path: Path) -> list[Path]:
    if (path / "run.json").is_file():
        return [path]
    return sorted(folder for folder in path.iterdir() if (folder / "weights.safetensors").is_file())


def _fill(
    found: Found,
    number: int,
    dataset: Path,
    files: Sequence[Path],
    settings: Mapping[str, Any],
    names: Sequence[str] = tuple(VARIANTS),
) -> None:
    for name in names:
        results = decode(files, settings={**settings, **VARIANTS[name]})
        found.setdefault(name, {})[number] = _score(dataset, results)


def _score(dataset: Path, results: weaktal.Results) -> float:
    return 100 * weaktal.evaluate(dataset, results).average_map


def _table(title: str, found: Found) -> str:
    first = next(iter(found.values()))
    rows = []
    for name, values in found.items():
        difference = paired_difference(values, first)
        between = "" if values is first else f"{difference.mean:+.1f} [{difference.low:+.1f}, {difference.high:+.1f}]"
        rows.append([name, spread(estimate(list(values.values()))), between])
    return as_markdown([title, f"mAP, {len(first)} runs", "difference"], rows)


if __name__ == "__main__":
    main()
