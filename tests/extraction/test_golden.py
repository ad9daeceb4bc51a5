"""Frame counts, times and grids against features that another program made of a real video (video_features).

That program leaves a last, partial stack out, where we pad it: ours have one row more. Its times are those at which a
stack ends.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from weaktal.timeline import SnippetGrid
from weaktal.video.decoding import VideoFrames

VIDEO = "v_GGSY1Qvo990.mp4"
STACKS = {  # name of the files: frames a second (None is the file's own), stack, step
    "i3d_None_raft_24_24_25": (25.0, 24, 24),
    "i3d_None_raft_24_12_15": (15.0, 24, 12),
    "i3d_None_raft_None_None_None": (None, 64, 64),
}


@pytest.fixture(scope="module")
def golden(shared_data: Path) -> Path:
    folder = shared_data / "golden"
    if not folder.is_dir():
        pytest.skip("needs the folder golden")
    return folder


def test_every_frame_once(golden: Path) -> None:
    theirs = np.load(golden / "clip_ViT-B_32_128_None_timestamps_ms.npy") / 1000
    ours = [frame.seconds for frame in VideoFrames(golden / VIDEO, threads=1)]
    assert len(ours) == len(theirs) == 355
    assert np.abs(np.array(ours) - theirs).max() < 0.06  # their times assume a constant rate: one frame at most


def test_five_frames_a_second(golden: Path) -> None:
    theirs = np.load(golden / "clip_ViT-B_32_1_5_timestamps_ms.npy") / 1000
    ours = [frame.seconds for frame in VideoFrames(golden / VIDEO, fps=5.0, threads=1)]
    assert len(ours) - len(theirs) in (0, 1)
    assert np.allclose(ours[: len(theirs)], theirs)


@pytest.mark.parametrize("name", STACKS)
def test_stacks(golden: Path, name: str) -> None:
    fps, window, stride = STACKS[name]
    theirs = np.load(golden / f"{name}_timestamps_ms.npy") / 1000
    video = VideoFrames(golden / VIDEO, fps=fps, threads=1)
    frames = sum(1 for _ in video)
    rate = fps or float(np.load(golden / f"{name}_fps.npy").ravel()[0])
    grid = SnippetGrid(rate, window, stride)
    assert grid.count(frames / rate) - len(theirs) in (0, 1)
    ends = grid.centers(len(theirs)) + window / 2 / rate
    assert np.allclose(ends, theirs, atol=0.01)
    assert len(np.load(golden / f"{name}_rgb.npy")) == len(theirs)
