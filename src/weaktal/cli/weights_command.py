"""``weaktal weights``: what is known and present, and fetching it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weaktal.cli.devices import Device
from weaktal.errors import InputError, counted, shown

if TYPE_CHECKING:
    from weaktal.encoders.fetching import Fetched


def weights(
    action: Annotated[str, typer.Argument(help="What to do.", metavar="list|fetch|check")] = "list",
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="What to fetch or check: a name of the list, i3d for both streams, or ORGANIZATION/MODEL.",
            metavar="NAME",
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--weights", help="Folder of weights.", show_default="$WEAKTAL_WEIGHTS, else ~/.cache/weaktal/weights"
        ),
    ] = None,
    video: Annotated[
        Path | None, typer.Option("--video", help="For check: the video whose features are known; it says which.")
    ] = None,
    device: Device = "auto",
) -> None:
    """List the weights of the encoders, where they come from and whether they are here.

    fetch NAME fetches some; check NAME compares their output with known figures.

    Checkpoints from the Hugging Face hub go into its own cache, with its mirrors, tokens and offline mode (HF_HOME,
    HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE), or into the folder that --weights names. Every file is checked against the
    hash that its publisher or the hub states. Without a network, copy the files to the places that the list shows.
    """
    if action == "list":
        if names:
            raise InputError(f"list takes no names, not {shown(names[0])}", expected="weaktal weights fetch NAME")
        _show(folder)
    elif action == "fetch":
        if not names:
            raise InputError("fetch needs a NAME", expected="a name that `weaktal weights` lists")
        for name in names:
            _fetch(name, folder)
    elif action == "check":
        if not names:
            raise InputError("check needs a NAME", expected="a name of which golden figures are known")
        for name in names:
            _check(name, folder, video, device)
    else:
        raise InputError(f"unknown action {shown(action)}", source="weaktal weights", expected="list, fetch or check")


def _check(name: str, into: Path | None, video: Path | None, device: str) -> None:
    from weaktal.extraction.golden import VIDEOS, check_weights

    found = check_weights(name, into, video=video, device=device)
    if found.pairs:
        print(f"{name}: {counted(found.pairs, 'cosine')} between texts as published, to within {found.largest:.4f}")
    if found.snippets:
        print(
            f"{name}: features of {counted(found.snippets, 'snippet')} as published, cosines from {found.least:.4f} on"
        )
    elif name in VIDEOS:
        golden = VIDEOS[name]
        print(f"{name}: what is seen was not compared; that needs --video {golden.name} of {golden.source}")


def _show(into: Path | None) -> None:
    from weaktal.encoders.weights import weights as listed

    for known in listed(into):
        print(f"{known.name}: {known.what}")
        print(f"  from     {known.origin}")
        print(f"  place    {known.place}")
        for file, identity in known.files.items():
            print(f"  file     {file}: {identity}")
        print(f"  present  {known.present}")


def _fetch(name: str, into: Path | None) -> None:
    from rich.progress import BarColumn, DownloadColumn, TimeRemainingColumn, TransferSpeedColumn

    from weaktal.cli.bars import showing
    from weaktal.encoders.weights import fetch_weights

    arrived: list[Fetched] = []
    try:
        with showing(BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()) as on_progress:
            place = fetch_weights(name, into, on_progress=on_progress, on_file=arrived.append)
    finally:
        for file in arrived:
            print(f"{file.path}: SHA-256 {file.sha256}, checked against {file.checked}")
    print(f"{name} is in {place}")
