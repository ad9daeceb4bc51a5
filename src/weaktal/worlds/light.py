"""Time of day, flicker and the noise of a camera, laid over finished frames."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from weaktal.arrays import Pixels
from weaktal.worlds.camera import smooth

# Gain of red, green and blue.
_TINTS = {
    "daylight": (1.0, 1.0, 1.0),
    "evening light": (1.02, 0.86, 0.7),
    "overcast light": (0.86, 0.89, 0.93),
    "floodlight": (0.8, 0.86, 1.0),
    "dim light": (0.66, 0.64, 0.62),
}
_NOISES = 4


@dataclass(frozen=True, slots=True)
class Light:
    """Tables (levels, 256, 1, 3), which of them each frame takes, and the noise to add and take away."""

    tables: Pixels
    level: npt.NDArray[np.int64]
    noise: tuple[Pixels, ...]

    def shine(self, image: Pixels, index: int) -> Pixels:
        """The frame in this light."""
        import cv2

        lit = np.asarray(cv2.LUT(image, self.tables[self.level[index]]), dtype=np.uint8)
        if self.noise:
            cv2.add(lit, self.noise[index % _NOISES], lit)
            cv2.subtract(lit, self.noise[(index * 3 + 1) % _NOISES], lit)
        return lit


def light_of(name: str, seed: int, frames: int, size: tuple[int, int]) -> Light:
    """The light of a shot: its tint, slow clouds before the sun, and noise that is stronger in dim light."""
    rng = np.random.default_rng([seed, 53])
    gains = np.linspace(0.86, 1.08, 12)
    tint = np.array(_TINTS[name]) * rng.uniform(0.94, 1.04, 3)
    ramp = np.arange(256)[None, :, None, None]
    tables = np.clip(ramp * gains[:, None, None, None] * tint + 2, 0, 255).astype(np.uint8)
    cloud = smooth(rng.normal(size=(frames + 1, 1)), 60)[:frames, 0]
    cloud = cloud / (np.abs(cloud).max() + 1e-9) * rng.choice([0.1, 0.5, 1.0])
    level = np.clip(np.round(5.5 + 5.5 * cloud), 0, 11).astype(np.int64)
    strength = 4 if name == "dim light" else int(rng.integers(1, 3))
    return Light(tables, level, _noise(size, strength))


@lru_cache(maxsize=8)
def _noise(size: tuple[int, int], strength: int) -> tuple[Pixels, ...]:
    rng = np.random.default_rng(7)
    return tuple(rng.integers(0, strength + 1, (size[1], size[0], 3), dtype=np.uint8) for _ in range(_NOISES))
