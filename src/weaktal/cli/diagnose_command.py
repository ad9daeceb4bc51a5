"""``weaktal diagnose``: how scores err, snippet by snippet, and how a run went phase by phase."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weaktal.errors import InputError, arg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from weaktal.runs.phases import PhaseTable

WITH_PHASES = "With --phases"
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
        bool,
        typer.Option(
            "--phases",
            help="Score the weights after each of a run's phases, with every branch.",
            rich_help_panel=WITH_PHASES,
        ),
    ] = False,
    subset: Annotated[
        str | None,
        typer.Option(help="Score this subset.", show_default="the dataset's test subset", rich_help_panel=WITH_PHASES),
    ] = None,
    tiou: Annotated[
        str | None,
        typer.Option(
            help="Thresholds of the mAP.", metavar="A:B:STEP", show_default="0.1:0.7:0.1", rich_help_panel=WITH_PHASES
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="One setting of decoding; repeatable.", metavar="KEY=VALUE", rich_help_panel=WITH_PHASES
        ),
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
            "--json",
            metavar="FILE|-",
            help="Write JSON; '-' prints it alone.",
            show_default=False,
            rich_help_panel=WITH_PHASES,
        ),
    ] = None,
) -> None:
    """Show how scores err: the share of action snippets missed and of background snippets that raise an alarm.

    With --phases: the same for every phase of a run and every branch, with mAP, with how far the pseudo-labels were
    right, and with the statistics that a run notes without looking at any segment.

    For looking at a method, never for choosing: it compares with the truth.

    Example: weaktal diagnose runs/first DATASET --phases
    """
    from weaktal.evaluation.diagnosis import SnippetErrors
    from weaktal.files import check_writable, write_json
    from weaktal.runs.diagnose import diagnose as diagnose_all
    from weaktal.runs.folder import files_read

    if json_out is not None and not phases:
        raise InputError(f"is for {arg('phases')}", source="--json")
    target = None if json_out in (None, "-") else Path(str(json_out))
    check_writable(target, inputs=files_read([annotations, scores]))
    found = diagnose_all(
        annotations,
        scores,
        phases=phases,
        threshold=threshold,
        subset=subset,
        tiou=tiou,
        overrides=set_ or (),
        method=method,
    )
    if isinstance(found, SnippetErrors):
        print(f"misses        {found.miss_rate:.3f} of {found.action} action snippets")
        print(f"false alarms  {found.false_alarm_rate:.3f} of {found.background} background snippets")
    elif json_out == "-":
        print(json.dumps(found.as_json(), allow_nan=False))
    else:
        if target is not None:
            write_json(target, found.as_json())
        _print(found)


def _print(table: PhaseTable) -> None:
    from rich.console import Console

    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)
    console.print(f"{table.run}, subset {table.subset}; a branch that a phase left as it was is not listed again")
    for part in (_scores(table), _labels(table), _statistics(table), _agreement(table)):
        if part is not None:
            console.print(part)
    console.print(f"localizes by default: {table.chosen[1]} after {table.chosen[0]}")


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
    return ["-" if value is None or math.isnan(value) else f"{value:.3f}" for value in values]
