"""What models of clips and texts in one space have in common: themselves a network of the extraction."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor

from weaktal.encoders.diet import Kind
from weaktal.encoders.frames import Frames, ImagePreparation
from weaktal.encoders.text_side import TextSide
from weaktal.encoders.tokens import Tokenizer


class ClipsAndTexts(TextSide):
    """Clips and texts as unit vectors.

    Args:
        model: of the library.
        tokenizer: None where texts are not wanted.
        name: for the manifest.
        preparation: of its frames.
        dim: columns of the vectors.
    """

    kind: Kind = "video"

    def __init__(
        self, model: Any, tokenizer: Tokenizer | None = None, *, name: str, preparation: ImagePreparation, dim: int
    ) -> None:
        super().__init__(model, tokenizer, name=name)
        self.preparation = preparation
        self.dim = dim
        self.frames: int = model.config.vision_config.num_frames
        self._device, self._dtype = torch.device("cpu"), torch.float32

    def to(self, device: torch.device, dtype: torch.dtype = torch.float32) -> Self:
        """Moves the weights to a device; ``dtype`` is that of the video side, texts stay in float32. Returns itself."""
        self.model.to(device)
        for part in self._seeing():
            part.to(dtype)
        self._device, self._dtype = device, dtype
        return self

    def encode(self, clips: Tensor) -> Tensor:
        """Clips (B, F, 3, S, S), bytes, as unit vectors (B, D)."""
        pixels = self.preparation.normalized(clips.to(self._device)).to(self._dtype)
        with torch.inference_mode():
            return F.normalize(self._seen(pixels).float(), dim=-1).cpu()

    def encode_frames(self, frames: Frames) -> Tensor:
        """Decoded frames (N, H, W, 3), each as a clip that stands still, as unit vectors (N, D)."""
        pixels = self.preparation.pixels(frames)  # (N, 3, S, S)
        return self.encode(pixels[:, None].expand(-1, self.frames, -1, -1, -1))

    @abstractmethod
    def _seeing(self) -> tuple[torch.nn.Module, ...]:
        """The parts of the model that clips go through."""

    @abstractmethod
    def _seen(self, pixels: Tensor) -> Tensor:
        """Normalized clips (B, F, 3, S, S) as vectors (B, D)."""
