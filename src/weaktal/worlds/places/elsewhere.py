"""Crowd, landscape, street, studio and title cards: what a broadcast shows between actions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from weaktal.worlds.backdrop import BOTTOM, LEFT, RIGHT, TOP, Canvas, Color, times
from weaktal.worlds.places.outdoors import grass, sky, trees


def _color(values: npt.NDArray[np.int64]) -> Color:
    red, green, blue = (int(v) for v in values)
    return red, green, blue


def crowd(canvas: Canvas) -> None:
    """Nothing but spectators."""
    seat = [(70, 84, 120), (150, 60, 60), (96, 100, 104)][canvas.rng.integers(3)]
    canvas.crowd(TOP, BOTTOM, seat, spacing=0.42, filled=0.9)


def landscape(canvas: Canvas) -> None:
    """Mountains, a lake or fields."""
    rng = canvas.rng
    sky(canvas, 1.5)
    for level, color in ((2.6, (122, 142, 168)), (1.9, (92, 122, 116))):
        ridge = [(x, level + rng.normal(0, 0.5)) for x in np.arange(LEFT - 1, RIGHT + 2, 1.6)]
        canvas.poly([*ridge, (RIGHT + 2, 0.5), (LEFT - 1, 0.5)], color)
    canvas.soften(4.5, 0.6, 1.6)
    if rng.random() < 0.5:
        canvas.shade(1.0, BOTTOM, (120, 168, 196), (54, 104, 146))
        canvas.grain(1.0, BOTTOM, 8.0, 0.06, 12.0)
    else:
        grass(canvas, 1.0, BOTTOM)
        trees(canvas, 0.7, 1.0, 2.6)


def street(canvas: Canvas) -> None:
    """Houses, windows, a pavement and parked cars."""
    rng = canvas.rng
    sky(canvas, 4.0)
    x = LEFT
    while x < RIGHT:
        wide, tall = rng.uniform(2.5, 5.0), rng.uniform(4.2, TOP)
        color = _color(rng.integers(96, 214, 3))
        canvas.rect(x, tall, x + wide, 0.6, color)
        for wx in np.arange(x + 0.4, x + wide - 0.7, 1.0):
            for wy in np.arange(1.6, tall - 0.6, 1.1):
                canvas.rect(wx, wy + 0.7, wx + 0.5, wy, (70, 84, 104) if rng.random() < 0.8 else (250, 226, 150))
        canvas.rect(x + 0.4, 1.5, x + 1.0, 0.6, (70, 48, 40))
        x += wide
    canvas.shade(0.6, -0.4, (170, 168, 164), (150, 148, 146))
    canvas.shade(-0.4, BOTTOM, (78, 80, 84), (60, 62, 66))
    for x in np.arange(LEFT, RIGHT, 2.0):
        canvas.rect(x, -1.5, x + 1.0, -1.6, (230, 230, 224))
    for _ in range(4):
        x, color = rng.uniform(LEFT, RIGHT), _color(rng.integers(30, 220, 3))
        canvas.rect(x, 0.15, x + 3.2, -0.4, color)
        canvas.poly([(x + 0.6, 0.15), (x + 1.0, 0.6), (x + 2.3, 0.6), (x + 2.8, 0.15)], (90, 110, 130))
        for wheel in (0.7, 2.5):
            canvas.disc(x + wheel, -0.42, 0.28, (26, 26, 30))


def studio(canvas: Canvas) -> None:
    """A television studio: a screen, a desk."""
    rng = canvas.rng
    tint = [(30, 50, 120), (90, 30, 60), (24, 80, 90)][rng.integers(3)]
    canvas.shade(TOP, BOTTOM, times(tint, 0.5), tint)
    for x in np.arange(LEFT, RIGHT, 1.4):
        canvas.line(x, BOTTOM, x + 1.5, TOP, 0.08, times(tint, 1.5))
    canvas.soften(TOP, BOTTOM, 2.0)
    canvas.rect(-5.6, 3.2, -2.0, 1.2, (180, 200, 224))
    canvas.rect(-5.5, 3.1, -2.1, 1.3, (60, 100, 170))
    canvas.shade(0.0, BOTTOM, (50, 50, 60), (24, 24, 30))


def title_card(canvas: Canvas) -> None:
    """A plain or striped background for lettering."""
    rng = canvas.rng
    one, two = rng.integers(10, 140, (2, 3))
    canvas.shade(TOP, BOTTOM, _color(one), _color(two))
    for _ in range(6):
        x = rng.uniform(LEFT, RIGHT)
        color = _color(rng.integers(40, 200, 3))
        canvas.poly([(x, TOP), (x + 1.0, TOP), (x - 3.0, BOTTOM), (x - 4.0, BOTTOM)], color)
    canvas.soften(TOP, BOTTOM, 3.0)
