"""``weaktal ablate``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weaktal.cli.devices import DeviceOverSetting
from weaktal.cli.seeds import parse_seeds
from weaktal.packages import package

if TYPE_CHECKING:
    from weaktal.studies.ablate import Ablated


def ablate(
    dataset: Annotated[Path, typer.Argument(help="Dataset folder: annotations.json and features/NAME.")],
    features: Annotated[str, typer.Option(help="Feature folder NAME, or rgb=NAME,flow=NAME.")],
    vlp_features: Annotated[str, typer.Option(help="Vision-language feature folder.")],
    out: Annotated[Path, typer.Option(help="Folder to make, or to continue.")],
    preset: Annotated[str | None, typer.Option(help="Shared settings of collab by name, such as quick.")] = None,
    config: Annotated[Path | None, typer.Option(help="YAML file of collab's settings that all variants share.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="One shared setting, such as schedule.rounds=1; repeatable.")
    ] = None,
    tables: Annotated[
        str | None,
        typer.Option(
            help="Tables to fill, some of 3, 4, 5, 6, controls, path, open; separated by commas; all by default."
        ),
    ] = None,
    variants: Annotated[
        str | None, typer.Option(help="Names of variants, separated by commas; all by default.")
    ] = None,
    without: Annotated[str | None, typer.Option(help="Names of variants to skip, separated by commas.")] = None,
    own: Annotated[
        list[str] | None,
        typer.Option(help='A variant of your own: "NAME: KEY=VALUE KEY=VALUE ..."; repeatable.', show_default=False),
    ] = None,
    seeds: Annotated[str, typer.Option(help="Such as 0-4 or 0,1,2.")] = "0-4",
    device: DeviceOverSetting = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Trainings at once; as many as cores by default.")
    ] = None,
    subset: Annotated[str | None, typer.Option(help="Subset to score; the test subset by default.")] = None,
    train_subset: Annotated[str | None, typer.Option(help="Subset to train on; the dataset's own by default.")] = None,
    protocol: Annotated[
        str | None,
        typer.Option(help="plain (tIoU 0.1:0.7:0.1), thumos14, ...; the dataset's by default."),
    ] = None,
    seconds_per_snippet: Annotated[
        float | None, typer.Option(min=0.001, max=3600, help="Spacing of features that have no manifest.")
    ] = None,
) -> None:
    """Fill the paper's tables on your dataset: variants of collab over seeds, with intervals.

    Writes tables.md, tables.csv, cells.csv and pictures. If it is stopped, the same command continues. Trainings that
    would be equal are run once.

    Example: weaktal ablate DATASET --features i3d --vlp-features clip-vit-b16 --out ablation --tables 3,4 --seeds 0,1,2
    """
    from weaktal.studies.ablate import ablate as run_ablation

    done = run_ablation(
        dataset,
        features=features,
        vlp_features=vlp_features,
        out=out,
        preset=preset,
        config=config,
        overrides=set_ or [],
        tables=_words(tables),
        variants=_words(variants),
        without=_words(without) or [],
        own=own or [],
        seeds=parse_seeds(seeds),
        workers=workers,
        device=device,
        subset=subset,
        train_subset=train_subset,
        protocol=protocol,
        seconds_per_snippet=seconds_per_snippet,
        command=["weaktal", *sys.argv[1:]],
    )
    print(done.text)
    print(f"{done.markdown}", file=sys.stderr)
    print_failures(done)


def print_failures(done: Ablated) -> None:
    """What is missing from the tables and why; then exit code 1.

    Raises:
        typer.Exit: if a training failed.
    """
    if not done.pictures:
        print(f"weaktal: no pictures without Matplotlib: {package('matplotlib').get}", file=sys.stderr)
    for failure in done.failures:
        print(f"weaktal: {failure.name} failed: {failure.last} ({failure.log})", file=sys.stderr)
    if done.failures:
        raise typer.Exit(1)


def _words(text: str | None) -> list[str] | None:
    return None if text is None else [word for word in (part.strip() for part in text.split(",")) if word]
