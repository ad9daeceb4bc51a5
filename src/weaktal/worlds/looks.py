"""Who takes part: random people, and the words for them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from weaktal.worlds.backdrop import SKINS
from weaktal.worlds.figure import Color, Look

CLOTHES: dict[str, Color] = {
    "red": (200, 36, 40),
    "blue": (38, 78, 190),
    "green": (34, 140, 70),
    "yellow": (238, 204, 50),
    "white": (240, 240, 238),
    "black": (34, 34, 40),
    "orange": (236, 124, 36),
    "purple": (120, 56, 150),
    "pink": (236, 130, 170),
    "light blue": (120, 190, 232),
}
_HAIR: tuple[Color, ...] = ((30, 22, 18), (62, 40, 26), (104, 66, 36), (200, 164, 96), (150, 72, 34), (110, 108, 106))
_SHORTS: tuple[Color, ...] = ((30, 30, 36), (236, 236, 236), (30, 44, 100), (150, 30, 36), (70, 74, 82))
_SHOES: tuple[Color, ...] = ((240, 240, 240), (220, 60, 50), (40, 40, 44), (80, 200, 120), (250, 200, 40))


def random_look(rng: np.random.Generator, clothes: str = "sports") -> Look:
    """A person: ``clothes`` is "sports", "swim", "golf", "street" or "warm" (a tracksuit)."""
    woman = bool(rng.random() < 0.5)
    name = str(rng.choice(list(CLOTHES)))
    color = CLOTHES[name]
    skin = _color(SKINS[rng.integers(len(SKINS))])
    hair = _HAIR[rng.integers(len(_HAIR))]
    style = str(
        rng.choice(["tail", "long", "short"], p=[0.6, 0.2, 0.2])
        if woman
        else rng.choice(["short", "bald"], p=[0.88, 0.12])
    )
    shorts = _SHORTS[rng.integers(len(_SHORTS))]
    shoes = _SHOES[rng.integers(len(_SHOES))]
    sleeves, trousers = float(rng.choice([0.0, 0.35, 0.6])), float(rng.uniform(0.25, 0.8))
    who = "a woman" if woman else "a man"
    words = f"{who} in {'an' if name[0] in 'aeiou' else 'a'} {name} shirt"
    height = float(rng.normal(0.96 if woman else 1.02, 0.03))
    bulk = float(rng.normal(0.94 if woman else 1.08, 0.06))
    if clothes == "swim":
        words = f"{who} in {name} {'swimwear' if woman else 'swim trunks'}"
        return Look(
            words, skin, hair, color if woman else skin, color, skin, height, bulk, style, 0.0, 0.12 if woman else 0.45
        )
    if clothes in ("golf", "street"):
        trousers, sleeves = (
            (2.0, 0.7) if clothes == "golf" else (float(rng.choice([0.8, 2.0])), float(rng.choice([0.7, 2.0])))
        )
        style = "cap" if clothes == "golf" and rng.random() < 0.6 else style
    if clothes == "warm":
        trousers, sleeves, shorts = 2.0, 2.0, color
        words = f"{who} in {'an' if name[0] in 'aeiou' else 'a'} {name} tracksuit"
    return Look(words, skin, hair, color, shorts, shoes, height, bulk, style, sleeves, trousers)


def _color(values: npt.NDArray[np.int64]) -> Color:
    return (int(values[0]), int(values[1]), int(values[2]))
