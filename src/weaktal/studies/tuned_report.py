"""What tuning the controls alike came to: what each row took and why, and the reported datasets with it and without."""

from __future__ import annotations

import shlex
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from weaktal.studies.candidates import Trial
from weaktal.studies.cells import as_csv, as_markdown, exact, interval, number
from weaktal.studies.deals import Cell, Found, by_deal, report
from weaktal.studies.statistics import estimate
from weaktal.version import __version__

Measures = dict[str, dict[str, dict[int, Cell]]]  # by row, dataset and seed
Means = Mapping[str, Mapping[str, float]]  # by candidate and row: mean mAP over all development datasets


@dataclass(frozen=True, slots=True)
class Came:
    """All that was measured.

    Attributes:
        trials: the unchanged settings and the candidates.
        titles: of the rows, by name.
        chosen_on: the development datasets, by candidate.
        means: of the rows there, by candidate.
        picks: the candidate of each row.
        plain, best: the reported datasets with the settings unchanged and with the row's own candidate.
    """

    trials: Sequence[Trial]
    titles: Mapping[str, str]
    chosen_on: Mapping[str, Measures]
    means: Means
    picks: Mapping[str, str]
    plain: Measures
    best: Measures

    def gained(self, row: str) -> dict[str, float]:
        """By reported dataset: the row with its candidate less the row unchanged, over the seeds that both have."""
        return _paired(self.best.get(row, {}), self.plain.get(row, {}))

    def gained_on_development(self, row: str) -> dict[str, float]:
        """The same on the development datasets."""
        unchanged = self.trials[0].name
        return _paired(self.chosen_on[self.picks[row]][row], self.chosen_on[unchanged][row])


def _paired(first: Mapping[str, Mapping[int, Cell]], second: Mapping[str, Mapping[int, Cell]]) -> dict[str, float]:
    found = {}
    for dataset in first.keys() & second.keys():
        seeds = first[dataset].keys() & second[dataset].keys()
        if seeds:
            found[dataset] = statistics.fmean(
                first[dataset][seed].mean_map - second[dataset][seed].mean_map for seed in seeds
            )
    return found


def document(came: Came, command: Sequence[str]) -> str:
    """The report as Markdown."""
    lines = [
        "# Controls, each tuned alike",
        "",
        f"{_words(came.chosen_on, 'Chosen')}; {_words({'': came.plain}, 'measured')}. Weights as each row says; "
        f"weaktal {__version__}. mAP in percent.",
        "",
        "## What each row took",
        "",
        "*Candidates*: how many can change the row, beside the unchanged settings. *Gain*: mean mAP less that of the "
        "row unchanged, on development over the datasets, on the reported ones by deal, with the 95 % interval "
        "(Student's t). The highest of many noisy means is too high by itself: what counts is the last column.",
        "",
        as_markdown(
            ["row", "took", "candidates", "development: unchanged", "with it", "gain", "reported: gain"],
            [_took(came, row, title) for row, title in came.titles.items()],
            named=2,
        ),
        "",
        "## On development",
        "",
        "Means over the development datasets. **Bold**: the highest of a column, which the row takes. Empty: the "
        "candidate cannot change the row.",
        "",
        as_markdown(["candidate", *(f"`{row}`" for row in came.titles)], [_line(came, trial) for trial in came.trials]),
        "",
        "## Reported, each row with what it took",
        "",
        report(Found(came.best, {})),
        "## Reported, unchanged",
        "",
        report(Found(came.plain, {})),
    ]
    if command:
        lines += [f"```\n{shlex.join(command)}\n```", ""]
    return "\n".join(lines)


def _words(measures: Mapping[str, Measures], what: str) -> str:
    cells = [of for by_row in measures.values() for by_dataset in by_row.values() for of in by_dataset.items()]
    datasets = dict.fromkeys(name for name, _ in cells)
    seeds = sorted({seed for _, by_seed in cells for seed in by_seed})
    return f"{what} on {', '.join(datasets)}, seeds {', '.join(map(str, seeds))}"


def _took(came: Came, row: str, title: str) -> list[str]:
    unchanged = came.trials[0].name
    took = came.picks[row]
    gain = list(came.gained_on_development(row).values())
    return [
        f"{title} (`{row}`)",
        took,
        str(sum(row in trial.readings for trial in came.trials[1:])),
        number(came.means[unchanged][row]),
        number(came.means[took][row]),
        "" if took == unchanged else interval(estimate(gain)),
        "" if took == unchanged else interval(by_deal(came.gained(row))),
    ]


def _line(came: Came, trial: Trial) -> list[str]:
    of = came.means.get(trial.name, {})
    cells = [number(of[row]) if row in of else "" for row in came.titles]
    marked = [f"**{c}**" if came.picks[row] == trial.name else c for row, c in zip(came.titles, cells, strict=True)]
    settings = " ".join(f"`{override}`" for override in trial.overrides)
    return [f"{trial.name}: {settings}" if settings else trial.name, *marked]


def as_csv_of(came: Came) -> str:
    """Every cell: part, candidate, row, dataset, seed, mean mAP in percent, misses and false alarms."""
    parts = [("development", candidate, measures) for candidate, measures in came.chosen_on.items()]
    parts.append(("reported", came.trials[0].name, came.plain))
    taken = {row: of for row, of in came.best.items() if came.picks[row] != came.trials[0].name}
    rows = [
        [part, candidate, row, dataset, seed, exact(cell.mean_map), exact(cell.misses), exact(cell.false_alarms)]
        for part, candidate, row, by_dataset in (
            *((part, candidate, row, of) for part, candidate, measures in parts for row, of in measures.items()),
            *(("reported", came.picks[row], row, of) for row, of in taken.items()),
        )
        for dataset, by_seed in by_dataset.items()
        for seed, cell in by_seed.items()
    ]
    columns = ["part", "candidate", "row", "dataset", "seed", "mean_map", "misses", "false_alarms"]
    return as_csv(columns, rows)
