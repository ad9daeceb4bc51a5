"""Models of video without words: VideoMAE, V-JEPA 2, TimeSformer, ViViT and VideoPrism, from a local folder.

VideoMAE: Tong et al., NeurIPS 2022. V-JEPA 2: Assran et al., 2025. TimeSformer: Bertasius et al., ICML 2021. ViViT:
Arnab et al., ICCV 2021. VideoPrism: Zhao et al., ICML 2024. Each sees some frames of a window, evenly spread over it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

from torch import Tensor

from weaktal.encoders.diet import Kind
from weaktal.encoders.frames import ImagePreparation
from weaktal.encoders.image_transformers import HALF, IMAGENET_MEAN, IMAGENET_STD
from weaktal.encoders.look import Look, Place, TokenModel, Tokens
from weaktal.encoders.preparation import folder_preparation


@dataclass(frozen=True, slots=True)
class Family:
    """What the video models of the library differ in.

    Attributes:
        tokens: how they are laid out and pooled.
        frames: name of the number of frames in the configuration.
        size: name of the side of the frames there.
        pixels: name of the model's input.
        short: pixels of the short side before the cut for each pixel of the cut.
        normal: mean and deviation, where the checkpoint does not say.
        offset: whether values are scaled to [-1, 1] before these.
        fixed: whether it takes no other number of frames than it was built for.
    """

    tokens: Tokens
    frames: str = "num_frames"
    size: str = "image_size"
    pixels: str = "pixel_values"
    short: float = 1.0
    normal: tuple[tuple[float, float, float], tuple[float, float, float]] = (IMAGENET_MEAN, IMAGENET_STD)
    offset: bool = False
    fixed: bool = True


FAMILIES: Mapping[str, Family] = {
    "videomae": Family(Tokens(0, "mean")),
    "vjepa2": Family(
        Tokens(0, "mean"),
        frames="frames_per_clip",
        size="crop_size",
        pixels="pixel_values_videos",
        short=256 / 224,
        fixed=False,
    ),
    "timesformer": Family(Tokens(1, "first")),
    "vivit": Family(Tokens(1, "first"), short=256 / 224, normal=(HALF, HALF), offset=True),
    "videoprism_vision_model": Family(
        Tokens(0, "mean"), pixels="pixel_values_videos", normal=((0.0,) * 3, (1.0,) * 3), fixed=False
    ),
}
KINDS = tuple(FAMILIES)


class VideoTransformer(TokenModel):
    """A network that turns clips into features.

    Args:
        model: of the library, of one of :data:`KINDS`.
        preparation: of its frames.
        look: which layer and pooling.
        place: name, device and dtype.
    """

    kind: Kind = "video"

    def __init__(self, model: Any, preparation: ImagePreparation, look: Look, **place: Unpack[Place]) -> None:
        self._family = FAMILIES[model.config.model_type]
        super().__init__(model, look, self._family.tokens, **place)
        self.preparation = preparation

    def encode(self, clips: Tensor) -> Tensor:
        """Clips (B, F, 3, S, S), bytes, as features (B, D)."""
        pixels = self.preparation.normalized(clips.to(self._device))
        extra = {"skip_predictor": True} if self.model.config.model_type == "vjepa2" else {}
        return self.vectors(**{self._family.pixels: pixels}, **extra)


def frames_seen(config: Any, look: Look) -> int:
    """How many frames of a window the model sees."""
    return look.frames or int(getattr(config, FAMILIES[config.model_type].frames))


def video_preparation(folder: Path, config: Any) -> ImagePreparation:
    """How the frames are made ready: as the folder says, else as the family was published.

    Raises:
        InputError: if the folder asks for something that is not done here.
    """
    family = FAMILIES[config.model_type]
    size = getattr(config, family.size)
    size = size if isinstance(size, int) else 224
    mean, std = family.normal
    default = ImagePreparation(size=size, short=int(size * family.short), resampling="bilinear", mean=mean, std=std)
    return folder_preparation(folder, default, offset=family.offset)
