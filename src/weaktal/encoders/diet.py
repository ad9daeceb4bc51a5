"""What a network eats: the kind of its clips, and how much of a frame it sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["rgb", "flow", "image"]
SHORT_SIDE = 256  # pixels of the frames that crops are cut from, and that flow is computed on


@dataclass(frozen=True, slots=True)
class Whole:
    """A clip network that sees the whole frame, squeezed to ``height`` x ``width`` pixels."""

    height: int
    width: int


# What a clip network sees of a frame: all of it, or crops of 224 pixels as I3D does.
Sight = Whole | Literal["crops"]
# What a network eats; clips are made once for all networks that eat the same. Of images the sight says nothing.
Diet = tuple[Kind, Sight]
