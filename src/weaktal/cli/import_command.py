"""``weaktal import``: published packages into a dataset folder."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from weaktal.errors import InputError, one_line


class Kind(StrEnum):
    """The datasets whose published packages are known."""

    THUMOS14 = "thumos14"
    ACTIVITYNET12 = "activitynet12"
    ACTIVITYNET13 = "activitynet13"


def import_(
    kind: Annotated[Kind, typer.Argument(help="Which dataset the packages belong to.", show_default=False)],
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="SOURCE... DATASET",
            help="Folders and files of the packages, then the dataset folder to make.",
            show_default=False,
        ),
    ],
    encoder: Annotated[str, typer.Option(help="Name for the imported features: features/NAME.")] = "i3d",
    fps: Annotated[float, typer.Option(help="Frames a second that the features were computed at.")] = 25.0,
    window: Annotated[int, typer.Option(help="Frames that one row of the features covers.")] = 16,
    stride: Annotated[int, typer.Option(help="Frames from one row of the features to the next.")] = 16,
) -> None:
    """Turn published annotation and feature packages into a dataset folder.

    THUMOS14: the folder with videoname.npy, segments.npy and their like. ActivityNet: the official JSON, the folder
    with anet_anno_action.json, or (1.2) the folder of .npy arrays. Features are taken along where a source holds them:
    a *JOINTFeatures.npy, or one VIDEO.npy a video, RGB and flow in one file or in folders called rgb and flow.

    Pickles inside the packages are read as data; nothing in them is run.
    """
    from weaktal.data.importers.import_dataset import import_dataset

    *sources, dataset = paths
    if not sources:
        raise InputError("no SOURCE before the dataset folder", source=f"import {kind}", expected="SOURCE... DATASET")
    imported = import_dataset(kind.value, sources, dataset, encoder=encoder, fps=fps, window=window, stride=stride)
    for name, count in imported.subsets.items():
        typer.echo(f"{one_line(name)}: {count.videos} videos, {count.segments} segments")
    typer.echo(f"{imported.classes} classes")
    if imported.with_features is not None:
        typer.echo(f"features/{encoder}: {imported.with_features} videos")
    for note in imported.notes:
        typer.echo(f"note: {one_line(note)}")
    typer.echo(one_line(f"wrote {dataset}"))
