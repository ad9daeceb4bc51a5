"""Tune every row of the controls with the same candidate settings, then compare the rows.

    python -m weaktal.studies.tuned --development D-1 D-2 --reported R-1 R-2 ... --features F --vlp-features V --out OUT

trains every row of the table ``controls`` with each candidate that can change it, on the development datasets. Each
row takes the candidate with the highest mean there, and the reported datasets are measured with it and with the
settings unchanged. This reduces what a method gains by having been tuned for longer; it does not remove it, since all
candidates start from one preset. Segments of the development datasets are read to choose. That they share no video or
clip with the reported ones is up to you.

::

    OUT/choice.json                      candidates, development datasets and seeds, and what each row takes
    OUT/development/CANDIDATE/DATASET/   as weaktal ablate makes it, with the rows that the candidate can change
    OUT/reported/CANDIDATE/DATASET/      the same with the rows that took it; all rows under "unchanged"
    OUT/tuned.md, cells.csv

Stopped half way, the same command goes on. The choice is written down before anything is measured on the reported
datasets, and another one is refused in the same folder.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from rich.console import Console

from weaktal.data.annotations import annotations_file
from weaktal.errors import InputError, arg, within
from weaktal.files import read_model, sha256, write_json, write_text
from weaktal.progress import console_on
from weaktal.studies.ablate import check_inputs, common_data
from weaktal.studies.candidates import UNCHANGED, Trial, trials_of
from weaktal.studies.command_line import finish, parser_of, seeds_in, words_of
from weaktal.studies.deals import Cell, deal_of
from weaktal.studies.folder import check_request, missing_jobs
from weaktal.studies.plan import Plan, make_plan
from weaktal.studies.runner import Failure
from weaktal.studies.seeded import Data
from weaktal.studies.seeds import check_seeds
from weaktal.studies.several import compared, failed, named_apart, on_each
from weaktal.studies.tables import Table
from weaktal.studies.tuned_report import Came, Means, Measures, as_csv_of, document

DEVELOPMENT, REPORTED = "development", "reported"


class Choice(BaseModel):
    """What ``choice.json`` holds.

    Attributes:
        development: SHA-256 of the annotations of each dataset that was chosen on, by name.
        seeds: that were chosen on.
        candidates: their settings, by name.
        picks: the candidate of each row.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    development: dict[str, str]
    seeds: tuple[int, ...]
    candidates: dict[str, tuple[str, ...]]
    picks: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Study:
    """What all trainings share, and those that went wrong."""

    table: Table
    catalog: tuple[Table, ...]
    out: Path
    workers: int | None
    command: Sequence[str]
    console: Console
    failures: list[Failure] = field(default_factory=list)

    def plan(self, trial: Trial, names: Sequence[str]) -> Plan:
        lines = tuple(line for line in self.table.lines if line.reading.name in names)
        return make_plan([replace(self.table, lines=lines)], trial.base, catalog=self.catalog)

    def measure(
        self, part: str, trial: Trial, names: Sequence[str], told: Sequence[Data], seeds: Sequence[int]
    ) -> Measures:
        """Some rows with a candidate's settings, by row, dataset and seed."""
        found: Measures = {}
        for data, cells, wrong in on_each(
            self.plan(trial, names), told, out=self.out / part / trial.name, seeds=seeds, workers=self.workers,
            command=self.command, console=self.console, title=f"{trial.name} on",
        ):  # fmt: skip
            self.failures.extend(wrong)
            for name, by_seed in cells.items():
                found.setdefault(name, {})[data.dataset.name] = {s: Cell.of(cell) for s, cell in by_seed.items()}
        return found

    def check(self, trials: Sequence[Trial], parts: Mapping[str, tuple[Sequence[Data], Sequence[int]]]) -> None:
        """Refuses before the first training what would be refused at the turn of a candidate and dataset."""
        unchanged, *others = trials
        plans = {trial.name: self.plan(trial, trial.readings) for trial in trials}
        files = {data.dataset: check_inputs(plans[unchanged.name], data) for told, _ in parts.values() for data in told}
        for trial in others:
            check_inputs(plans[trial.name], parts[DEVELOPMENT][0][0])  # its networks
        for part, (told, seeds) in parts.items():
            for trial in trials:
                for data in told:
                    out = self.out / part / trial.name / data.dataset.name
                    if check_request(out, trial.base, data, files[data.dataset]):
                        missing_jobs(plans[trial.name], data, out, seeds)


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
        candidates: ``"NAME: KEY=VALUE ..."``; :func:`weaktal.studies.candidates.usual_candidates` by default.
        without: names of rows to leave out.
        development_seeds, seeds: of the trainings on either.
        workers: trainings at once; as many as cores by default.
        command: the words of the command line, for the report.
        console: where progress goes; standard error by default.

    Returns:
        ``tuned.md``.

    Raises:
        InputError: for bad input, before anything is trained; among it a dataset that is in both lists, and a folder
            in which something else was chosen.
        RunError: if a training failed: on a development dataset before anything is chosen, on a reported one with
            the tables written.
    """
    check_seeds(development_seeds, arg("development_seeds"))
    check_seeds(seeds)
    within(workers=(workers, 1, 1000))
    folders = [named_apart(development, arg("development")), named_apart(reported, arg("reported"))]
    for folder in folders[1]:
        deal_of(folder.name)
    base, catalog, table = compared(preset, overrides, without, alone=True)
    every = [line.reading.name for line in table.lines]
    trials = trials_of(candidates, base, [line.reading for line in table.lines])
    told = [[common_data(folder, features, vlp_features) for folder in some] for some in folders]
    _other_data(told)
    study = _Study(table, catalog, Path(out), workers, command, console or console_on("stderr"))
    study.check(trials, {DEVELOPMENT: (told[0], development_seeds), REPORTED: (told[1], seeds)})
    choice = Choice(
        development={data.dataset.name: sha256(annotations_file(data.dataset)) for data in told[0]},
        seeds=tuple(development_seeds),
        candidates={trial.name: trial.overrides for trial in trials},
        picks={},
    )
    _same_choice(study.out, choice)

    chosen_on = {t.name: study.measure(DEVELOPMENT, t, t.readings, told[0], development_seeds) for t in trials}
    if study.failures:
        raise failed(study.failures, "nothing is chosen; the same command tries again")
    means = means_of(chosen_on)
    picks = {name: pick(means, name) for name in every}
    write_json(study.out / "choice.json", choice.model_copy(update={"picks": picks}).model_dump(mode="json"))

    plain = study.measure(REPORTED, trials[0], every, told[1], seeds)
    best = {name: plain.get(name, {}) for name in every if picks[name] == UNCHANGED}
    for trial in trials[1:]:
        if took := [name for name in every if picks[name] == trial.name]:
            best |= study.measure(REPORTED, trial, took, told[1], seeds)
    came = Came(trials, {name: _title(table, name) for name in every}, chosen_on, means, picks, plain, best)
    write_text(study.out / "cells.csv", as_csv_of(came))
    write_text(study.out / "tuned.md", document(came, command))
    if study.failures:
        raise failed(study.failures, f"{study.out / 'tuned.md'} lacks them, and the same command tries again")
    return study.out / "tuned.md"


def _title(table: Table, name: str) -> str:
    return next(line.reading.title for line in table.lines if line.reading.name == name)


def _other_data(told: Sequence[Sequence[Data]]) -> None:
    """Refuses annotations that are there twice, under whatever name."""
    seen: dict[str, Path] = {}
    for data in (data for some in told for data in some):
        digest = sha256(annotations_file(data.dataset))
        if digest in seen:
            raise InputError(
                f"has the annotations of {seen[digest]}", source=data.dataset,
                expected=f"each dataset once, and others for {arg('development')} than for {arg('reported')}",
            )  # fmt: skip
        seen[digest] = data.dataset


def _same_choice(out: Path, choice: Choice) -> None:
    """Refuses to choose otherwise where something was chosen, since reported figures have been seen by then."""
    file = out / "choice.json"
    if not file.exists():
        return
    stored = read_model(file, Choice, "what this study wrote there")
    for what in ("development", "seeds", "candidates"):
        if getattr(stored, what) != getattr(choice, what):
            raise InputError(f"was chosen with other {what}", source=file, expected="the same, or a new folder")


def means_of(chosen_on: Mapping[str, Measures]) -> Means:
    """Each row's mean over the development datasets by candidate, each dataset with the mean of its seeds."""
    return {
        candidate: {
            reading: statistics.fmean(statistics.fmean(c.mean_map for c in of.values()) for of in by_dataset.values())
            for reading, by_dataset in measures.items()
        }
        for candidate, measures in chosen_on.items()
    }


def pick(means: Means, reading: str) -> str:
    """The candidate with the highest mean for a row; the first of those that are level, so the unchanged settings."""
    there = [candidate for candidate, by_reading in means.items() if reading in by_reading]
    return max(there, key=lambda candidate: means[candidate][reading])


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the module."""
    module = "weaktal.studies.tuned"
    parser = parser_of(module, __doc__)
    parser.add_argument("--development", nargs="+", type=Path, required=True, metavar="DATASET", help="to choose on")
    parser.add_argument("--reported", nargs="+", type=Path, required=True, metavar="DATASET", help="to measure")
    parser.add_argument(
        "--candidate",
        action="append",
        default=[],
        dest="candidates",
        metavar="SETTINGS",
        help='"NAME: KEY=VALUE [KEY=VALUE ...]", repeatable, in place of the usual ones',
    )
    parser.add_argument("--development-seeds", default="0", metavar="SEEDS", help="to choose with, with commas")
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
            candidates=given.candidates,
            without=given.without,
            development_seeds=seeds_in(given.development_seeds, "--development-seeds"),
            seeds=seeds_in(given.seeds, "--seeds"),
            workers=given.workers,
            command=words_of(module, arguments),
        )
    )


if __name__ == "__main__":
    sys.exit(main())
