"""VideoPrism with its text side (Zhao et al., ICML 2024; published as "LvT"), from a local folder.

Its video encoder alone is a checkpoint of another type, one of :mod:`weaktal.encoders.video_transformers`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from weaktal.encoders.clips_and_texts import ClipsAndTexts
from weaktal.encoders.frames import ImagePreparation
from weaktal.encoders.text_side import pooled
from weaktal.encoders.tokens import Tokenizer
from weaktal.encoders.video_transformers import video_preparation

KIND = "videoprism"


class VideoPrismEncoder(ClipsAndTexts):
    """``VideoPrismClipModel``; arguments as of :class:`weaktal.encoders.clips_and_texts.ClipsAndTexts`."""

    def __init__(
        self, model: Any, tokenizer: Tokenizer | None = None, *, name: str, preparation: ImagePreparation
    ) -> None:
        width = model.config.vision_config.hidden_size
        super().__init__(model, tokenizer, name=name, preparation=preparation, dim=width)

    def _seeing(self) -> tuple[torch.nn.Module, ...]:
        return (self.model.video_model,)

    def _seen(self, pixels: Tensor) -> Tensor:
        return pooled(self.model.get_video_features(pixel_values_videos=pixels))[:, 0]


def video_prism_preparation(folder: Path, config: Any) -> ImagePreparation:
    """How the frames are made ready.

    Raises:
        InputError: if the folder asks for something that is not done here.
    """
    return video_preparation(folder, config.vision_config)
