"""Encoders whose weights come with weaktal: the small ones that were trained on the rendered world.

    world-cbp      RGB and flow, trained as a classifier of trimmed clips; world-rgb and world-flow are its streams
    world-vlp      images and texts, trained on still pictures with captions

They know nothing but that world. Their weights lie in the package, in ``weights`` beside this file; ``index.json``
there has the SHA-256 of each file, and a file that differs is refused. ``--weights world-cbp=FOLDER`` takes another
such folder, as ``scripts/train_world_cbp.py`` and ``scripts/train_world_vlp.py`` write it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from weaktal.errors import InputError
from weaktal.files import read_model, sha256

Stream = Literal["rgb", "flow"]
CBP_STREAMS: Mapping[str, tuple[Stream, ...]] = {
    "world-cbp": ("rgb", "flow"),
    "world-rgb": ("rgb",),
    "world-flow": ("flow",),
}
VLP = "world-vlp"
NAMES = (*CBP_STREAMS, VLP)
FOLDER = Path(__file__).parent / "weights"
INDEX = "index.json"


class Entry(BaseModel):
    """One file of weights.

    Attributes:
        what: in words.
        file: its name in the folder.
        sha256: of the file.
        vocabulary: name of the file of words, where the network reads words.
        vocabulary_sha256: of that file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    what: str
    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+\.safetensors$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    vocabulary: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+\.json$")] | None = None
    vocabulary_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class Index(BaseModel):
    """``index.json``: the weights of a folder by network, world-rgb, world-flow and world-vlp."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: dict[str, Entry]


def read_index(folder: Path = FOLDER) -> Index:
    """What weights a folder holds.

    Raises:
        InputError: if its index is missing or damaged.
    """
    return read_model(folder / INDEX, Index, "the index of a folder of weights for the rendered world")


def checked(folder: Path, name: str) -> Entry:
    """The entry of a network whose files are what the index says.

    Raises:
        InputError: if the network is not there, or a file is missing or differs.
    """
    entry = read_index(folder).weights.get(name)
    if entry is None:
        raise InputError(f"has no {name}", source=folder / INDEX, expected="the weights of that network")
    for file, stated in ((entry.file, entry.sha256), (entry.vocabulary, entry.vocabulary_sha256)):
        if file is None:
            continue
        path = folder / file
        if not path.is_file():
            raise InputError("no such file", source=path, expected=f"the weights of {name} that {INDEX} names")
        found = sha256(path)
        if found != stated:
            raise InputError(f"is damaged: its SHA-256 is {found}", source=path, expected=f"{stated}, as in {INDEX}")
    return entry
