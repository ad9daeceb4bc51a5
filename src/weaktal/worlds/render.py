"""Frames of a planned video, and the file that they become."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from weaktal.arrays import Pixels
from weaktal.worlds.action import FPS
from weaktal.worlds.script import VideoPlan
from weaktal.worlds.stage import Stage


def frames(plan: VideoPlan, size: tuple[int, int] = (320, 180)) -> Iterator[Pixels]:
    """All frames of a video in order, each (height, width, 3) uint8 RGB; the same plan gives the same frames.

    Args:
        plan: see :func:`weaktal.worlds.script.plan_video`.
        size: (width, height), pixels.
    """
    for shot in plan.shots:
        stage = Stage(shot, size)
        for index in range(shot.frames):
            yield stage.frame(index)


def write_video(path: Path, plan: VideoPlan, size: tuple[int, int] = (320, 180)) -> None:
    """Writes H.264 in yuv420p at 25 frames a second.

    Args:
        path: the file to write.
        plan: what it shows.
        size: (width, height), both even.
    """
    import av
    import cv2

    from weaktal.video.encoding import encoding

    # Nearly as fast as the fastest preset; a better entropy coder and smarter macroblocks make files half as large.
    options = {"preset": "superfast", "crf": "27", "g": "50", "x264-params": "weightp=0:me=dia:subme=0"}
    with encoding(path, fps=FPS, width=size[0], height=size[1], options=options) as add:
        for image in frames(plan, size):
            # OpenCV converts faster than PyAV.
            planes: Pixels = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420), dtype=np.uint8)
            add(av.VideoFrame.from_ndarray(planes, format="yuv420p"))
