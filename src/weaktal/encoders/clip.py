"""Models of images and texts: CLIP, SigLIP, SigLIP 2 and MetaCLIP 2 checkpoints, from a local folder.

CLIP: Radford et al., ICML 2021. SigLIP: Zhai et al., ICCV 2023. SigLIP 2: Tschannen et al., 2025; its checkpoints of a
fixed square are SigLIP models by type, those that keep a frame's shape ("NaFlex") cut it into a number of patches.
MetaCLIP 2: Chuang et al., 2025.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from weaktal.encoders.frames import Frames, ImagePreparation, channels_first, resize
from weaktal.encoders.preparation import folder_preparation
from weaktal.encoders.pretrained import load_model, load_tokenizer, random_model, read_config, weights_file
from weaktal.encoders.text_side import TextSide, pooled
from weaktal.encoders.tokens import Tokenizer

KINDS = ("clip", "siglip", "siglip2", "metaclip_2")
_FLEXIBLE = "siglip2"
_SQUEEZED = ("siglip", "siglip2")


class ClipEncoder(TextSide):
    """A model of images and texts; see :class:`weaktal.encoders.vision_language.VisionLanguageEncoder`.

    Args:
        model: of the library, of one of :data:`KINDS`; frozen and put into evaluation mode here.
        tokenizer: None where texts are not wanted.
        name: for the manifest.
        preparation: of the images; None takes the model family's own.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Tokenizer | None = None,
        *,
        name: str,
        preparation: ImagePreparation | None = None,
    ) -> None:
        super().__init__(model, tokenizer, name=name)
        self.preparation = preparation or default_preparation(model.config)
        squeezed = self._kind in _SQUEEZED
        self.dim: int = model.config.vision_config.hidden_size if squeezed else model.config.projection_dim

    def to(self, device: torch.device, dtype: torch.dtype = torch.float32) -> ClipEncoder:
        """Moves the weights to a device; ``dtype`` is that of the image side, texts stay in float32. Returns itself."""
        self.model.to(device)
        self.model.vision_model.to(dtype)
        if hasattr(self.model, "visual_projection"):
            self.model.visual_projection.to(dtype)
        return self

    def encode_frames(self, frames: Frames) -> Tensor:
        """Decoded frames (N, H, W, 3) as unit vectors (N, D)."""
        weight = next(self.model.vision_model.parameters())
        if self._kind == _FLEXIBLE:
            inputs = self._patches(frames, weight.device)
        else:
            inputs = {"pixel_values": self.preparation.normalized(self.preparation.pixels(frames).to(weight.device))}
        inputs["pixel_values"] = inputs["pixel_values"].to(weight.dtype)  # (N, 3, S, S), or (N, patches, 3 p p)
        with torch.no_grad():
            vectors = pooled(self.model.get_image_features(**inputs))
        return F.normalize(vectors.float(), dim=-1)

    def _patches(self, frames: Frames, device: torch.device) -> dict[str, Tensor]:
        """Frames (N, H, W, 3) as rows of patches, with how many of them there are down and across."""
        vision = self.model.config.vision_config
        side, most = vision.patch_size, vision.num_patches
        batch = channels_first(frames)
        down, across = patch_grid(batch.shape[-2], batch.shape[-1], side, most)
        batch = resize(batch, (down * side, across * side), self.preparation.resampling)
        pixels = self.preparation.normalized(batch.to(device))  # (N, 3, down * p, across * p)
        patches = pixels.reshape(len(pixels), 3, down, side, across, side)  # (N, 3, down, p, across, p)
        rows = patches.permute(0, 2, 4, 3, 5, 1).flatten(3).flatten(1, 2)  # (N, down * across, p * p * 3)
        mask = torch.ones(rows.shape[:2], dtype=torch.int32, device=device)
        lacking = most - rows.shape[1]
        return {
            "pixel_values": F.pad(rows, (0, 0, 0, lacking)),
            "pixel_attention_mask": F.pad(mask, (0, lacking)),
            "spatial_shapes": torch.tensor([[down, across]] * len(rows), device=device),
        }


def patch_grid(height: int, width: int, side: int, most: int) -> tuple[int, int]:
    """How many patches down and across a frame is cut into: as many as fit into ``most``, with its shape kept.

    >>> patch_grid(240, 320, 16, 256)
    (14, 18)
    """
    low, high = 1e-6, 100.0

    def grid(scale: float) -> tuple[int, int]:
        return max(1, math.ceil(height * scale / side)), max(1, math.ceil(width * scale / side))

    while high - low >= 1e-5:  # as finely as the library looks
        middle = (low + high) / 2
        low, high = (middle, high) if math.prod(grid(middle)) <= most else (low, middle)
    return grid(low)


def default_preparation(config: Any) -> ImagePreparation:
    """What the model family expects where no preprocessor_config.json says otherwise."""
    size = getattr(config.vision_config, "image_size", 224)
    if config.model_type in _SQUEEZED:
        resampling = "bilinear" if config.model_type == _FLEXIBLE else "bicubic"
        return ImagePreparation(size=size, squash=True, resampling=resampling, mean=(0.5,) * 3, std=(0.5,) * 3)  # type: ignore[arg-type]
    return ImagePreparation(size=size)


def clip_preparation(folder: Path, config: Any) -> ImagePreparation:
    """How the frames are made ready: as the folder says, else as the family was published.

    Raises:
        InputError: if the folder asks for something that is not done here.
    """
    return folder_preparation(folder, default_preparation(config))


def load_clip(folder: Path, *, name: str | None = None) -> ClipEncoder:
    """The encoder of a checkpoint folder (config.json, weights, tokenizer files).

    Raises:
        InputError: naming what is missing or damaged.
    """
    config = read_config(folder, KINDS)
    model = load_model(config, weights_file(folder))
    tokenizer = load_tokenizer(folder, config.model_type, config.text_config.vocab_size)
    preparation = clip_preparation(folder, config)
    return ClipEncoder(model, tokenizer, name=name or folder.name, preparation=preparation)


def random_clip(seed: int, *, config: Any = None, name: str = "clip-vit-b16") -> ClipEncoder:
    """An encoder with weights drawn from ``seed`` and no tokenizer; ViT-B/16 where no configuration is given."""
    from transformers import CLIPConfig

    config = config or CLIPConfig(vision_config={"patch_size": 16})
    return ClipEncoder(random_model(config, seed, name), name=name)
