"""X-CLIP: a model of clips and texts (Ni et al., ECCV 2022), from a local folder.

Its texts are compared with a clip as they are; the prompts that the published model draws from the clip itself would
make a class vector of each clip, and are left out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from weaktal.encoders.clips_and_texts import ClipsAndTexts
from weaktal.encoders.frames import ImagePreparation
from weaktal.encoders.image_transformers import IMAGENET_MEAN, IMAGENET_STD
from weaktal.encoders.preparation import folder_preparation
from weaktal.encoders.text_side import pooled
from weaktal.encoders.tokens import Tokenizer

KIND = "xclip"


class XClipEncoder(ClipsAndTexts):
    """``XCLIPModel`` of the library; arguments as of :class:`weaktal.encoders.clips_and_texts.ClipsAndTexts`."""

    def __init__(
        self, model: Any, tokenizer: Tokenizer | None = None, *, name: str, preparation: ImagePreparation
    ) -> None:
        super().__init__(model, tokenizer, name=name, preparation=preparation, dim=model.config.projection_dim)

    def _seeing(self) -> tuple[torch.nn.Module, ...]:
        return self.model.vision_model, self.model.visual_projection, self.model.mit

    def _seen(self, pixels: Tensor) -> Tensor:
        return pooled(self.model.get_video_features(pixel_values=pixels))


def x_clip_preparation(folder: Path, config: Any) -> ImagePreparation:
    """How the frames are made ready.

    Raises:
        InputError: if the folder asks for something that is not done here.
    """
    size = config.vision_config.image_size
    default = ImagePreparation(size=size, resampling="bilinear", mean=IMAGENET_MEAN, std=IMAGENET_STD)
    return folder_preparation(folder, default)
