"""``weaktal weights``: what is known and present, and fetching it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from weaktal.errors import InputError, shown


def weights(
    action: Annotated[str, typer.Argument(help="list, or fetch.", metavar="[list|fetch]")] = "list",
    names: Annotated[
        list[str] | None,
        typer.Argument(help="What to fetch: a name of the list, or ORGANIZATION/MODEL.", metavar="NAME"),
    ] = None,
    into: Annotated[
        Path | None, typer.Option(help="Folder of weights; $WEAKTAL_WEIGHTS or ~/.cache/weaktal/weights without it.")
    ] = None,
) -> None:
    """List the weights of the encoders, where they come from and what is present; fetch NAME brings them here.

    A broken transfer goes on where it stopped when the command is called again. Every file is checked against the hash
    that its publisher or the server states before it appears under its name. Without a network, copy the files to the
    places that the list shows.
    """
    from weaktal.encoders.weights import weights_folder

    root = into or weights_folder()
    if action == "list":
        if names:
            raise InputError(f"list takes no names, not {shown(names[0])}", expected="weaktal weights fetch NAME")
        _show(root)
    elif action == "fetch":
        if not names:
            raise InputError("fetch needs a NAME", expected="a name that `weaktal weights` lists")
        for name in names:
            _fetch(name, root)
    else:
        raise InputError(f"unknown action {shown(action)}", source="weaktal weights", expected="list or fetch")


def _show(root: Path) -> None:
    from weaktal.encoders.weights import KNOWN
    from weaktal.encoders.world.shipped import FOLDER, read_index

    for known in KNOWN.values():
        place = root / known.place
        print(f"{known.name}: {known.what}")
        print(f"  from     {known.source} (licence: {known.licence})")
        print(f"  place    {place}")
        for file in known.files:
            if file.optional or file.instead_of:
                continue
            print(f"  file     {Path(file.path).name}: {_identity(file.sha256, file.git_blob)}")
        print(f"  present  {_presence(place)}")
    for name, entry in read_index().weights.items():
        print(f"{name}: {entry.what}")
        print("  from     weaktal itself, in the package; how it was trained: MODEL_CARD.md beside it")
        print(f"  place    {FOLDER / entry.file}")
        print(f"  file     {entry.file}: SHA-256 {entry.sha256}")
        print(f"  present  {_presence(FOLDER / entry.file)}")


def _identity(sha256: str | None, git_blob: str | None) -> str:
    if sha256:
        return f"SHA-256 {sha256}"
    if git_blob:
        return f"git object {git_blob}, size and SHA-256 unknown"
    return "size and hash unknown until the server states them"


def _presence(place: Path) -> str:
    from weaktal.files import sha256

    if place.is_file():
        return f"yes, {place.stat().st_size} bytes, SHA-256 {sha256(place)}"
    if place.is_dir():
        held = sorted(path.name for path in place.iterdir() if not path.name.endswith(".part"))
        return f"a folder with {', '.join(held) or 'nothing in it'}"
    return "no"


def _fetch(name: str, root: Path) -> None:
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    from weaktal.encoders.download import NotOnServer, fetch
    from weaktal.encoders.weights import known

    wanted = known(name)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    missing: dict[str, NotOnServer] = {}
    with Progress(*columns, transient=True) as progress:
        for file in wanted.files:
            path = root / file.path
            replaced = file.instead_of
            if path.exists() or (replaced is not None and replaced not in missing):
                continue
            task = progress.add_task(path.name, total=None)
            try:
                fetched = fetch(
                    file,
                    path,
                    lambda there, whole, task=task: progress.update(task, completed=there, total=whole),  # type: ignore[misc]
                )
            except NotOnServer as error:
                missing[file.path] = error
                alternative = any(other.instead_of == file.path for other in wanted.files)
                if not file.optional and not alternative:
                    raise
            except InputError as error:
                by_hand = f"or the file copied by hand to {path}"
                expected = f"{error.expected}, {by_hand}" if error.expected else by_hand
                raise InputError(error.problem, source=error.source, expected=expected) from None
            else:
                progress.console.print(
                    f"{fetched.path}: SHA-256 {fetched.sha256}, checked against {fetched.checked}", soft_wrap=True
                )
            progress.remove_task(task)
    print(f"{name} is in {root / wanted.place}")
