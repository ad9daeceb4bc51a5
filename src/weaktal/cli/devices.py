"""The option ``--device`` of the verbs that compute."""

from __future__ import annotations

from typing import Annotated

import typer

from weaktal.devices import check_device


def _one(name: str | None) -> str | None:
    if name is not None:  # a verb that goes by a setting where it is not given one
        check_device(name)
    return name


def _several(name: str) -> str:
    check_device(name, several=True)
    return name


# A name that is none is refused while the words are read, before torch is imported.
Device = Annotated[
    str,
    typer.Option(
        help="Where to compute: cpu, cuda, cuda:1, mps; auto takes a GPU if there is one.",
        callback=_one,
        metavar="DEVICE",
    ),
]
Devices = Annotated[
    str,
    typer.Option(
        help="Where to compute: cpu, cuda, cuda:1, mps; auto takes a GPU if there is one. Several, such as "
        "cuda:0,cuda:1, or all GPUs, each work on videos of their own.",
        callback=_several,
        metavar="DEVICE[,...]",
    ),
]
DeviceOverSetting = Annotated[
    str | None,
    typer.Option(
        help="Where to compute, over the setting engine.device: cpu, cuda, cuda:1, mps; auto is a GPU if there is one.",
        callback=_one,
        metavar="DEVICE",
        show_default="engine.device",
    ),
]
