"""How tools and balls are drawn, from their ends in pixels."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from weaktal.arrays import Floats, Pixels

Color = tuple[int, int, int]


def _px(point: Floats) -> tuple[int, int]:
    x, y = np.clip(point, -1800, 3600)
    return round(float(x) * 16), round(float(y) * 16)


def _line(image: Pixels, start: Floats, end: Floats, width: float, color: Color) -> None:
    import cv2

    cv2.line(image, _px(start), _px(end), color, max(1, round(width)), cv2.LINE_AA, 4)


def _disc(image: Pixels, center: Floats, radius: float, color: Color) -> None:
    import cv2

    cv2.circle(image, _px(center), max(8, round(radius * 16)), color, -1, cv2.LINE_AA, 4)


def _ball(radius: float, color: Color, seam: Color) -> Callable[[Pixels, Floats, float], None]:
    def draw(image: Pixels, points: Floats, scale: float) -> None:
        middle = points[0]
        _disc(image, middle, max(1.2, radius * scale), seam)
        _disc(image, middle + np.array([-0.02, -0.02]) * scale, max(1.0, radius * 0.82 * scale), color)

    return draw


def _rod(width: float, color: Color, tip: Color | None = None) -> Callable[[Pixels, Floats, float], None]:
    def draw(image: Pixels, points: Floats, scale: float) -> None:
        _line(image, points[0], points[1], width * scale, color)
        if tip:
            _line(image, points[0] + (points[1] - points[0]) * 0.85, points[1], width * scale, tip)

    return draw


def _pole(image: Pixels, points: Floats, scale: float) -> None:
    """A vaulting pole, bent by what hangs on it: the more, the nearer its ends."""
    import cv2

    hand, tip = points
    chord = tip - hand
    length = float(np.hypot(*chord)) + 1e-6
    bend = math.sqrt(max(0.0, (3.9 * scale) ** 2 - length**2)) * 0.42
    normal = np.array([chord[1], -chord[0]]) / length
    if normal[0] < 0 and abs(chord[0]) > 1:
        normal = -normal
    share = np.linspace(-0.12, 1, 10)[:, None]
    curve = hand + chord * share + normal * bend * np.sin(np.pi * np.clip(share, 0, 1))
    shape = np.round(np.clip(curve, -1800, 3600) * 16).astype(np.int32)
    cv2.polylines(image, [shape], False, (205, 190, 120), max(1, round(0.06 * scale)), cv2.LINE_AA, 4)


def _racket(image: Pixels, points: Floats, scale: float) -> None:
    import cv2

    hand, tip = points
    along = tip - hand
    angle = math.degrees(math.atan2(along[1], along[0]))
    neck = hand + along * 0.5
    center = hand + along * 0.85
    long = max(2.0, 0.35 * float(np.hypot(*along)))
    axes = (round(long * 16), round(max(1.2, 0.115 * scale) * 16))
    cv2.ellipse(image, _px(center), axes, angle, 0, 360, (205, 205, 195), 1, cv2.LINE_AA, 4)
    cv2.ellipse(image, _px(center), axes, angle, 0, 360, (200, 40, 45), max(1, round(0.03 * scale)), cv2.LINE_AA, 4)
    _line(image, hand - along * 0.08, neck, 0.045 * scale, (40, 40, 45))


def _club(head: float, color: Color) -> Callable[[Pixels, Floats, float], None]:
    def draw(image: Pixels, points: Floats, scale: float) -> None:
        hand, tip = points
        along = tip - hand
        _line(image, hand - along * 0.12, hand + along * 0.15, 0.035 * scale, (30, 30, 30))
        _line(image, hand, tip, 0.022 * scale, (190, 190, 195))
        _disc(image, tip, max(1.5, head * scale), color)

    return draw


def _barbell(image: Pixels, points: Floats, scale: float) -> None:
    left, right = points
    _line(image, left, right, 0.035 * scale, (120, 120, 128))
    for end, sign in ((left, 1), (right, -1)):
        for index, (color, half) in enumerate((((195, 35, 40), 0.225), ((40, 70, 170), 0.225), ((225, 190, 40), 0.15))):
            at = end + np.array([sign * (0.3 - 0.065 * index) * scale, 0.0])
            up = np.array([0.0, half * scale])
            _line(image, at - up, at + up, 0.055 * scale, color)


def _discus(image: Pixels, points: Floats, scale: float) -> None:
    import cv2

    axes = (round(max(1.5, 0.12 * scale) * 16), round(max(1.0, 0.05 * scale) * 16))
    cv2.ellipse(image, _px(points[0]), axes, -20, 0, 360, (60, 55, 60), -1, cv2.LINE_AA, 4)


def _hammer(image: Pixels, points: Floats, scale: float) -> None:
    _line(image, points[0], points[1], 0.015 * scale, (180, 180, 180))
    _disc(image, points[1], max(1.5, 0.085 * scale), (45, 45, 50))


def _gloves(image: Pixels, points: Floats, scale: float) -> None:
    _disc(image, points[0], 0.09 * scale, (190, 30, 35))


def _spray(image: Pixels, points: Floats, scale: float) -> None:
    """Drops of water or grains of sand."""
    for point in points:
        _disc(image, point, max(0.8, 0.045 * scale), (232, 240, 246))


DRAW: dict[str, Callable[[Pixels, Floats, float], None]] = {
    "basketball": _ball(0.13, (222, 118, 48), (120, 58, 22)),
    "football": _ball(0.115, (245, 245, 245), (60, 60, 60)),
    "volleyball": _ball(0.11, (245, 225, 90), (60, 90, 170)),
    "tennis ball": _ball(0.045, (215, 240, 60), (150, 170, 40)),
    "golf ball": _ball(0.035, (255, 255, 255), (200, 200, 200)),
    "shot": _ball(0.07, (75, 75, 80), (35, 35, 38)),
    "discus": _discus,
    "javelin": _rod(0.032, (235, 225, 215), (200, 60, 40)),
    "hammer": _hammer,
    "vaulting pole": _pole,
    "racket": _racket,
    "golf club": _club(0.055, (40, 40, 48)),
    "putter": _club(0.05, (150, 150, 155)),
    "barbell": _barbell,
    "gloves": _gloves,
    "spray": _spray,
}

# Length in meters of what flies and is no ball.
LONG = {"javelin": 2.4, "hammer": 1.1}


def draw_prop(image: Pixels, kind: str, points: Any, scale: float) -> None:
    """Draws one prop.

    Args:
        image: to draw on.
        kind: one of DRAW.
        points: (P, 2) pixels; NaN where it is out of sight.
        scale: pixels a meter.
    """
    if not np.isnan(points).any():
        DRAW[kind](image, points, scale)
