"""A painted backdrop: what stands still in a scene, larger than any frame, in meters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from weaktal.arrays import Pixels
from weaktal.worlds.camera import CameraPath

Color = tuple[int, int, int]

LEFT, RIGHT, BOTTOM, TOP = -19.0, 13.0, -2.4, 6.4
DENSITY = 40  # pixels a meter


@dataclass(frozen=True, slots=True)
class Backdrop:
    """A picture (H, W, 3) whose upper left corner lies at (LEFT, TOP).

    Attributes:
        image: RGB.
    """

    image: Pixels

    def view(self, camera: CameraPath, frame: int) -> Pixels:
        """What the camera sees of it: (height, width, 3)."""
        import cv2

        matrix = camera.matrix(frame, LEFT, TOP, DENSITY)
        view = cv2.warpAffine(self.image, matrix, camera.size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(view, dtype=np.uint8)


def times(color: Color, factor: float) -> Color:
    """A color made lighter or darker."""
    red, green, blue = (min(255, int(c * factor)) for c in color)
    return red, green, blue


class Canvas:
    """Paints in meters, y up, colors RGB."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.image: Pixels = np.zeros((round((TOP - BOTTOM) * DENSITY), round((RIGHT - LEFT) * DENSITY), 3), np.uint8)

    def px(self, x: float, y: float) -> tuple[int, int]:
        """Meters to sixteenths of a pixel."""
        return round((x - LEFT) * DENSITY * 16), round((TOP - y) * DENSITY * 16)

    def _row(self, y: float) -> int:
        return int(np.clip(round((TOP - y) * DENSITY), 0, self.image.shape[0]))

    def _column(self, x: float) -> int:
        return int(np.clip(round((x - LEFT) * DENSITY), 0, self.image.shape[1]))

    def shade(self, high: float, low: float, above: Color, below: Color) -> None:
        """A band over the whole width from height ``high`` to ``low``, fading from one color to the other."""
        top, bottom = self._row(high), self._row(low)
        if bottom > top:
            share = np.linspace(0, 1, bottom - top)[:, None, None]
            self.image[top:bottom] = (np.array(above) * (1 - share) + np.array(below) * share).astype(np.uint8)

    def rect(self, x0: float, y0: float, x1: float, y1: float, color: Color) -> None:
        """A filled rectangle."""
        self.image[self._row(max(y0, y1)) : self._row(min(y0, y1)), self._column(x0) : self._column(x1)] = color

    def shade_rect(self, x0: float, y0: float, x1: float, y1: float, above: Color, below: Color) -> None:
        """A rectangle from (x0, y0) above to (x1, y1) below, fading from one color to the other."""
        top, bottom, left, right = self._row(y0), self._row(y1), self._column(x0), self._column(x1)
        if bottom > top and right > left:
            share = np.linspace(0, 1, bottom - top)[:, None, None]
            self.image[top:bottom, left:right] = (np.array(above) * (1 - share) + np.array(below) * share).astype(
                np.uint8
            )

    def line(self, x0: float, y0: float, x1: float, y1: float, width: float, color: Color) -> None:
        """A straight line ``width`` meters thick."""
        import cv2

        thick = max(1, round(width * DENSITY))
        cv2.line(self.image, self.px(x0, y0), self.px(x1, y1), color, thick, cv2.LINE_AA, 4)

    def poly(self, points: Sequence[tuple[float, float]], color: Color) -> None:
        """A filled polygon."""
        import cv2

        shape = np.array([self.px(x, y) for x, y in points], np.int32)
        cv2.fillPoly(self.image, [shape], color, cv2.LINE_AA, 4)

    def disc(self, x: float, y: float, rx: float, color: Color, ry: float | None = None) -> None:
        """A filled ellipse."""
        import cv2

        axes = (round(rx * DENSITY * 16), round((rx if ry is None else ry) * DENSITY * 16))
        cv2.ellipse(self.image, self.px(x, y), axes, 0, 0, 360, color, -1, cv2.LINE_AA, 4)

    def grain(self, high: float, low: float, amount: float, size: float = 0.05, stretch: float = 1.0) -> None:
        """Roughens a band: grass, sand, boards. ``size`` is meters a grain, ``stretch`` makes grains wide."""
        import cv2

        top, bottom = self._row(high), self._row(low)
        band = self.image[top:bottom]
        if not band.size:
            return
        height = max(1, round(band.shape[0] / (size * DENSITY)))
        width = max(1, round(band.shape[1] / (size * stretch * DENSITY)))
        noise = cv2.resize(self.rng.normal(0, amount, (height, width)).astype(np.float32), band.shape[1::-1])
        band[:] = np.clip(band + noise[:, :, None], 0, 255).astype(np.uint8)

    def soften(self, high: float, low: float, sigma: float) -> None:
        """Blurs a band, as what lies far behind."""
        import cv2

        top, bottom = self._row(high), self._row(low)
        self.image[top:bottom] = cv2.GaussianBlur(self.image[top:bottom], (0, 0), sigma)

    def crowd(self, high: float, low: float, seat: Color, spacing: float = 0.36, filled: float = 0.85) -> None:
        """Rows of spectators."""
        import cv2

        self.shade(high, low, seat, times(seat, 0.75))
        rows = max(1, int((high - low) / (spacing * 0.95)))
        for row in range(rows):
            y = high - 0.2 - row * spacing * 0.95
            self.line(LEFT, y - 0.2, RIGHT, y - 0.2, 0.03, times(seat, 0.6))
            places = np.arange(LEFT + (row % 2) * spacing / 2, RIGHT, spacing)
            places = places[self.rng.random(len(places)) < filled]
            shirts = (self.rng.integers(30, 220, (len(places), 3)) * 0.5 + np.array(seat) * 0.45).astype(int).tolist()
            skins = (SKINS[self.rng.integers(0, len(SKINS), len(places))] * 0.75).astype(int).tolist()
            shift = self.rng.normal(0, 0.03, len(places))
            for x, shirt, skin, up in zip(places, shirts, skins, shift, strict=True):
                cv2.ellipse(self.image, self.px(x, y - 0.15 + up), (85, 100), 0, 0, 360, shirt, -1, cv2.LINE_8, 4)
                cv2.circle(self.image, self.px(x, y + 0.04 + up), 55, skin, -1, cv2.LINE_8, 4)


SKINS = np.array([(240, 205, 180), (225, 180, 150), (198, 148, 112), (150, 104, 72), (104, 70, 50), (78, 52, 40)])
