from __future__ import annotations

import numpy as np
import pytest
import torch

from weaktal.encoders.world.shipped import Stream
from weaktal.encoders.world.small3d import HEIGHT, WIDTH, WINDOW
from weaktal.worlds.pretraining.classification import Fit, accuracy, draw, train_stream
from weaktal.worlds.pretraining.clips import FRAMES, Clips, small


def made_up(count: int, seed: int) -> Clips:
    """Class 0 rises, class 1 falls: bright bars that move up or down, which mirroring leaves alone."""
    rng = np.random.default_rng(seed)
    rgb = rng.integers(0, 60, (count, FRAMES, HEIGHT, WIDTH, 3), dtype=np.uint8)
    flow = rng.normal(0, 0.01, (count, FRAMES, HEIGHT, WIDTH, 2)).astype(np.float16)
    labels = np.arange(count, dtype=np.int64) % 2
    for clip, label in enumerate(labels):
        step = 2 if label else -2
        top = int(rng.integers(HEIGHT))
        for t in range(FRAMES):
            rows = (top + t * step + np.arange(12)) % HEIGHT
            rgb[clip, t, rows] = 220
            flow[clip, t, rows, :, 1] = step / 20
    return Clips(rgb, flow, labels, ("rises", "falls"))


FIT = Fit(updates=25, batch=8, rate=3e-3, decay=0.0, seed=0)


@pytest.mark.parametrize("stream", ["rgb", "flow"])
def test_training_tells_directions_apart(stream: Stream) -> None:
    model, log = train_stream(made_up(16, seed=0), stream, FIT, say=lambda _line: None)
    assert log[-1]["loss"] < 0.65  # chance is 0.69
    assert accuracy(model, made_up(12, seed=1), stream).mean > 0.9


def test_mirroring_turns_horizontal_motion_round() -> None:
    clips = made_up(2, seed=0)
    clips.flow[:] = 0
    clips.flow[..., :10, 0] = 0.5  # the left edge moves right
    drawn = draw(clips, "flow", [0] * 32, torch.Generator().manual_seed(0))
    assert drawn.shape == (32, 2, WINDOW, HEIGHT, WIDTH)
    left = drawn[:, 0, 0, 0, 0] != 0
    assert 0 < left.sum() < 32
    assert (drawn[left][:, 0, ..., :10] == 0.5).all()
    assert (drawn[~left][:, 0, ..., -10:] == -0.5).all()


def test_small_is_what_extraction_feeds() -> None:
    """A bright square that moves right by two pixels of the small picture a frame."""
    frames = np.full((6, 180, 320, 3), 40, dtype=np.uint8)
    texture = np.random.default_rng(0).integers(100, 255, (60, 80, 1), dtype=np.uint8)
    for t, frame in enumerate(frames):
        frame[60:120, 100 + 6 * t : 180 + 6 * t] = texture
    rgb, flow = small(frames)
    assert rgb.shape == (6, HEIGHT, WIDTH, 3)
    assert flow.shape == (6, HEIGHT, WIDTH, 2)
    inside = flow[0, 25:38, 40:58, 0].astype(np.float32) * 20
    assert np.median(inside) == pytest.approx(6 * WIDTH / 320, abs=0.4)
    assert (flow[-1] == flow[-2]).all()
