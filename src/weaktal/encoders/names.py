"""What encoders are called: the list of weaktal's own, and how those of other packages are found. Imports no torch."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Mapping
from pathlib import Path

from weaktal.encoders.world import shipped
from weaktal.errors import InputError, arg, nearest, shown

CLIP = "clip-vit-b16"
# Name -> the function that builds it, as ``package.module:function``; see weaktal.encoders.catalog.EncoderBuilder.
# Entry points of other packages look the same.
HOUSE: Mapping[str, str] = {
    "i3d": "weaktal.encoders.builders:i3d",
    "i3d-rgb": "weaktal.encoders.builders:i3d_rgb",
    "i3d-flow": "weaktal.encoders.builders:i3d_flow",
    CLIP: "weaktal.encoders.checkpoints:checkpoint",
    "imagenet-words": "weaktal.encoders.imagenet_words:build",
    "yamnet": "weaktal.encoders.yamnet:build",
    **dict.fromkeys(shipped.NAMES, "weaktal.encoders.world.build:shipped"),
}
# Builds what is called by a folder or by ORGANIZATION/MODEL.
CHECKPOINT = HOUSE[CLIP]
GROUP = "weaktal.encoders"  # of entry points

_REFERENCE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


def installed() -> dict[str, str]:
    """The encoders that installed packages offer, as in :data:`HOUSE`."""
    return {entry.name: entry.value for entry in importlib.metadata.entry_points(group=GROUP)}


def is_reference(name: str) -> bool:
    """Whether a name has the form ``package.module:function``.

    Whatever has it comes from the user alone: a name that a file holds must not decide which code is run.
    """
    return _REFERENCE.fullmatch(name) is not None


def check_encoder(name: str) -> None:
    """Refuses what can be no encoder, without torch and so within a second.

    Raises:
        InputError: if it is neither a name, nor a reference, nor a folder, nor ORGANIZATION/MODEL.
    """
    if has_name(name) or is_reference(name) or "/" in name or Path(name).exists():
        return
    known = [*HOUSE, *installed()]
    near = nearest(name, known, least=0.5)
    expected = f"one of {', '.join(known)}, a folder, ORGANIZATION/MODEL, or package.module:function"
    raise InputError(
        f"no encoder {shown(name)}",
        source=arg("encoder"),
        expected=f"{expected}; nearest is {near}" if near else expected,
    )


def has_name(name: str) -> bool:
    """Whether weaktal or an installed package has an encoder of that name."""
    return name in HOUSE or name in installed()
