from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.tiny_videos import write_talking_video

from weaktal.video.shots import Small, cuts


def changes(frames: Small) -> np.ndarray:
    """A judge that knows: a frame is the last of a shot where the next one is of another brightness."""
    means = frames.mean(axis=(1, 2, 3))
    return np.append(np.abs(np.diff(means)) > 50, False).astype(np.float64)


def test_cuts_lie_where_the_next_shot_begins(tmp_path: Path) -> None:
    video = write_talking_video(tmp_path / "v.mp4", [False, True, True, False], sound=False)
    assert cuts(video, changes) == pytest.approx((0.64, 1.92))
    assert cuts(write_talking_video(tmp_path / "one.mp4", [True], sound=False), changes) == ()
