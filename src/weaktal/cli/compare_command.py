"""``weaktal compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from weaktal.cli.devices import Device
from weaktal.cli.tables import console, put_json, table, warn


def compare(
    sources: Annotated[
        list[Path],
        typer.Argument(
            help="One row each: results, a run, a folder of seeds (train --seeds), or a folder of results files.",
            show_default=False,
        ),
    ],
    dataset: Annotated[Path, typer.Option(help="Dataset folder, or annotations file.", show_default=False)],
    name: Annotated[
        list[str] | None, typer.Option(help="Name of a row, in the order of the sources; repeatable.")
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option(
            help="thumos14, activitynet12 or activitynet13; the dataset's own by default.", show_default=False
        ),
    ] = None,
    subset: Annotated[str | None, typer.Option(help="Score this subset.", show_default=False)] = None,
    tiou: Annotated[
        str | None, typer.Option(help="Thresholds.", metavar="A:B:STEP", show_default="the protocol's")
    ] = None,
    per_class: Annotated[bool, typer.Option("--per-class", help="Also show the AP of every class.")] = False,
    resamples: Annotated[
        int, typer.Option(min=0, max=100_000, help="Resamplings of videos and seeds for the intervals; 0 for none.")
    ] = 500,
    published: Annotated[bool, typer.Option(help="Also show published figures on this benchmark.")] = True,
    out: Annotated[
        list[Path] | None,
        typer.Option(help="Also write it; the ending says how: .md .tex .csv .json .png .svg .pdf. Repeatable."),
    ] = None,
    json_out: Annotated[
        str | None,
        typer.Option("--json", metavar="FILE|-", help="Write JSON; '-' prints it alone.", show_default=False),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(help="For runs of a method that is not installed: its package.module again.", show_default=False),
    ] = None,
    device: Device = "auto",
) -> None:
    """Compare runs and results: mean and spread over seeds, intervals, and paired differences to the first row, next to
    published figures.

    Example: weaktal compare runs/mil runs/cbp runs/collab --dataset THUMOS14 --protocol thumos14 --out table.tex
    """
    from weaktal.cli.bars import showing
    from weaktal.files import check_writable
    from weaktal.studies.compare import compare as compare_all
    from weaktal.studies.compare import inputs_of
    from weaktal.studies.comparison import check_output

    for path in out or []:
        check_output(path)
    target = None if json_out in (None, "-") else Path(str(json_out))
    check_writable(*(out or []), target, inputs=inputs_of(sources, dataset))
    with showing() as show:
        found = compare_all(
            sources,
            dataset,
            names=name or (),
            protocol=protocol,
            subset=subset,
            tiou=tiou,
            resamples=resamples,
            beside=published,
            method=method,
            device=device,
            on_progress=show,
        )
    for path in out or []:
        found.save(path, per_class=per_class)
    if put_json(found.as_json(), json_out):
        return
    warn(found.warnings)
    shown = console()
    shown.print(found.said, soft_wrap=True)
    shown.print(table(found.head, found.table()))
    if per_class:
        shown.print(table(*found.by_class()))
