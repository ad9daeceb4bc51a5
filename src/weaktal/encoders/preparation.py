"""How a checkpoint wants its frames: what its preprocessor_config.json says, and what its family does by default."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from weaktal.encoders.frames import ImagePreparation
from weaktal.errors import InputError, shown
from weaktal.files import read_bytes

_LARGEST = 4096  # pixels of a side of what a network sees
_MOST_BYTES = 2**20
_BICUBIC, _BILINEAR = 3, 2  # PIL's numbers, as preprocessor_config.json has them
FILES = ("video_preprocessor_config.json", "preprocessor_config.json")


def folder_preparation(folder: Path, default: ImagePreparation, *, offset: bool = False) -> ImagePreparation:
    """The preparation of a checkpoint folder, from the first of :data:`FILES` that it has.

    Args:
        folder: the checkpoint.
        default: where nothing is said.
        offset: whether values are scaled to [-1, 1] before mean and deviation, as ViViT does.

    Raises:
        InputError: if the file asks for something that is not done here.
    """
    found = next((folder / name for name in FILES if (folder / name).exists()), None)
    read = default if found is None else read_preparation(found, default)
    if not offset:
        return read
    # (2 p - 1 - mean) / std = (p - (1 + mean) / 2) / (std / 2)
    return replace(
        read,
        mean=_three([(1 + mean) / 2 for mean in read.mean]),
        std=_three([std / 2 for std in read.std]),
    )


def read_preparation(path: Path, default: ImagePreparation) -> ImagePreparation:
    """The preparation of a preprocessor_config.json; ``default`` where there is no such file.

    Raises:
        InputError: if the file asks for something that is not done here, such as another interpolation.
    """
    if not path.exists():
        return default
    try:
        content = json.loads(read_bytes(path, "the settings of an image processor", _MOST_BYTES))
        crop, size = content.get("crop_size", {}), content.get("size", {})
        crop = crop if isinstance(crop, int) else _mapping(crop).get("height")
        cuts = content.get("do_center_crop")
        cuts = not default.squash if cuts is None else bool(cuts)
        short = size if isinstance(size, int) else size.get("shortest_edge")
        height = size.get("height") if isinstance(size, dict) else None
        if cuts and height and height == crop:  # squeezed to that very square, of which nothing is left to cut
            cuts = False
        resample = content.get("resample", _BICUBIC if default.resampling == "bicubic" else _BILINEAR)
        if resample not in (_BICUBIC, _BILINEAR) or (cuts and crop is None):
            raise ValueError(f"resample {resample}, crop_size {crop}")
        normalizes = content.get("do_normalize", True)
        sides = [int(side) for side in (crop if cuts else height, short) if side]
        if not all(0 < side <= _LARGEST for side in sides):
            raise ValueError(f"sides of {shown(sides)} pixels")
        return replace(
            default,
            size=int(crop if cuts else (height or short or default.size)),
            squash=not cuts,
            short=int(short) if cuts and short else None,
            resampling="bicubic" if resample == _BICUBIC else "bilinear",
            mean=_three(content.get("image_mean", default.mean)) if normalizes else (0.0,) * 3,
            std=_three(content.get("image_std", default.std)) if normalizes else (1.0,) * 3,
        )
    except (ValueError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise InputError(
            f"cannot be followed ({error})", source=path, expected="a center crop or a squeezed square of frames"
        ) from None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _three(values: Sequence[float]) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue
