"""``weaktal evaluate``: scores of a results file, as a table and as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from weaktal.evaluation.scoring import Scores

PIPED_WIDTH = 200  # columns of a table that does not go to a terminal


def evaluate(
    annotations: Annotated[
        Path, typer.Argument(help="A dataset folder, or an annotations file in ActivityNet's JSON.")
    ],
    results: Annotated[Path, typer.Argument(help="Predictions in ActivityNet's JSON layout.")],
    protocol: Annotated[
        str | None,
        typer.Option(
            help="thumos14, activitynet12 or activitynet13: the benchmark's subset, thresholds and ambiguous spans. "
            "Without it: the dataset's test subset at tIoU 0.1:0.7:0.1.",
            show_default=False,
        ),
    ] = None,
    subset: Annotated[str | None, typer.Option(help="Score this subset.", show_default=False)] = None,
    tiou: Annotated[
        str | None,
        typer.Option(help="Thresholds, such as 0.1:0.7:0.1 (both ends count) or 0.5,0.75,0.95.", show_default=False),
    ] = None,
    json_out: Annotated[
        str | None,
        typer.Option(
            "--json",
            metavar="FILE|-",
            help="Write the scores as JSON; '-' prints them, and nothing else, on standard output.",
            show_default=False,
        ),
    ] = None,
    per_class: Annotated[bool, typer.Option("--per-class", help="Show the AP of every class as well.")] = False,
) -> None:
    """Score a results file against annotations: mAP at several tIoU thresholds.

    Average precision follows the ActivityNet detection evaluation. Predictions for videos outside the subset are
    ignored and counted in a warning; a label that is no class of the annotations is an error.
    """
    from weaktal.data.video_files import files_of
    from weaktal.evaluation.evaluate import evaluate as score
    from weaktal.files import check_writable, write_json

    target = None if json_out in (None, "-") else Path(str(json_out))
    check_writable(target, inputs=[*files_of([annotations]), results])
    scores = score(annotations, results, protocol=protocol, subset=subset, tiou=tiou)
    if json_out == "-":
        print(json.dumps(scores.as_json(), allow_nan=False))
        return
    if target is not None:
        write_json(target, scores.as_json())
    _print(scores, per_class)


def _print(scores: Scores, per_class: bool) -> None:
    from rich.console import Console

    for warning in scores.warnings:
        print(f"weaktal: warning: {warning}", file=sys.stderr)
    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)
    console.print(
        f"{scores.protocol}, subset {scores.subset}: {scores.videos:,} videos, {scores.ground_truth:,} ground-truth "
        f"segments of {len(scores.classes)} classes, {scores.predictions:,} predictions",
        soft_wrap=True,
    )
    console.print(_table(scores, per_class))


def _table(scores: Scores, per_class: bool) -> Table:
    """Percentages: a column for each threshold and their mean, a row for each class asked for and the mAP."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE, padding=(0, 1, 0, 0), pad_edge=False, show_footer=per_class)
    table.add_column("tIoU", Text("mAP %"), overflow="fold")
    for threshold, value in zip(scores.tious, scores.map, strict=True):
        table.add_column(f"{threshold:g}", f"{100 * value:.1f}", justify="right", no_wrap=True)
    table.add_column("mean", f"{100 * scores.average_map:.1f}", justify="right", no_wrap=True)
    if not per_class:
        table.add_row("mAP %", *(str(column.footer) for column in table.columns[1:]))
        return table
    for label, row in zip(scores.classes, scores.ap, strict=True):
        table.add_row(Text(label), *(f"{100 * value:.1f}" for value in (*row, row.mean())))
    return table
