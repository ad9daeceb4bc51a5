"""Frames of a planned video, and the file that they become."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from weaktal.world.action import FPS
from weaktal.world.script import VideoPlan
from weaktal.world.stage import Stage

Image = npt.NDArray[np.uint8]


def frames(plan: VideoPlan, size: tuple[int, int] = (320, 180)) -> Iterator[Image]:
    """All frames of a video in order, each (height, width, 3) uint8 RGB; the same plan gives the same frames.

    Args:
        plan: see :func:`weaktal.world.script.plan_video`.
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

    # One thread a file: files are written side by side. The fastest preset: what is drawn here compresses well anyway.
    options = {"preset": "ultrafast", "crf": "27", "threads": "1", "g": "50"}
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FPS, options=options)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for image in frames(plan, size):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
