"""What every vision-language encoder offers: frames and texts as vectors of one space.

The text side takes *embedded* tokens, so that learnable vectors can stand around a class name and receive gradients
through the frozen text encoder.

Shapes: N frames, C classes, L tokens of the longest prompt, E channels of a token embedding, D of the common space.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from weaktal.encoders.frames import Frames


@dataclass(frozen=True, slots=True)
class Prompts:
    """Embedded token sequences, marks and padding included.

    Attributes:
        embeddings: (C, L, E), before positions are added.
        end: (C,), the position of each sequence's end-of-text mark.
    """

    embeddings: Tensor
    end: Tensor


class VisionLanguageEncoder(Protocol):
    """Frames and texts in one space; cosine similarity tells how well they fit.

    All vectors that it returns have unit length, so a dot product is the cosine.
    """

    @property
    def name(self) -> str:
        """What the manifest calls it."""
        ...

    @property
    def dim(self) -> int:
        """D."""
        ...

    @property
    def token_dim(self) -> int:
        """E."""
        ...

    @property
    def max_tokens(self) -> int:
        """The longest prompt, marks included."""
        ...

    def to(self, device: torch.device) -> object:
        """Moves the weights to a device."""
        ...

    def encode_frames(self, frames: Frames) -> Tensor:
        """Decoded frames (N, H, W, 3), bytes, RGB, of any size, as unit vectors (N, D), float32."""
        ...

    def embed_texts(self, texts: Sequence[str]) -> list[Tensor]:
        """Token embeddings of each text, without marks: one (n, E) a text."""
        ...

    def assemble(self, inner: Sequence[Tensor]) -> Prompts:
        """Puts the begin and end marks around token embeddings (n, E) and pads them to one length.

        Raises:
            InputError: if a sequence is longer than ``max_tokens`` allows.
        """
        ...

    def encode_text(self, embeddings: Tensor, end: Tensor) -> Tensor:
        """Embedded prompts (C, L, E) with their ends (C,) as unit vectors (C, D); gradients reach ``embeddings``."""
        ...
