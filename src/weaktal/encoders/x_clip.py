"""X-CLIP: a model of clips and texts (Ni et al., ECCV 2022), from a local folder.

Its texts are compared with a clip as they are; the prompts that the published model draws from the clip itself would
make a class vector of each clip, and are left out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from weaktal.encoders.diet import Kind
from weaktal.encoders.frames import Frames, ImagePreparation
from weaktal.encoders.image_transformers import IMAGENET_MEAN, IMAGENET_STD
from weaktal.encoders.preparation import folder_preparation
from weaktal.encoders.text_side import TextSide, pooled
from weaktal.encoders.tokens import Tokenizer

KINDS = ("xclip",)


class XClipEncoder(TextSide):
    """Clips and texts in one space, and itself a network of the extraction.

    Args:
        model: ``XCLIPModel`` of the library.
        tokenizer: None where texts are not wanted.
        name: for the manifest.
        preparation: of its frames.
    """

    kind: Kind = "video"

    def __init__(
        self, model: Any, tokenizer: Tokenizer | None = None, *, name: str, preparation: ImagePreparation
    ) -> None:
        super().__init__(model, tokenizer, name=name)
        self.preparation = preparation
        self.dim: int = model.config.projection_dim
        self.frames: int = model.config.vision_config.num_frames

    def to(self, device: torch.device, dtype: torch.dtype = torch.float32) -> XClipEncoder:
        """Moves the weights to a device; ``dtype`` is that of the video side, texts stay in float32. Returns itself."""
        self.model.to(device)
        for part in (self.model.vision_model, self.model.visual_projection, self.model.mit):
            part.to(dtype)
        return self

    def encode(self, clips: Tensor) -> Tensor:
        """Clips (B, F, 3, S, S), bytes, as unit vectors (B, D)."""
        weight = self.model.visual_projection.weight
        pixels = self.preparation.normalized(clips.to(weight.device)).to(weight.dtype)
        with torch.inference_mode():
            vectors = pooled(self.model.get_video_features(pixel_values=pixels))
            return F.normalize(vectors.float(), dim=-1).cpu()

    def encode_frames(self, frames: Frames) -> Tensor:
        """Decoded frames (N, H, W, 3), each as a clip that stands still, as unit vectors (N, D)."""
        pixels = self.preparation.pixels(frames)  # (N, 3, S, S)
        return self.encode(pixels[:, None].expand(-1, self.frames, -1, -1, -1))


def x_clip_preparation(folder: Path, config: Any) -> ImagePreparation:
    """How the frames are made ready.

    Raises:
        InputError: if the folder asks for something that is not done here.
    """
    size = config.vision_config.image_size
    default = ImagePreparation(size=size, resampling="bilinear", mean=IMAGENET_MEAN, std=IMAGENET_STD)
    return folder_preparation(folder, default)
