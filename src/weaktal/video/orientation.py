"""How a stored picture is turned and mirrored before it is shown: the display matrix of a file, at right angles."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame

Image = npt.NDArray[np.uint8]

_MATRIX = struct.Struct("@9i")  # FFmpeg's: a b u, c d v, x y w in fixed point, of the machine's byte order


@dataclass(frozen=True, slots=True)
class Orientation:
    """One of the eight ways to lay a rectangle on itself: first transposed, then mirrored.

    Attributes:
        transposed: whether rows become columns, so that width and height change places.
        left_right: whether left and right change places.
        upside_down: whether top and bottom change places.
    """

    transposed: bool = False
    left_right: bool = False
    upside_down: bool = False

    @classmethod
    def of(cls, frame: VideoFrame) -> Orientation:
        """What the display matrix of a decoded picture asks for; upright without one.

        Angles between right ones count as the nearest, as do shears. A matrix that flattens the picture is none.
        """
        data = frame.side_data.get(Type.DISPLAYMATRIX)  # type: ignore[call-overload]  # by type, too
        if data is None or data.buffer_size < _MATRIX.size:
            return cls()
        a, b, _, c, d, *_ = _MATRIX.unpack(bytes(data)[: _MATRIX.size])
        # A stored point (x, y), y downwards, is shown at (a x + c y, b x + d y).
        if a * d == b * c:
            return cls()
        if abs(a) + abs(d) >= abs(b) + abs(c):
            return cls(False, left_right=a < 0, upside_down=d < 0)
        return cls(True, left_right=c < 0, upside_down=b < 0)

    def upright(self, image: Image) -> Image:
        """A stored picture, (height, width, 3), as it is shown."""
        if self.transposed:
            image = image.swapaxes(0, 1)
        rows = slice(None, None, -1) if self.upside_down else slice(None)
        columns = slice(None, None, -1) if self.left_right else slice(None)
        return np.ascontiguousarray(image[rows, columns])

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the shown picture from those of the stored one, and the other way round."""
        return (height, width) if self.transposed else (width, height)
