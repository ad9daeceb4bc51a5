"""Athletics track, football pitch, tennis court, golf course and beach."""

from __future__ import annotations

import numpy as np

from weaktal.worlds.backdrop import BOTTOM, LEFT, RIGHT, TOP, Canvas, Color, times

_ADS: tuple[Color, ...] = ((24, 60, 150), (190, 30, 40), (240, 240, 240), (250, 200, 40), (20, 110, 70), (30, 30, 36))


def sky(canvas: Canvas, horizon: float) -> None:
    """Blue, hazy or evening sky with clouds."""
    rng = canvas.rng
    kind = rng.choice(3, p=[0.55, 0.3, 0.15])
    above, below = [
        ((84, 148, 222), (196, 222, 242)),
        ((168, 182, 196), (216, 222, 228)),
        ((92, 104, 168), (246, 186, 132)),
    ][kind]
    canvas.shade(TOP, horizon, above, below)
    for _ in range(int(rng.integers(3, 9))):
        x, y = rng.uniform(LEFT, RIGHT), rng.uniform(horizon + 1.0, TOP)
        for _ in range(5):
            tone = int(rng.integers(226, 252))
            color = (tone, tone, min(255, tone + 4))
            canvas.disc(
                x + rng.normal(0, 0.9), y + rng.normal(0, 0.1), rng.uniform(0.4, 1.1), color, rng.uniform(0.08, 0.22)
            )
    canvas.soften(TOP, horizon, 5.0)


def trees(canvas: Canvas, foot: float, height: float, step: float = 0.7) -> None:
    """A row of trees before a hedge."""
    rng = canvas.rng
    canvas.shade(foot + height * 0.45, foot, (40, 78, 40), (30, 60, 32))
    for x in np.arange(LEFT, RIGHT, step):
        tall = height * rng.uniform(0.6, 1.1)
        green = int(rng.integers(70, 120))
        color = (int(green * 0.5), green, int(green * 0.42))
        for _ in range(3):
            canvas.disc(
                x + rng.normal(0, 0.3), foot + tall * rng.uniform(0.4, 0.9), rng.uniform(0.35, 0.7), color, tall * 0.4
            )
    canvas.soften(foot + height * 1.6, foot, 1.2)


def stands(canvas: Canvas, foot: float, top: float) -> None:
    """A stadium's stand: roof, spectators, a wall of advertisements."""
    rng = canvas.rng
    seat = [(70, 84, 120), (150, 60, 60), (96, 100, 104), (60, 110, 96)][rng.integers(4)]
    canvas.crowd(top, foot + 0.75, seat, filled=float(rng.uniform(0.35, 0.95)))
    canvas.soften(top, foot + 0.7, 0.8)
    if rng.random() < 0.6:
        canvas.rect(LEFT, top + 0.5, RIGHT, top, (206, 210, 216))
        for x in np.arange(LEFT + rng.uniform(0, 4), RIGHT, 5.5):
            canvas.rect(x, top, x + 0.14, foot + 0.7, (150, 154, 160))
    advertisements(canvas, foot, foot + 0.75)


def advertisements(canvas: Canvas, foot: float, top: float) -> None:
    """Boards in bright colors with shapes on them."""
    rng = canvas.rng
    x = LEFT
    while x < RIGHT:
        wide = rng.uniform(2.0, 4.0)
        back, mark = rng.choice(len(_ADS), 2, replace=False)
        canvas.rect(x, top, x + wide - 0.05, foot, times(_ADS[back], 0.85))
        for place in np.linspace(x + 0.4, x + wide - 0.5, 5):
            half = (top - foot) * rng.uniform(0.15, 0.3)
            middle = (top + foot) / 2
            canvas.rect(place, middle + half, place + rng.uniform(0.12, 0.3), middle - half, _ADS[mark])
        x += wide


def grass(canvas: Canvas, high: float, low: float, stripes: bool = False) -> None:
    """A lawn."""
    rng = canvas.rng
    base = int(rng.integers(112, 150))
    canvas.shade(
        high, low, (int(base * 0.5), base, int(base * 0.38)), (int(base * 0.44), int(base * 0.86), int(base * 0.32))
    )
    if stripes:
        for index, x in enumerate(np.arange(LEFT - 4, RIGHT + 4, 2.6)):
            if index % 2:
                color = (int(base * 0.42), int(base * 0.9), int(base * 0.32))
                canvas.poly([(x, high), (x + 2.6, high), (x + 4.0, low), (x + 1.4, low)], color)
    canvas.grain(high, low, 7.0, 0.05, 2.0)


def track(canvas: Canvas, fixture: str) -> None:
    """A stadium: stand, infield, red lanes in front."""
    sky(canvas, 3.2)
    stands(canvas, 1.35, float(canvas.rng.uniform(3.4, 4.6)))
    grass(canvas, 1.35, 0.55)
    if fixture in ("throwing sector", "throwing circle", "throwing cage"):
        grass(canvas, 0.55, BOTTOM)
        for spread in (0.5, 0.2, -0.6):
            canvas.line(1.0, 0.1, RIGHT, spread, 0.05, (240, 240, 240))
    else:
        red = [(176, 74, 56), (168, 62, 62), (60, 96, 150)][canvas.rng.choice(3, p=[0.55, 0.3, 0.15])]
        canvas.shade(0.55, BOTTOM, red, times(red, 0.85))
        canvas.grain(0.55, BOTTOM, 6.0)
        for y in (0.5, 0.22, -0.2, -0.75, -1.45, -2.3):
            canvas.line(LEFT, y, RIGHT, y, 0.04, (236, 232, 228))
    _TRACK_FIXTURES.get(fixture, _nothing)(canvas)


def _nothing(canvas: Canvas) -> None:
    """No fixture."""


def _mat(canvas: Canvas, x0: float, x1: float, top: float) -> None:
    blue = [(40, 84, 170), (34, 110, 150), (150, 44, 52)][canvas.rng.integers(3)]
    canvas.poly([(x0, top), (x1, top), (x1 + 0.3, top + 0.3), (x0 + 0.3, top + 0.3)], times(blue, 1.3))
    canvas.rect(x0, top, x1, -0.08, blue)
    canvas.rect(x0, top - 0.12, x1, top - 0.17, (230, 230, 235))
    canvas.line(x0, -0.08, x1, -0.08, 0.06, times(blue, 0.6))


def _bar(canvas: Canvas, height: float) -> None:
    """A crossbar: uprights before and behind, the bar between them, seen nearly along it."""
    for x, foot in ((0.32, 0.35), (-0.32, -0.25)):
        canvas.line(x, foot, x, height + 0.35 + foot * 0.4, 0.06, (224, 226, 230))
        canvas.line(x - 0.25, foot, x + 0.25, foot, 0.08, (90, 94, 100))
    canvas.line(-0.32, height - 0.08, 0.32, height + 0.12, 0.055, (244, 230, 60))
    canvas.line(-0.1, height - 0.02, 0.1, height + 0.05, 0.055, (30, 30, 30))


def _high_jump(canvas: Canvas) -> None:
    _mat(canvas, 0.2, 3.4, 0.55)
    _bar(canvas, 1.55)


def _pole_vault(canvas: Canvas) -> None:
    _mat(canvas, -0.4, 4.6, 0.75)
    _bar(canvas, 3.0)
    canvas.poly([(-1.6, 0.03), (-0.7, 0.03), (-0.75, -0.07), (-1.5, -0.07)], (60, 60, 64))


def _sand_pit(canvas: Canvas) -> None:
    canvas.poly([(1.5, 0.32), (9.5, 0.32), (9.2, -0.5), (1.2, -0.5)], (224, 198, 148))
    canvas.grain(0.32, -0.5, 7.0)
    canvas.poly([(1.5, 0.36), (9.5, 0.36), (9.5, 0.31), (1.5, 0.31)], (240, 240, 240))
    canvas.poly([(1.2, -0.48), (9.2, -0.48), (9.2, -0.56), (1.2, -0.56)], (240, 240, 240))
    canvas.poly([(-0.05, 0.22), (0.2, 0.22), (0.1, -0.2), (-0.15, -0.2)], (245, 245, 245))
    canvas.poly([(0.2, 0.22), (0.3, 0.22), (0.2, -0.2), (0.1, -0.2)], (210, 60, 40))


def _runway(canvas: Canvas) -> None:
    canvas.poly([(LEFT, 0.3), (0.9, 0.3), (0.9, -0.3), (LEFT, -0.3)], (176, 78, 60))
    canvas.line(LEFT, 0.3, 0.9, 0.3, 0.04, (240, 240, 240))
    canvas.line(LEFT, -0.3, 0.9, -0.3, 0.04, (240, 240, 240))
    canvas.line(0.95, 0.4, 0.85, -0.4, 0.07, (245, 245, 245))


def _circle(canvas: Canvas) -> None:
    canvas.disc(-0.8, -0.02, 1.35, (235, 235, 235), 0.24)
    canvas.disc(-0.8, -0.02, 1.29, (178, 176, 172), 0.21)
    canvas.poly([(0.35, 0.1), (0.55, 0.08), (0.45, -0.14), (0.28, -0.12)], (250, 250, 250))


def _cage(canvas: Canvas) -> None:
    _circle(canvas)
    for x in (-3.2, -2.0, 0.4, 1.6):
        canvas.line(x, 0.4, x, 3.6, 0.06, (120, 126, 130))
    for x in np.arange(-3.2, 1.6, 0.16):
        canvas.line(x, 0.4, x, 3.6, 0.01, (110, 116, 120))
    for y in np.arange(0.45, 3.6, 0.16):
        canvas.line(-3.2, y, 1.6, y, 0.01, (110, 116, 120))


def _hurdles(canvas: Canvas) -> None:
    for x in (-7.0, 0.0, 7.0):
        for shift, foot in ((0.35, 0.45), (0.0, -0.05)):
            canvas.line(x + shift, foot, x + shift, foot + 0.8, 0.05, (60, 62, 66))
            canvas.line(x + shift - 0.45, foot, x + shift, foot, 0.05, (60, 62, 66))
        canvas.poly([(x - 0.02, 0.84), (x + 0.37, 1.3), (x + 0.37, 1.18), (x - 0.02, 0.7)], (245, 245, 245))
        canvas.poly([(x + 0.1, 0.98), (x + 0.22, 1.12), (x + 0.22, 1.0), (x + 0.1, 0.86)], (210, 40, 40))


def _lanes(canvas: Canvas) -> None:
    canvas.line(0.2, 0.5, -0.2, -0.75, 0.06, (245, 245, 245))
    for x, y in ((-0.75, -0.02), (-1.0, -0.02)):
        canvas.poly([(x, y + 0.16), (x + 0.12, y), (x - 0.08, y)], (230, 190, 40))
    canvas.rect(-1.2, 0.01, -0.5, -0.04, (90, 90, 96))


_TRACK_FIXTURES = {
    "high jump mat": _high_jump,
    "pole vault mat": _pole_vault,
    "sand pit": _sand_pit,
    "throwing sector": _runway,
    "throwing circle": _circle,
    "throwing cage": _cage,
    "hurdles": _hurdles,
    "lanes": _lanes,
}


def pitch(canvas: Canvas, fixture: str) -> None:
    """A football pitch with a stand or trees behind."""
    sky(canvas, 2.6)
    if canvas.rng.random() < 0.65:
        stands(canvas, 1.25, float(canvas.rng.uniform(3.2, 5.0)))
    else:
        trees(canvas, 1.2, 2.4)
        advertisements(canvas, 1.2, 1.6)
    grass(canvas, 1.25, BOTTOM, stripes=True)
    white = (240, 244, 240)
    if fixture == "goal":
        canvas.line(0.6, 0.95, 6.2, 0.95, 0.05, white)
        canvas.line(3.1, BOTTOM, 5.0, 1.2, 0.06, white)
        canvas.line(-1.6, -0.9, 4.2, -0.9, 0.06, white)
        canvas.disc(0.0, 0.0, 0.14, white, 0.05)
        net = (214, 218, 220)
        for share in np.linspace(0, 1, 12):
            low = (4.8 + share * 0.7, -0.45 + share * 1.25)
            canvas.line(3.7 + share * 0.9, -0.5 + share * 1.3, *low, 0.012, net)
            canvas.line(3.7 + share * 0.9, 1.95 + share * 0.35, *low, 0.012, net)
            canvas.line(4.6, 0.75 + share * 1.55, 5.5, 0.75 + share * 0.1, 0.012, net)
        canvas.line(3.7, -0.5, 3.7, 1.95, 0.11, (250, 250, 250))
        canvas.line(4.6, 0.75, 4.6, 2.3, 0.09, (250, 250, 250))
        canvas.line(3.7, 1.95, 4.6, 2.3, 0.1, (250, 250, 250))
    else:
        canvas.line(LEFT, -0.32, RIGHT, -0.32, 0.07, white)
        canvas.line(3.0, -0.32, 4.5, 1.2, 0.06, white)


def tennis(canvas: Canvas) -> None:
    """A hard, clay or grass court seen from the side."""
    rng = canvas.rng
    sky(canvas, 3.0)
    if rng.random() < 0.5:
        stands(canvas, 1.3, float(rng.uniform(3.0, 4.5)))
    else:
        trees(canvas, 1.4, 2.6)
        canvas.rect(LEFT, 2.4, RIGHT, 1.3, [(26, 74, 58), (30, 60, 110)][rng.integers(2)])
        for x in np.arange(LEFT, RIGHT, 2.4):
            canvas.rect(x, 2.6, x + 0.07, 1.3, (60, 70, 70))
    color = [(52, 98, 168), (188, 98, 60), (84, 150, 74), (60, 120, 96)][rng.integers(4)]
    around = [(60, 122, 84), (176, 88, 52), (76, 136, 66), (146, 72, 56)][rng.integers(4)]
    canvas.shade(1.3, BOTTOM, around, times(around, 0.9))
    canvas.poly([(0.9, 0.8), (RIGHT + 4, 0.8), (RIGHT + 4, -1.4), (-0.3, -1.4)], color)
    canvas.grain(1.3, BOTTOM, 4.0)
    white = (244, 244, 244)
    canvas.line(0.9, 0.8, -0.3, -1.4, 0.07, white)
    for y, x in ((0.8, 0.9), (0.58, 0.78), (-0.9, 0.0), (-1.4, -0.3)):
        canvas.line(x, y, RIGHT + 4, y, 0.05, white)
    canvas.line(5.2, 0.58, 4.4, -0.9, 0.05, white)
    for share in np.linspace(0, 1, 16):
        canvas.line(10.4 - share * 1.3, 0.95 - share * 2.4, 10.4 - share * 1.3, 1.75 - share * 2.3, 0.012, (40, 40, 44))
    canvas.line(10.4, 1.75, 9.1, -0.55, 0.08, white)


def golf(canvas: Canvas, fixture: str) -> None:
    """Fairway, bunkers, trees, a flag."""
    rng = canvas.rng
    sky(canvas, 2.0)
    hill = [(LEFT, 1.6)] + [(x, 1.9 + rng.normal(0, 0.3)) for x in np.arange(LEFT, RIGHT, 3.0)] + [(RIGHT + 1, 1.6)]
    canvas.poly([*hill, (RIGHT + 1, 1.0), (LEFT, 1.0)], (96, 140, 96))
    canvas.soften(2.8, 1.0, 2.0)
    trees(canvas, 1.2, float(rng.uniform(1.4, 3.0)), 1.0)
    grass(canvas, 1.3, BOTTOM)
    for _ in range(3):
        canvas.disc(rng.uniform(LEFT, RIGHT), rng.uniform(0.6, 1.1), rng.uniform(0.8, 1.8), (234, 216, 172), 0.12)
    if rng.random() < 0.4:
        canvas.disc(rng.uniform(-8, 8), 1.05, 3.0, (92, 142, 186), 0.13)
    base = (104, 178, 84)
    if fixture == "green":
        canvas.disc(1.0, -0.1, 7.5, base, 0.75)
        canvas.disc(3.1, 0.02, 0.09, (30, 40, 30), 0.03)
        canvas.line(3.1, 0.02, 3.1, 2.1, 0.03, (240, 240, 230))
        canvas.poly([(3.1, 2.1), (3.7, 1.93), (3.1, 1.75)], (220, 40, 40))
    else:
        canvas.poly([(-3.2, 0.35), (3.4, 0.35), (4.0, -0.7), (-3.8, -0.7)], base)
        canvas.grain(0.4, -0.7, 4.0)
        for x in (-2.8, 3.0):
            canvas.disc(x, -0.42, 0.09, (30, 60, 170))
        canvas.line(0.22, -0.02, 0.22, 0.03, 0.03, (230, 200, 140))
        canvas.line(10.5, 1.2, 10.5, 2.2, 0.03, (240, 240, 230))
        canvas.poly([(10.5, 2.2), (10.95, 2.05), (10.5, 1.9)], (220, 40, 40))


def beach(canvas: Canvas, fixture: str) -> None:
    """Sea, sand, parasols."""
    rng = canvas.rng
    sky(canvas, 1.9)
    canvas.shade(2.0, 1.2, (30, 96, 150), (84, 168, 190))
    for y in (1.75, 1.5, 1.3):
        for _ in range(12):
            x = rng.uniform(LEFT, RIGHT)
            canvas.line(x, y, x + rng.uniform(0.5, 2.5), y + rng.normal(0, 0.02), 0.03, (214, 234, 238))
    canvas.shade(1.2, BOTTOM, (236, 214, 168), (216, 186, 134))
    canvas.line(LEFT, 1.2, RIGHT, 1.17, 0.09, (246, 248, 246))
    canvas.grain(1.15, BOTTOM, 7.0, 0.06, 2.5)
    for _ in range(int(rng.integers(2, 6))):
        x, y = rng.uniform(LEFT, RIGHT), rng.uniform(0.65, 1.0)
        color = _ADS[rng.integers(len(_ADS))]
        canvas.line(x, y, x + 0.1, y + 1.3, 0.05, (220, 220, 220))
        canvas.poly(
            [(x - 0.85, y + 1.1), (x - 0.4, y + 1.48), (x + 0.1, y + 1.6), (x + 0.6, y + 1.48), (x + 1.05, y + 1.1)],
            color,
        )
        canvas.poly([(x - 0.2, y + 1.1), (x + 0.1, y + 1.6), (x + 0.4, y + 1.1)], (245, 245, 245))
        canvas.rect(x + 0.6, y + 0.03, x + 1.6, y - 0.07, _ADS[rng.integers(len(_ADS))])
    if fixture == "volleyball net":
        for share in np.linspace(0, 1, 9):
            canvas.line(
                -0.25 + share * 0.7, 1.3 + share * 0.35, -0.25 + share * 0.7, 2.2 + share * 0.35, 0.012, (60, 60, 66)
            )
        for share in np.linspace(0, 1, 6):
            canvas.line(-0.25, 1.3 + share * 0.9, 0.45, 1.65 + share * 0.9, 0.012, (60, 60, 66))
        canvas.line(-0.25, 2.22, 0.45, 2.57, 0.07, (240, 220, 60))
        canvas.line(-0.25, 1.3, 0.45, 1.65, 0.05, (240, 220, 60))
        canvas.line(-0.3, -0.6, -0.3, 2.35, 0.1, (70, 74, 84))
        canvas.line(0.5, 0.55, 0.5, 2.65, 0.08, (90, 94, 104))
        canvas.line(LEFT + 8, 0.45, RIGHT - 3, 0.45, 0.04, (40, 80, 170))
        canvas.line(LEFT + 8, -0.5, RIGHT - 3, -0.5, 0.05, (40, 80, 170))
