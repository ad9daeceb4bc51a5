"""What a network eats: the kind of its clips, and how much of a frame, or of a sound, it gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from weaktal.encoders.frames import ImagePreparation

Kind = Literal["rgb", "flow", "image", "video", "sound"]
SHORT_SIDE = 256  # pixels of the frames that crops are cut from, and that flow is computed on


@dataclass(frozen=True, slots=True)
class Whole:
    """A clip network that sees the whole frame, squeezed to ``height`` x ``width`` pixels."""

    height: int
    width: int


@dataclass(frozen=True, slots=True)
class Spread:
    """A video network that sees ``frames`` frames of a window, evenly spread over it, each made ready its own way."""

    frames: int
    preparation: ImagePreparation


@dataclass(frozen=True, slots=True)
class Sound:
    """A network that hears the window, mono, widened to ``seconds`` around its middle where it is shorter."""

    rate: int
    seconds: float


# What a clip network sees of a frame: all of it, some frames made ready its own way, its sound, or crops of 224 pixels
# as I3D does.
Sight = Whole | Spread | Sound | Literal["crops"]
# What a network eats; clips are made once for all networks that eat the same. Of images the sight says nothing.
Diet = tuple[Kind, Sight]
