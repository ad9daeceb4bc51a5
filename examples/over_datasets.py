"""The same ablation on several datasets: means and differences over datasets in place of seeds.

    weaktal ablate DATASET-1 ... --seeds 0,1 --out ablation-1      # and so on, with the same settings
    python examples/over_datasets.py ablation-1 ablation-2 ... --seeds 0,1 --pair whole:only-f --pair whole-both:whole

``weaktal ablate`` varies weights and batches; its intervals say nothing about other data. Here each folder that it
wrote counts once, with the mean over its seeds, and differences are paired by dataset.
"""

from __future__ import annotations

import argparse
import csv
import statistics
from pathlib import Path

from weaktal.studies.statistics import Estimate, estimate, paired_difference

NUMBERS = {"mean_map": "mAP %", "misses": "misses", "false_alarms": "false alarms"}
Readings = dict[str, dict[int, dict[str, float]]]  # by variant and dataset


def read(folders: list[Path], seeds: set[int]) -> Readings:
    """The mean of every number over the seeds, by variant and place of the folder."""
    found: Readings = {}
    for place, folder in enumerate(folders):
        with (folder / "cells.csv").open(encoding="utf-8", newline="") as stream:
            rows = [row for row in csv.DictReader(stream) if int(row["seed"]) in seeds]
        for variant in dict.fromkeys(row["reading"] for row in rows):
            of_it = [row for row in rows if row["reading"] == variant]
            if {int(row["seed"]) for row in of_it} != seeds:
                raise SystemExit(f"{folder}: {variant} lacks a seed of {sorted(seeds)}")
            means = {number: statistics.fmean(float(row[number]) for row in of_it) for number in NUMBERS}
            found.setdefault(variant, {})[place] = means
    return found


def column(readings: Readings, variant: str, number: str) -> dict[int, float]:
    """One number of a variant, by dataset."""
    return {place: means[number] for place, means in readings[variant].items()}


def shown(number: str, value: Estimate, sign: str = "") -> str:
    """Mean with its interval, as differences are written."""
    digits = 1 if number == "mean_map" else 3
    return f"{value.mean:{sign}.{digits}f} [{value.low:{sign}.{digits}f}, {value.high:{sign}.{digits}f}]"


def main() -> None:
    """Prints a table of the variants that all folders have, and the differences asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", help="what weaktal ablate wrote, a folder a dataset")
    parser.add_argument("--seeds", default="0,1", help="seeds that every folder has, with commas")
    parser.add_argument("--pair", action="append", default=[], help="FIRST:SECOND, variants to hold against each other")
    arguments = parser.parse_args()
    seeds = arguments.seeds.split(",")
    if not all(seed.isdecimal() for seed in seeds):
        parser.error(f"--seeds {arguments.seeds}: expected whole numbers with commas")
    for folder in arguments.folders:
        if not (folder / "cells.csv").is_file():
            parser.error(f"{folder}: holds no cells.csv; expected what weaktal ablate wrote")
    readings = read(arguments.folders, {int(seed) for seed in seeds})
    whole = {name: of_it for name, of_it in readings.items() if len(of_it) == len(arguments.folders)}
    for pair in arguments.pair:
        if not set(pair.split(":", 1)) <= whole.keys() or ":" not in pair:
            parser.error(f"--pair {pair}: expected FIRST:SECOND of {', '.join(whole)}")
    print(f"| {len(arguments.folders)} datasets | " + " | ".join(NUMBERS.values()) + " |")
    print("|---" * (1 + len(NUMBERS)) + "|")
    for variant in whole:
        cells = []
        for number in NUMBERS:
            digits = 1 if number == "mean_map" else 3
            found = estimate(list(column(whole, variant, number).values()))
            cells.append(f"{found.mean:.{digits}f} ± {found.std:.{digits}f}")
        print(f"| {variant} | " + " | ".join(cells) + " |")
    for pair in arguments.pair:
        first, _, second = pair.partition(":")
        print(f"\n{first} minus {second}")
        for number, title in NUMBERS.items():
            difference = paired_difference(column(whole, first, number), column(whole, second, number))
            print(f"  {title}: {shown(number, difference, '+')}")


if __name__ == "__main__":
    main()
