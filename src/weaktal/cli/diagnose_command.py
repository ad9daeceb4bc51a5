"""``weaktal diagnose``: how scores err, snippet by snippet, and how a run went phase by phase."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weaktal.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from weaktal.runs.phases import PhaseTable

PIPED_WIDTH = 200  # columns of a table that does not go to a terminal


def diagnose(
    annotations: Annotated[
        Path,
        typer.Argument(help="Annotations file or dataset folder; with --phases, a run's folder.", show_default=False),
    ],
    scores: Annotated[
        Path,
        typer.Argument(
            help="Scores that localize kept (.safetensors); with --phases, the run's dataset folder.",
            show_default=False,
        ),
    ],
    threshold: Annotated[float, typer.Option(min=0.0, max=0.99, help="Share of a class's maximum in the video.")] = 0.5,
    phases: Annotated[
        bool, typer.Option("--phases", help="Score the weights after each of a run's phases, with every branch.")
    ] = False,
    subset: Annotated[
        str | None,
        typer.Option(help="With --phases: score this subset, not the dataset's test subset.", show_default=False),
    ] = None,
    tiou: Annotated[
        str | None,
        typer.Option(help="With --phases: thresholds, such as 0.3:0.7:0.1.", show_default=False),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="With --phases: one setting of decoding; repeatable.", show_default=False),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            help="With --phases, of a run whose method is package.module and not installed: that name again.",
            show_default=False,
        ),
    ] = None,
    json_out: Annotated[
        str | None,
        typer.Option(
            "--json", metavar="FILE|-", help="With --phases: write JSON; '-' prints it alone.", show_default=False
        ),
    ] = None,
) -> None:
    """Show how scores err: the share of action snippets missed and of background snippets that raise an alarm.

    With --phases: the same for every phase of a run and every branch, with mAP, with how far the pseudo-labels were
    right, and with the statistics that a run notes without looking at any segment.

    For looking at a method, never for choosing: it compares with the truth.

    Example: weaktal diagnose runs/first DATASET --phases
    """
    if phases:
        _phases(annotations, scores, threshold, subset, tiou, set_ or (), json_out, method)
        return
    for name, value in (
        ("--subset", subset),
        ("--tiou", tiou),
        ("--set", set_),
        ("--json", json_out),
        ("--method", method),
    ):
        if value is not None:
            raise InputError("is for --phases", source=name, expected="to be left out")
    from weaktal.evaluation.diagnose import diagnose as diagnose_scores

    errors = diagnose_scores(annotations, scores, threshold=threshold)
    print(f"misses        {errors.miss_rate:.3f} of {errors.action} action snippets")
    print(f"false alarms  {errors.false_alarm_rate:.3f} of {errors.background} background snippets")


def _phases(
    run: Path,
    dataset: Path,
    threshold: float,
    subset: str | None,
    tiou: str | None,
    overrides: Sequence[str],
    json_out: str | None,
    method: str | None,
) -> None:
    from weaktal.evaluation.protocols import tiou_grid
    from weaktal.files import check_writable, write_json
    from weaktal.runs.phases import diagnose_phases

    target = Path(json_out) if json_out not in (None, "-") else None
    check_writable(target)
    table = diagnose_phases(
        run,
        dataset,
        subset=subset,
        tious=None if tiou is None else tiou_grid(tiou),
        threshold=threshold,
        overrides=[override.removeprefix("decode.") for override in overrides],
        method=method,
    )
    if json_out == "-":
        print(json.dumps(table.as_json(), allow_nan=False))
        return
    if target is not None:
        write_json(target, table.as_json())
    from rich.console import Console

    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)
    console.print(f"{table.run}, subset {table.subset}; a branch that a phase left as it was is not listed again")
    for part in (_scores(table), _labels(table), _statistics(table), _agreement(table)):
        if part is not None:
            console.print(part)
    console.print(f"localizes where no branch is named: {table.chosen[1]} after {table.chosen[0]}")


def _scores(table: PhaseTable) -> Table:
    rows = [
        (
            phase.name,
            name,
            *map(_percent, (*found.map, found.average_map)),
            *_shares(found.errors.miss_rate, found.errors.false_alarm_rate),
        )
        for phase in table.phases
        for name, found in phase.branches.items()
        if found.changed
    ]
    return _table(["", "mAP %", *(f"{tiou:g}" for tiou in table.tious), "mean", "misses", "false alarms"], rows)


def _labels(table: PhaseTable) -> Table | None:
    rows = [
        (phase.name, *_shares(q.foreground_precision, q.foreground_recall, q.background_precision, q.background_recall))
        for phase in table.phases
        if (q := phase.labels) is not None
    ]
    head = ["pseudo-labels", "foreground right", "of the action", "background right", "of the background"]
    return _table(head, rows) if rows else None


def _statistics(table: PhaseTable) -> Table | None:
    from weaktal.methods.collab.statistics import StoredStatistics

    rows, head = [], []
    for phase in table.phases:
        if not isinstance(phase.statistics, StoredStatistics):
            continue
        for name, values in phase.statistics.branches.items():
            if name in phase.branches and phase.branches[name].changed:
                head = ["without segments", "", *(key.replace("_", " ") for key in values)]
                rows.append((phase.name, name, *_shares(*values.values())))
    return _table(head, rows) if rows else None


def _agreement(table: PhaseTable) -> Table | None:
    from weaktal.methods.collab.statistics import StoredStatistics

    rows, head = [], []
    for phase in table.phases:
        if not isinstance(phase.statistics, StoredStatistics):
            continue
        pairs = phase.statistics.agreement
        labels = phase.statistics.labels or {"foreground": None, "background": None, "covered": None}
        head = ["agreement (correlation, IoU)", *pairs, *(f"labels: {key}" for key in labels)]
        both = (" ".join(_shares(pair.get("correlation"), pair.get("iou"))) for pair in pairs.values())
        rows.append((phase.name, *both, *_shares(*labels.values())))
    return _table(head, rows) if rows else None


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE, padding=(0, 1, 0, 0), pad_edge=False)
    for index, name in enumerate(head):
        table.add_column(Text(name), justify="right" if index > 1 else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"


def _shares(*values: float | None) -> list[str]:
    return ["-" if value is None or value != value else f"{value:.3f}" for value in values]
