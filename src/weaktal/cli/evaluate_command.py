"""``weaktal evaluate``: scores of a results file, as a table and as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weaktal.cli.tables import console, percent, put_json, table, warn
from weaktal.errors import counted

if TYPE_CHECKING:
    from rich.table import Table

    from weaktal.evaluation.scoring import Scores


def evaluate(
    annotations: Annotated[
        Path, typer.Argument(help="A dataset folder, or an annotations file in ActivityNet's JSON.")
    ],
    results: Annotated[list[Path], typer.Argument(help="Predictions in ActivityNet's JSON layout; one file or more.")],
    protocol: Annotated[
        str | None,
        typer.Option(
            help="thumos14, activitynet12 or activitynet13: the benchmark's subset, thresholds and ambiguous spans. "
            "Without it: the dataset's own, or else its test subset at tIoU 0.1:0.7:0.1.",
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
    per_class: Annotated[bool, typer.Option("--per-class", help="Also show the AP of every class.")] = False,
) -> None:
    """Score results files against annotations: mAP at several tIoU thresholds.

    Average precision follows the ActivityNet detection evaluation. Predictions for videos outside the subset are
    ignored and counted in a warning; a label that is not a class of the annotations is an error. With several files,
    the table has one row for each, and `--json` writes `{"results": [...]}` with an object for each, which names it.
    """
    from weaktal.data.annotations import read_annotations
    from weaktal.data.video_files import files_of
    from weaktal.evaluation.evaluate import evaluate as score
    from weaktal.files import check_writable

    target = None if json_out in (None, "-") else Path(str(json_out))
    check_writable(target, inputs=[*files_of([annotations]), *results])
    truth = read_annotations(annotations)
    found = {file: score(truth, file, protocol=protocol, subset=subset, tiou=tiou) for file in results}
    several = [{"file": str(file), **scores.as_json()} for file, scores in found.items()]
    if put_json({"results": several} if len(found) > 1 else next(iter(found.values())).as_json(), json_out):
        return
    for file, scores in found.items():
        warn(scores.warnings, str(file) if len(found) > 1 else None)
    out = console()
    if len(found) > 1 and not per_class:
        out.print(_size(next(iter(found.values()))), soft_wrap=True)
        out.print(_table({str(file): scores for file, scores in found.items()}))
        return
    for file, scores in found.items():
        if len(found) > 1:
            out.print(str(file), soft_wrap=True)
        out.print(f"{_size(scores)}, {_predictions(scores)}", soft_wrap=True)
        out.print(_by_class(scores) if per_class else _table({"mAP %": scores}))


def _size(scores: Scores) -> str:
    return (
        f"{scores.protocol}, subset {scores.subset}: {counted(scores.videos, 'video')}, "
        f"{counted(scores.ground_truth, 'ground-truth segment')} of {counted(len(scores.classes), 'class', 'classes')}"
    )


def _predictions(scores: Scores) -> str:
    """How many there are, and how many of them could be right at all."""
    said = counted(scores.predictions, "prediction")
    if not scores.predictions:
        return said
    return f"{said}, {scores.held / scores.predictions:.0%} of a class that the video holds"


def _table(rows: dict[str, Scores]) -> Table:
    """A row for each: a column for each threshold and for their mean, in percent."""
    first = next(iter(rows.values()))
    head = ["tIoU" if "mAP %" in rows else "mAP % at tIoU", *(f"{tiou:g}" for tiou in first.tious), "mean"]
    return table(head, [[name, *map(percent, (*scores.map, scores.average_map))] for name, scores in rows.items()])


def _by_class(scores: Scores) -> Table:
    """A row for each class and, below, the mAP."""
    head = ["tIoU", *(f"{tiou:g}" for tiou in scores.tious), "mean"]
    rows = [[label, *map(percent, (*row, row.mean()))] for label, row in zip(scores.classes, scores.ap, strict=True)]
    return table(head, rows, foot=["mAP %", *map(percent, (*scores.map, scores.average_map))])
