from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from weaktal.video.container import probe
from weaktal.video.decoding import VideoFrames

COLOURS = {"R": (255, 0, 0), "G": (0, 255, 0), "B": (0, 0, 255), "Y": (255, 255, 0)}


def quarters() -> np.ndarray:
    """Red, green, blue, yellow, from the top left on."""
    picture = np.zeros((48, 64, 3), np.uint8)
    for colour, (y, x) in zip(COLOURS.values(), np.ndindex(2, 2), strict=True):
        picture[y * 24 : y * 24 + 24, x * 32 : x * 32 + 32] = colour
    return picture


def corners(image: np.ndarray) -> str:
    height, width = image.shape[:2]
    seen = [image[height * y // 4, width * x // 4].astype(int) for y in (1, 3) for x in (1, 3)]
    return "".join(min(COLOURS, key=lambda c: int(np.abs(point - COLOURS[c]).sum())) for point in seen)


# a, b, c, d of the display matrix: the stored point (x, y) is shown at (a x + c y, b x + d y), y downwards.
@pytest.mark.parametrize(
    ("matrix", "shown"),
    [
        ((1, 0, 0, 1), "RGBY"),
        ((0, 1, -1, 0), "BRYG"),  # a quarter turn to the right
        ((-1, 0, 0, -1), "YBGR"),
        ((0, -1, 1, 0), "GYRB"),
        ((-1, 0, 0, 1), "GRYB"),  # mirrored left to right, as front cameras do
        ((1, 0, 0, -1), "BYRG"),
        ((0, 1, 1, 0), "RBGY"),  # transposed
        ((0, -1, -1, 0), "YGBR"),
        ((0.9, 0.2, -0.2, 0.9), "RGBY"),  # nearly upright
        ((0, 0, 0, 0), "RGBY"),  # no way to lay a picture down
    ],
)
def test_display_matrix(write_video: Callable[..., Path], matrix: tuple[float, ...], shown: str) -> None:
    path = write_video(stamps=[0, 1], pictures=[quarters()] * 2)
    content = bytearray(path.read_bytes())
    a, b, c, d = (round(65536 * value) for value in matrix)
    at = content.index(b"tkhd") + 44
    content[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    image = next(iter(VideoFrames(path, fps=25))).image
    assert corners(image) == shown
    assert image.flags.c_contiguous
    size = (48, 64) if matrix[0] == 0 and matrix[1] != 0 else (64, 48)
    assert (probe(path).width, probe(path).height) == size == image.shape[1::-1]
