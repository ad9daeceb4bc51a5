"""Trimmed clips of one action, cut as datasets of trimmed clips are."""

from __future__ import annotations

import numpy as np

from weaktal.arrays import Pixels
from weaktal.worlds.action import FPS, perform
from weaktal.worlds.actions import ACTIONS
from weaktal.worlds.casting import action_shot
from weaktal.worlds.people import beat_of
from weaktal.worlds.shot import Beat
from weaktal.worlds.stage import Stage


def render_clip(action: str, seed: int, frames: int, fps: float = 25.0, size: tuple[int, int] = (320, 180)) -> Pixels:
    """A trimmed clip of an action, its window laid around the peak.

    Clips that people cut to show an action, as Kinetics' ten seconds around a telling moment, are centered on it: of
    the run-up and the recovery little is left. So the window's middle lies in the peak, normally distributed about
    its middle with a quarter of the peak's length as standard deviation, and is no longer than asked for.

    Args:
        action: one of ACTIONS.
        seed: the same seed gives the same frames.
        frames: T.
        fps: frames a second.
        size: (width, height).

    Returns:
        (T, height, width, 3) uint8 RGB.
    """
    rng = np.random.default_rng([seed, 71])
    beat = beat_of(action, seed)
    run_up, peak, _ = perform(ACTIONS[action], seed).frames
    middle = run_up + peak * float(np.clip(rng.normal(0.5, 0.25), 0.05, 0.95))
    step = FPS / fps
    before = max(0, int(np.ceil(frames * step / 2 - middle))) + 1
    after = max(0, int(np.ceil(middle + frames * step / 2 - beat.frames))) + 1
    idle = "stand" if before < 40 else "walk"
    stage = Stage(action_shot(action, seed, (Beat(idle, before), beat, Beat("stand", after))), size)
    start = before + middle - frames * step / 2
    wanted = np.clip(np.round(start + np.arange(frames) * step), 0, stage.shot.frames - 1)
    return np.stack([stage.frame(int(index)) for index in wanted])
