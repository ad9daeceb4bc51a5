"""Frames made ready for a network: resizing, crops, scaling of values. No torchvision, no PIL.

Resizing is PyTorch's antialiased interpolation on bytes, which rounds after each axis as PIL does: the result differs
from PIL's by at most two of 256 grey levels, and by less than 0.02 on average (tests compare them).

Shapes: N frames, H x W pixels, V views (crops) of a frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

Frames = npt.NDArray[np.uint8]
Crop = Literal["center", "ten"]
Resampling = Literal["bilinear", "bicubic"]

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


def resized(height: int, width: int, short: int) -> tuple[int, int]:
    """Height and width after the short side became ``short``; the long side is rounded down, as the field does.

    >>> resized(180, 320, 256)
    (256, 455)
    """
    if height <= width:
        return short, int(short * width / height)
    return int(short * height / width), short


def resize(frames: Tensor, size: tuple[int, int], resampling: Resampling = "bilinear") -> Tensor:
    """Frames (N, C, H, W), bytes, at another height and width."""
    if tuple(frames.shape[-2:]) == size:
        return frames
    return F.interpolate(frames, size=size, mode=resampling, antialias=True, align_corners=False)


def channels_first(frames: Frames) -> Tensor:
    """Decoded frames (N, H, W, 3) as a tensor (N, 3, H, W) over the same memory."""
    return torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2)


def center(frames: Tensor, size: int) -> Tensor:
    """The central square of frames (..., H, W), which must be at least that large: (..., size, size)."""
    top, left = (frames.shape[-2] - size) // 2, (frames.shape[-1] - size) // 2
    return frames[..., top : top + size, left : left + size]


def views(frames: Tensor, size: int, crop: Crop, *, flow: bool = False) -> Tensor:
    """The crops of frames (N, C, H, W) that the network sees: (N, V, C, size, size) with V = 1 or 10.

    Ten crops are the center and the four corners, each with its mirror image. Mirroring turns horizontal motion round,
    so channel 0 of mirrored ``flow`` changes its sign.
    """
    middle = center(frames, size)
    if crop == "center":
        return middle[:, None]
    five = [
        middle,
        frames[..., :size, :size],
        frames[..., :size, -size:],
        frames[..., -size:, :size],
        frames[..., -size:, -size:],
    ]
    mirrored = [part.flip(-1) for part in five]
    if flow:
        sign = torch.tensor([-1, 1], dtype=frames.dtype)[:, None, None]
        mirrored = [part * sign for part in mirrored]
    return torch.stack([*five, *mirrored], dim=1)


@dataclass(frozen=True, slots=True)
class ImagePreparation:
    """How a vision-language encoder wants its images; the defaults are CLIP's.

    Attributes:
        size: pixels of the square that the network sees.
        squash: whether the whole frame is squeezed into the square (SigLIP) instead of its center cut out (CLIP).
        short: pixels of the short side before the cut; None means ``size``.
        resampling: interpolation.
        mean, std: of each channel, for values in [0, 1].
    """

    size: int = 224
    squash: bool = False
    short: int | None = None
    resampling: Resampling = "bicubic"
    mean: tuple[float, float, float] = CLIP_MEAN
    std: tuple[float, float, float] = CLIP_STD

    def pixels(self, frames: Frames) -> Tensor:
        """Decoded frames (N, H, W, 3) resized and cut, still bytes: (N, 3, size, size)."""
        batch = channels_first(frames)
        if self.squash:
            return resize(batch, (self.size, self.size), self.resampling)
        height, width = batch.shape[-2:]
        batch = resize(batch, resized(height, width, self.short or self.size), self.resampling)
        return center(batch, self.size)

    def normalized(self, pixels: Tensor) -> Tensor:
        """Bytes (N, 3, size, size) as the numbers that the network was trained on."""
        mean = torch.tensor(self.mean, device=pixels.device)[:, None, None]
        std = torch.tensor(self.std, device=pixels.device)[:, None, None]
        return (pixels.float() / 255.0 - mean) / std
