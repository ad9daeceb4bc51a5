"""The rows of the controls, each with settings of its own, which all are chosen alike.

    python -m weaktal.studies.tuned --development D-1 D-2 --reported R-1 R-2 ... --features F --vlp-features V --out OUT

trains every row of the table ``controls`` with the same candidates on the development datasets, takes for each row the
candidate with the highest mean there, and measures the reported datasets with it and with the settings unchanged.
What a method gains by being looked at longer than another is thereby taken out of their difference. Only labels of
development datasets are used to choose; it is up to you that they share no video or clip with the reported ones.

::

    OUT/development/CANDIDATE/DATASET/   as weaktal ablate makes it; without rows that the candidate does not change
    OUT/reported/CANDIDATE/DATASET/      the same, with the rows that chose it; all rows under "unchanged"
    OUT/tuned.md, development.csv

Stopped half way, the same command goes on.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

from rich.console import Console

from weaktal.config import load_settings
from weaktal.errors import InputError, arg
from weaktal.files import write_text
from weaktal.methods.collab.phases import step_names
from weaktal.methods.collab.settings import CollabConfig
from weaktal.progress import console_on
from weaktal.studies.ablate import common_data
from weaktal.studies.cells import as_csv, as_markdown, exact, number
from weaktal.studies.choosing import own_table
from weaktal.studies.command_line import finish, parser_of, seeds_in, words_of
from weaktal.studies.deals import Cell, Found, deal_of, report
from weaktal.studies.plan import fingerprints, make_plan
from weaktal.studies.seeded import Data
from weaktal.studies.seeds import check_seeds
from weaktal.studies.several import compared, named_apart, on_each
from weaktal.studies.tables import END, Reading, Table
from weaktal.version import __version__

UNCHANGED = "unchanged"
WAYS = ("background", "foreground")
Measures = dict[str, dict[str, dict[int, Cell]]]  # by reading, dataset and seed
Means = Mapping[str, Mapping[str, float]]  # by candidate and reading: mean mAP over all development datasets


@dataclass(frozen=True, slots=True)
class Trial:
    """A candidate.

    Attributes:
        name: of its folder.
        overrides: settings over the base, as ``--set`` takes them.
        base: the settings that come of it.
        readings: names of those that it trains otherwise than the base does.
    """

    name: str
    overrides: tuple[str, ...]
    base: CollabConfig
    readings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Study:
    """What all trainings share."""

    table: Table
    catalog: tuple[Table, ...]
    out: Path
    workers: int | None
    command: Sequence[str]
    console: Console

    def measure(
        self, part: str, trial: Trial, names: Sequence[str], told: Sequence[Data], seeds: Sequence[int]
    ) -> Measures:
        """Some rows with a candidate's settings, on the datasets where no seed failed."""
        lines = tuple(replace(line, versus=None) for line in self.table.lines if line.reading.name in names)
        if not lines:
            return {}
        plan = make_plan([replace(self.table, lines=lines)], trial.base, catalog=self.catalog)
        found: Measures = {}
        for data, cells in on_each(
            plan, told, out=self.out / part / trial.name, seeds=seeds, workers=self.workers, command=self.command,
            console=self.console, title=f"{trial.name} on",
        ):  # fmt: skip
            for name, by_seed in cells.items():
                if len(by_seed) == len(seeds):
                    found.setdefault(name, {})[data.dataset.name] = {s: Cell.of(cell) for s, cell in by_seed.items()}
        return found


def tuned(
    development: Sequence[str | PathLike[str]],
    reported: Sequence[str | PathLike[str]],
    *,
    features: str,
    vlp_features: str,
    out: str | PathLike[str],
    preset: str | None = None,
    overrides: Sequence[str] = (),
    candidates: Sequence[str] = (),
    without: Sequence[str] = (),
    development_seeds: Sequence[int] = (0,),
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    workers: int | None = None,
    command: Sequence[str] = (),
    console: Console | None = None,
) -> Path:
    """Chooses a candidate for each row on the development datasets, and measures the reported ones with it.

    Args:
        development: folders to choose on, each with a name of its own.
        reported: folders to measure, whose names end in a number, that of the deal
            (:mod:`weaktal.studies.deals`).
        features, vlp_features: names under ``DATASET/features``.
        out: folder to make or to go on with.
        preset, overrides: settings of ``collab`` that all candidates start from.
        candidates: ``"NAME: KEY=VALUE ..."``; those of :func:`usual_candidates` by default.
        without: names of rows to leave out.
        development_seeds, seeds: of the trainings on either.
        workers: trainings at once; as many as cores by default.
        command: the words of the command line, for the report.
        console: where progress goes; standard error by default.

    Returns:
        ``tuned.md``.

    Raises:
        InputError: for bad input, before anything is trained; among it a dataset that is in both lists.
    """
    for some in (development_seeds, seeds):
        check_seeds(some)
    folders = [named_apart(development), named_apart(reported)]
    if both := {folder.resolve() for folder in folders[0]} & {folder.resolve() for folder in folders[1]}:
        raise InputError(
            "is for development and reported", source=min(both), expected="other datasets to choose on than to report"
        )
    for folder in folders[1]:
        deal_of(folder.name)
    base, catalog, table = compared(preset, overrides, without)
    readings = [line.reading for line in table.lines]
    trials = _trials(candidates, base, readings)
    told = [[common_data(folder, features, vlp_features) for folder in some] for some in folders]
    study = _Study(table, catalog, Path(out), workers, command, console or console_on("stderr"))

    unchanged, *others = trials
    every = [reading.name for reading in readings]
    chosen_on = {t.name: study.measure("development", t, t.readings, told[0], development_seeds) for t in trials}
    means = means_of(chosen_on, [data.dataset.name for data in told[0]])
    picks = {name: pick(means, name) for name in every}
    plain = study.measure("reported", unchanged, every, told[1], seeds)
    best = {name: plain.get(name, {}) for name in every}
    for trial in others:
        best |= study.measure("reported", trial, [n for n in every if picks[n] == trial.name], told[1], seeds)
    text = _document(trials, means, picks, plain, best, folders, (development_seeds, seeds), command)
    write_text(study.out / "development.csv", _csv(chosen_on))
    write_text(study.out / "tuned.md", text)
    return study.out / "tuned.md"


def usual_candidates(base: CollabConfig) -> tuple[str, ...]:
    """One change each to what the rows share: rate, pooling, the warm-up's end, dropout; then labels and rounds, which
    change nothing where nothing is taught.
    """
    rate, divisor, end = base.optimizer.lr, base.pooling.divisor, base.schedule.end_below
    ranks = {"low": 0.5, "scale": "quantile"}
    return (
        f"rate-low: optimizer.lr={0.3 * rate:.3g}",
        f"rate-high: optimizer.lr={3 * rate:.3g}",
        f"k-large: pooling.divisor={max(1.0, divisor / 2):g}",
        f"k-small: pooling.divisor={2 * divisor:g}",
        f"end-early: schedule.end_below={min(0.99, 2 * end):g}",
        f"end-late: schedule.end_below={end / 2:g}",
        "end-never: schedule.end_below=0",
        "dropout: convolution.dropout=0.8 pyramid.dropout=0.3",
        "pool-logits: pooling.of=logits",
        f"labels-rank: {' '.join(f'labels.{way}.{key}={value}' for way in WAYS for key, value in ranks.items())}"
        " labels.foreground.high=0.875",
        "labels-strict: labels.background.low=0.4 labels.foreground.low=0.4 labels.foreground.high=0.85",
        "labels-loose: labels.foreground.low=0.5 labels.foreground.high=0.5",
        "rounds-1: schedule.rounds=1",
    )


def _trials(candidates: Sequence[str], base: CollabConfig, readings: Sequence[Reading]) -> list[Trial]:
    """The unchanged settings, then the candidates; of the usual ones those that change something."""
    table = own_table(candidates or usual_candidates(base))
    made = [Trial(UNCHANGED, (), base, tuple(reading.name for reading in readings))]
    for reading in [line.reading for line in table.lines[1:]] if table else []:
        if any(reading.name == other.name for other in made):
            raise InputError("is there twice", source=f"{arg('candidate')} {reading.name}", expected="another name")
        config = load_settings(CollabConfig, None, reading.overrides, base=base)
        changed = tuple(each.name for each in readings if _decided(each, config) != _decided(each, base))
        if changed:
            made.append(Trial(reading.name, reading.overrides, config, changed))
        elif candidates:
            raise InputError(
                "changes no row", source=f"{arg('candidate')} {reading.name}", expected="settings that a row depends on"
            )
    return made


def _decided(reading: Reading, base: CollabConfig) -> tuple[object, ...]:
    """All that a reading's number depends on besides data and seed: its steps as far as it is read, and how."""
    config = load_settings(CollabConfig, overrides=reading.overrides, base=base)
    last = step_names(config)[-1] if reading.after == END else reading.after
    steps = fingerprints(config)[: step_names(config).index(last) + 1]
    return (steps, config.decode, config.both_videos, config.selection)


def means_of(chosen_on: Mapping[str, Measures], datasets: Sequence[str]) -> Means:
    """Each row's mean over the development datasets by candidate; without candidates that lack one of them."""
    means: dict[str, dict[str, float]] = {}
    for candidate, measures in chosen_on.items():
        for reading, by_dataset in measures.items():
            if by_dataset.keys() >= set(datasets):
                of = [statistics.fmean(c.mean_map for c in by_dataset[name].values()) for name in datasets]
                means.setdefault(candidate, {})[reading] = statistics.fmean(of)
    return means


def pick(means: Means, reading: str) -> str:
    """The candidate with the highest mean for a row; the first of those that are level, so the unchanged settings."""
    there = [candidate for candidate, by_reading in means.items() if reading in by_reading]
    return max(there, key=lambda candidate: means[candidate][reading], default=UNCHANGED)


def _document(
    trials: Sequence[Trial],
    means: Means,
    picks: Mapping[str, str],
    plain: Measures,
    best: Measures,
    folders: Sequence[Sequence[Path]],
    seeds: tuple[Sequence[int], Sequence[int]],
    command: Sequence[str],
) -> str:
    names = list(picks)
    rows = []
    for trial in trials:
        of = means.get(trial.name, {})
        cells = [number(of[name]) if name in of else "" for name in names]
        marked = [f"**{c}**" if picks[n] == trial.name else c for n, c in zip(names, cells, strict=True)]
        rows.append([f"{trial.name}: {' '.join(f'`{o}`' for o in trial.overrides)}".rstrip(": "), *marked])
    lines = [
        "# Controls, each tuned alike",
        "",
        f"Chosen on {', '.join(f.name for f in folders[0])}, seeds {', '.join(map(str, seeds[0]))}; measured on "
        f"{', '.join(f.name for f in folders[1])}, seeds {', '.join(map(str, seeds[1]))}; last weights of each "
        f"training; weaktal {__version__}. mAP in percent.",
        "",
        "## On development",
        "",
        "Mean over the development datasets; the highest of a row of the controls is **bold** and is what it gets. "
        "Where a candidate leaves a row as it is, its cell is empty.",
        "",
        as_markdown(["candidate", *(f"`{name}`" for name in names)], rows),
        "",
        "## Tuned",
        "",
        report(Found(best, {})),
        "## Unchanged",
        "",
        report(Found(plain, {})),
    ]
    if command:
        lines += [f"```\n{' '.join(command)}\n```", ""]
    return "\n".join(lines)


def _csv(chosen_on: Mapping[str, Measures]) -> str:
    rows = [
        [candidate, reading, dataset, seed, exact(cell.mean_map)]
        for candidate, measures in chosen_on.items()
        for reading, by_dataset in measures.items()
        for dataset, by_seed in by_dataset.items()
        for seed, cell in by_seed.items()
    ]
    return as_csv(["candidate", "reading", "dataset", "seed", "mean_map"], rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the module."""
    module = "weaktal.studies.tuned"
    parser = parser_of(module, __doc__)
    parser.add_argument("--development", nargs="+", type=Path, required=True, metavar="DATASET", help="to choose on")
    parser.add_argument("--reported", nargs="+", type=Path, required=True, metavar="DATASET", help="to measure")
    parser.add_argument(
        "--candidate",
        action="append",
        dest="candidates",
        metavar="SETTINGS",
        help='"NAME: KEY=VALUE [KEY=VALUE ...]", repeatable, in place of the usual ones',
    )
    parser.add_argument("--development-seeds", default="0", help="with commas")
    parser.add_argument("--seeds", default="0,1,2,3,4", help="of the reported trainings, with commas")
    given = parser.parse_args(arguments)
    return finish(
        lambda: tuned(
            given.development,
            given.reported,
            features=given.features,
            vlp_features=given.vlp_features,
            out=given.out,
            preset=given.preset,
            overrides=given.overrides,
            candidates=given.candidates or (),
            without=given.without,
            development_seeds=seeds_in(given.development_seeds, "--development-seeds"),
            seeds=seeds_in(given.seeds, "--seeds"),
            workers=given.workers,
            command=words_of(module, arguments),
        )
    )


if __name__ == "__main__":
    sys.exit(main())
