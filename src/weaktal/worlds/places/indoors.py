"""Basketball court, gym and swimming pool."""

from __future__ import annotations

import numpy as np

from weaktal.worlds.backdrop import BOTTOM, LEFT, RIGHT, TOP, Canvas, times
from weaktal.worlds.places.outdoors import advertisements


def basketball(canvas: Canvas, fixture: str) -> None:
    """A wooden floor with a painted key, spectators or a wall behind."""
    rng = canvas.rng
    wall = [(188, 186, 180), (120, 140, 170), (60, 62, 74)][rng.integers(3)]
    canvas.shade(TOP, 1.2, times(wall, 0.8), wall)
    if rng.random() < 0.65:
        canvas.crowd(float(rng.uniform(3.6, 5.6)), 1.7, (84, 44, 52), filled=float(rng.uniform(0.5, 0.95)))
        canvas.soften(5.6, 1.7, 0.9)
        advertisements(canvas, 1.2, 1.7)
    else:
        canvas.rect(LEFT, 2.1, RIGHT, 1.2, times(wall, 0.7))
        for x in np.arange(LEFT, RIGHT, 3.0):
            canvas.line(x, TOP, x, 1.2, 0.05, times(wall, 0.75))
    wood = [(206, 154, 96), (186, 128, 76), (222, 178, 124)][rng.integers(3)]
    canvas.shade(1.2, BOTTOM, wood, times(wood, 0.86))
    for y in np.arange(1.2, BOTTOM, -0.12):
        canvas.line(LEFT, y, RIGHT, y, 0.02, times(wood, 0.93))
    canvas.grain(1.2, BOTTOM, 4.0, 0.1, 8.0)
    paint = [(176, 48, 44), (44, 80, 160), (60, 60, 66)][rng.integers(3)]
    white = (245, 240, 232)
    canvas.line(LEFT, 0.85, RIGHT, 0.85, 0.05, white)
    canvas.line(LEFT, -1.25, RIGHT, -1.25, 0.07, white)
    if fixture != "hoop":
        canvas.disc(0.0, -0.2, 2.2, paint, 0.55)
        canvas.line(0.5, 0.85, -0.6, -1.25, 0.06, white)
        return
    canvas.poly([(-4.2, 0.38), (0.9, 0.38), (0.6, -0.62), (-4.8, -0.62)], paint)
    for x0, y0, x1, y1 in ((-4.2, 0.38, 0.9, 0.38), (-4.8, -0.62, 0.6, -0.62), (-4.2, 0.38, -4.8, -0.62)):
        canvas.line(x0, y0, x1, y1, 0.06, white)
    canvas.line(1.1, 0.85, 0.4, -1.25, 0.07, white)
    canvas.line(2.1, 0.1, 2.1, 2.6, 0.2, (70, 74, 84))
    canvas.line(2.1, 2.6, 0.55, 3.05, 0.12, (70, 74, 84))
    canvas.rect(1.75, 1.4, 2.45, 0.0, (40, 60, 130))
    canvas.poly([(0.35, 2.55), (0.6, 2.85), (0.6, 3.85), (0.35, 3.55)], (236, 240, 246))
    for a, b in (
        ((0.35, 2.55), (0.6, 2.85)),
        ((0.6, 2.85), (0.6, 3.85)),
        ((0.6, 3.85), (0.35, 3.55)),
        ((0.35, 3.55), (0.35, 2.55)),
    ):
        canvas.line(*a, *b, 0.05, (200, 40, 40))
    for x in np.linspace(-0.22, 0.22, 6):
        canvas.line(x, 2.75, x * 0.55, 2.35, 0.015, (250, 250, 250))
    canvas.line(-0.13, 2.5, 0.13, 2.5, 0.015, (250, 250, 250))
    canvas.disc(0.0, 2.75, 0.24, (236, 96, 32), 0.05)
    canvas.line(0.2, 2.75, 0.42, 2.8, 0.06, (236, 96, 32))


def gym(canvas: Canvas, fixture: str) -> None:
    """A training room: mirrors, racks of weights, machines."""
    rng = canvas.rng
    wall = [(204, 202, 196), (92, 96, 104), (170, 184, 190), (188, 160, 140)][rng.integers(4)]
    canvas.shade(TOP, 0.8, times(wall, 0.92), wall)
    canvas.rect(LEFT, 1.4, RIGHT, 0.75, times(wall, 0.72))
    for x in np.arange(LEFT + rng.uniform(0, 2), RIGHT, 3.6):
        canvas.rect(x, 3.3, x + 2.7, 1.5, (176, 194, 204))
        canvas.poly([(x + 0.3, 1.5), (x + 0.9, 1.5), (x + 1.9, 3.3), (x + 1.3, 3.3)], (200, 214, 222))
    for x in np.arange(LEFT + rng.uniform(0, 2), RIGHT, 4.5):
        canvas.rect(x, 4.3, x + 1.8, 4.15, (252, 252, 244))
    floor = [(66, 68, 74), (120, 88, 64), (92, 98, 106)][rng.integers(3)]
    canvas.shade(0.8, BOTTOM, floor, times(floor, 0.8))
    canvas.grain(0.8, BOTTOM, 5.0)
    for x in np.arange(LEFT, RIGHT, 1.0):
        canvas.line(x, BOTTOM, x * 0.92, 0.8, 0.02, times(floor, 0.85))
    _weights(canvas)
    _GYM_FIXTURES.get(fixture, _mats)(canvas)


def _weights(canvas: Canvas) -> None:
    """Racks of dumbbells and plates along the wall."""
    rng = canvas.rng
    x = LEFT + rng.uniform(0, 1)
    while x < RIGHT:
        kind = rng.integers(3)
        if kind == 0:
            canvas.rect(x, 1.6, x + 2.4, 0.7, (52, 54, 60))
            for y in (1.4, 1.1, 0.85):
                for place in np.arange(x + 0.15, x + 2.3, 0.28):
                    canvas.disc(place, y, 0.1, (24, 24, 28))
                    canvas.disc(place, y, 0.05, (130, 130, 136))
        elif kind == 1:
            canvas.line(x + 0.3, 0.7, x + 0.3, 2.3, 0.1, (150, 40, 44))
            canvas.line(x + 1.5, 0.7, x + 1.5, 2.3, 0.1, (150, 40, 44))
            canvas.line(x + 0.3, 2.3, x + 1.5, 2.3, 0.1, (150, 40, 44))
            canvas.rect(x + 0.6, 1.5, x + 1.2, 0.8, (40, 40, 46))
        else:
            for radius, place in ((0.3, 0.4), (0.24, 0.9), (0.2, 1.3)):
                canvas.disc(
                    x + place, 0.75 + radius, radius, [(180, 36, 40), (36, 60, 150), (220, 190, 50)][rng.integers(3)]
                )
                canvas.disc(x + place, 0.75 + radius, radius * 0.3, (40, 40, 44))
        x += rng.uniform(2.6, 4.0)
    canvas.soften(2.4, 0.72, 0.8)


def _platform(canvas: Canvas) -> None:
    wood = (206, 164, 108)
    canvas.poly([(-2.3, 0.35), (2.3, 0.35), (2.8, -0.6), (-2.8, -0.6)], (44, 44, 50))
    canvas.poly([(-0.95, 0.35), (0.95, 0.35), (1.15, -0.6), (-1.15, -0.6)], wood)
    canvas.line(-2.8, -0.62, 2.8, -0.62, 0.06, (30, 30, 34))


def _rack(canvas: Canvas) -> None:
    for x in (-0.78, 0.78):
        canvas.line(x, 0.12, x, 2.35, 0.09, (200, 50, 40))
        canvas.line(x - 0.3, 0.1, x + 0.3, 0.1, 0.09, (150, 40, 34))
    canvas.line(-0.78, 2.35, 0.78, 2.35, 0.08, (200, 50, 40))


def _mats(canvas: Canvas) -> None:
    color = [(52, 140, 150), (130, 60, 140), (50, 90, 170)][canvas.rng.integers(3)]
    canvas.poly([(-1.5, 0.16), (1.3, 0.16), (1.5, -0.3), (-1.7, -0.3)], color)
    canvas.line(-1.7, -0.31, 1.5, -0.31, 0.05, times(color, 0.6))


def _bar(canvas: Canvas) -> None:
    for x in (-1.0, 1.0):
        canvas.line(x, 0.05, x, 2.36, 0.09, (80, 84, 92))
        canvas.line(x - 0.35, 0.04, x + 0.35, 0.04, 0.09, (60, 62, 70))
    canvas.line(-1.0, 2.36, 1.0, 2.36, 0.06, (190, 194, 200))


def _bag(canvas: Canvas) -> None:
    canvas.line(0.0, TOP, 0.0, 1.9, 0.04, (150, 150, 156))
    canvas.poly([(-0.19, 1.8), (0.19, 1.8), (0.2, 0.65), (-0.2, 0.65)], (150, 32, 36))
    canvas.disc(0.0, 1.8, 0.19, (120, 26, 30), 0.06)
    canvas.disc(0.0, 0.65, 0.2, (120, 26, 30), 0.06)
    canvas.rect(-0.19, 1.55, 0.19, 1.5, (30, 30, 34))
    canvas.rect(-0.2, 1.0, 0.2, 0.95, (30, 30, 34))


_GYM_FIXTURES = {
    "platform": _platform,
    "squat rack": _rack,
    "exercise mat": _mats,
    "pull-up bar": _bar,
    "punching bag": _bag,
}


def pool(canvas: Canvas, fixture: str) -> None:
    """A swimming hall: tiles, windows, flags, water with lane ropes."""
    rng = canvas.rng
    wall = [(198, 214, 218), (222, 214, 196), (150, 180, 196)][rng.integers(3)]
    canvas.shade(TOP, 1.0, times(wall, 0.95), wall)
    for x in np.arange(LEFT + rng.uniform(0, 2), RIGHT, 3.2):
        canvas.shade_rect(x, 4.6, x + 2.3, 2.3, (226, 240, 250), (186, 214, 226))
        canvas.line(x + 1.15, 4.6, x + 1.15, 2.3, 0.06, (120, 130, 136))
    if rng.random() < 0.5:
        canvas.crowd(2.3, 1.35, (70, 100, 130), filled=float(rng.uniform(0.2, 0.7)))
    canvas.rect(LEFT, 1.35, RIGHT, 0.8, times(wall, 0.85))
    for x in np.arange(LEFT, RIGHT, 0.3):
        canvas.line(x, 1.35, x, 0.8, 0.015, times(wall, 0.75))
    for index, x in enumerate(np.arange(LEFT, RIGHT, 0.4)):
        color = [(210, 50, 50), (245, 245, 245), (40, 90, 180)][index % 3]
        canvas.poly([(x, 3.0), (x + 0.3, 3.0), (x + 0.15, 2.75)], color)
    water = [(44, 148, 196), (60, 172, 200), (32, 118, 178)][rng.integers(3)]
    canvas.shade(0.8, BOTTOM, times(water, 1.12), times(water, 0.8))
    canvas.grain(0.8, BOTTOM, 10.0, 0.09, 6.0)
    for y in (0.55, 0.2, -0.55, -1.3):
        for index, x in enumerate(np.arange(LEFT, RIGHT, 0.25)):
            canvas.disc(x, y, 0.11, [(214, 56, 48), (244, 244, 244)][index // 3 % 2], 0.05)
    if fixture == "swimming lanes":
        return
    tile = (212, 214, 210)
    canvas.poly([(LEFT, 0.8), (-0.1, 0.8), (0.0, BOTTOM), (LEFT, BOTTOM)], times(tile, 0.8))
    canvas.poly([(LEFT, 0.8), (-0.1, 0.8), (0.0, 0.0), (LEFT, 0.0)], tile)
    for y in np.arange(0.0, 0.8, 0.16):
        canvas.line(LEFT, y, -0.05, y, 0.012, times(tile, 0.85))
    canvas.line(-0.02, 0.8, 0.0, BOTTOM, 0.1, (60, 90, 140))
    if fixture == "diving board":
        canvas.rect(-4.4, 2.1, -3.9, 0.2, (150, 156, 164))
        canvas.rect(-2.0, 2.05, -1.7, 0.2, (150, 156, 164))
        for y in np.arange(0.4, 2.1, 0.25):
            canvas.line(-4.9, y, -4.4, y, 0.04, (190, 194, 200))
        canvas.line(-4.9, 0.2, -4.9, 3.1, 0.05, (190, 194, 200))
        canvas.line(-4.9, 3.1, -2.2, 3.1, 0.05, (190, 194, 200))
        canvas.line(-4.6, 2.14, 0.05, 2.16, 0.1, (236, 238, 240))
        canvas.line(-4.6, 2.1, 0.05, 2.11, 0.04, (70, 110, 170))
    else:
        for x in (-0.9,):
            canvas.rect(x, 0.7, x + 0.5, 0.25, (236, 236, 236))
            canvas.rect(x, 0.75, x + 0.5, 0.7, (40, 90, 170))
