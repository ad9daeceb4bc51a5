"""Models of images without words: ViT, DINOv2 (with registers or without) and DINOv3 checkpoints, from a local folder.

ViT: Dosovitskiy et al., ICLR 2021. DINOv2: Oquab et al., TMLR 2024. Registers: Darcet et al., ICLR 2024. DINOv3:
Siméoni et al., 2025. They see the middle frame of a window.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Unpack

from torch import Tensor

from weaktal.encoders.diet import Kind
from weaktal.encoders.frames import Frames, ImagePreparation
from weaktal.encoders.look import Look, Place, TokenModel, Tokens
from weaktal.encoders.preparation import folder_preparation

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HALF = (0.5, 0.5, 0.5)
KINDS = ("vit", "dinov2", "dinov2_with_registers", "dinov3_vit")


class ImageTransformer(TokenModel):
    """A network that turns single frames into features.

    Args:
        model: of the library, of one of :data:`KINDS`.
        preparation: of its frames.
        look: which layer and pooling.
        place: name, device and dtype.
    """

    kind: Kind = "image"

    def __init__(self, model: Any, preparation: ImagePreparation, look: Look, **place: Unpack[Place]) -> None:
        special = 1 + getattr(model.config, "num_register_tokens", 0)
        super().__init__(model, look, Tokens(special, "first"), **place)
        self.preparation = preparation

    def encode(self, clips: Tensor) -> Tensor:
        """Frames (B, H, W, 3), bytes, as features (B, D)."""
        frames: Frames = clips.numpy()
        pixels = self.preparation.normalized(self.preparation.pixels(frames).to(self._device))  # (B, 3, S, S)
        return self.vectors(pixel_values=pixels)


def image_preparation(folder: Path, config: Any) -> ImagePreparation:
    """How the frames are made ready: as the folder says, else as the family was published.

    Raises:
        InputError: if the folder asks for something that is not done here.
    """
    size = config.image_size if isinstance(config.image_size, int) else 224
    if config.model_type == "vit":
        default = ImagePreparation(size=size, squash=True, resampling="bilinear", mean=HALF, std=HALF)
    elif config.model_type == "dinov3_vit":
        default = ImagePreparation(size=size, squash=True, resampling="bilinear", mean=IMAGENET_MEAN, std=IMAGENET_STD)
    else:
        default = ImagePreparation(size=224, short=256, mean=IMAGENET_MEAN, std=IMAGENET_STD)
    return folder_preparation(folder, default)
