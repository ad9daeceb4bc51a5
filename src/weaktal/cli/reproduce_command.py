"""``weaktal reproduce``."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from weaktal.cli.ablate_command import print_failures
from weaktal.cli.devices import DeviceOverSetting
from weaktal.cli.seeds import parse_seeds


class Experiment(StrEnum):
    """The published experiments."""

    THUMOS14 = "thumos14"
    ACTIVITYNET12 = "activitynet12"


def reproduce(
    experiment: Annotated[Experiment, typer.Argument(help="Which published experiment.", show_default=False)],
    dataset: Annotated[Path, typer.Option(help="Dataset folder that weaktal import made.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Folder to make, or to continue.", show_default=False)],
    features: Annotated[str, typer.Option(help="I3D features: NAME, or rgb=NAME,flow=NAME.")] = "i3d",
    vlp_features: Annotated[str, typer.Option(help="CLIP features.")] = "clip-vit-b16",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="One setting that overrules the recipe's; repeatable; the report names it."),
    ] = None,
    seeds: Annotated[str, typer.Option(help="Such as 0-4 or 0,1,2.")] = "0-4",
    device: DeviceOverSetting = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Trainings at once; as many as cores by default.")
    ] = None,
) -> None:
    """Repeat a published experiment over seeds and print its rows beside the published one.

    Two trainings for each seed: collab by its preset paper, and by its preset default. Needs the dataset's annotations,
    I3D and CLIP features of its videos, and CLIP's text encoder. What is missing is listed before any work begins, with
    how to get it. If it is stopped, the same command continues.

    Example: weaktal reproduce thumos14 --dataset THUMOS14 --out reproduction --seeds 0,1,2
    """
    from weaktal.studies.reproduce import reproduce as run_reproduction

    done = run_reproduction(
        experiment.value,
        dataset,
        features=features,
        vlp_features=vlp_features,
        out=out,
        overrides=set_ or [],
        seeds=parse_seeds(seeds),
        workers=workers,
        device=device,
        command=["weaktal", *sys.argv[1:]],
    )
    print(done.text)
    print(f"{done.file}", file=sys.stderr)
    print_failures(done.ablated)
