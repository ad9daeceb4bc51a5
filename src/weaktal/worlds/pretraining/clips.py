"""Trimmed clips of the rendered world with their optical flow, at the size that the network sees, kept on disk.

A clip is rendered at full size and then treated as ``weaktal extract`` treats the frames of a video.

Shapes: N clips, T frames, H x W = 64 x 112 pixels.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from weaktal.encoders.world.small3d import HEIGHT, WIDTH, WINDOW
from weaktal.files import replacing_folder
from weaktal.processes import worker_pool
from weaktal.worlds.pretraining.provenance import cache_key

FRAMES = WINDOW + 8  # a training window begins up to four frames before or after the middle one


@dataclass(frozen=True, slots=True)
class Clips:
    """Trimmed clips.

    Attributes:
        rgb: (N, T, H, W, 3), bytes.
        flow: (N, T, H, W, 2), float16, [-1, 1] for 20 pixels; to the next frame, the last one repeated.
        labels: (N,) int64, places in ``classes``.
        classes: names.
    """

    rgb: npt.NDArray[np.uint8]
    flow: npt.NDArray[np.float16]
    labels: npt.NDArray[np.int64]
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)


def small(frames: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float16]]:
    """Frames (T, h, w, 3) of any size as the network sees them: RGB (T, H, W, 3) and flow (T, H, W, 2)."""
    from weaktal.encoders.world.build import FLOW_METHOD, SIGHT
    from weaktal.extraction.feeds import FlowFeed, RgbFeed, Workers
    from weaktal.video.flow import flow_method

    count = len(frames)
    feeds = (
        RgbFeed(count, count, "center", SIGHT),
        FlowFeed(count, count, "center", flow_method(FLOW_METHOD), Workers(1), SIGHT),
    )
    rgb, flow = ([*feed.push(list(frames)), *feed.finish()][0][0] for feed in feeds)  # (C, T, H, W) each
    return (
        np.ascontiguousarray(rgb.permute(1, 2, 3, 0).numpy()),
        flow.permute(1, 2, 3, 0).numpy().astype(np.float16),
    )


def _render(job: tuple[str, int]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float16]]:
    import cv2
    import torch

    from weaktal.worlds.clip import render_clip

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    action, seed = job
    return small(render_clip(action, seed, FRAMES))


def rendered_clips(
    classes: Sequence[str],
    per_class: int,
    first_seed: int,
    scratch: Path,
    *,
    workers: int = 2,
    say: Callable[[str], None] = print,
) -> Clips:
    """Clips of each class, rendered now or taken from ``scratch``, which holds them as ordinary ``.npy`` files.

    Args:
        classes: actions of the world.
        per_class: clips of each.
        first_seed: clip i of all has seed ``first_seed`` + i.
        scratch: folder to keep them in; a changed renderer makes new ones.
        workers: processes that render.
        say: gets lines of progress.
    """
    settings = json.dumps([list(classes), per_class, first_seed, FRAMES, HEIGHT, WIDTH])
    folder = scratch / f"clips-{first_seed}-{cache_key(settings)}"
    labels = np.repeat(np.arange(len(classes), dtype=np.int64), per_class)
    if not folder.exists():
        jobs = [(classes[label], first_seed + index) for index, label in enumerate(labels.tolist())]
        with replacing_folder(folder) as temporary, worker_pool(workers) as pool:
            shape = (len(jobs), FRAMES, HEIGHT, WIDTH)
            rgb = np.lib.format.open_memmap(temporary / "rgb.npy", "w+", np.uint8, (*shape, 3))
            flow = np.lib.format.open_memmap(temporary / "flow.npy", "w+", np.float16, (*shape, 2))
            for index, (seen, moved) in enumerate(pool.map(_render, jobs, chunksize=8)):
                rgb[index], flow[index] = seen, moved
                if (index + 1) % 200 == 0:
                    say(f"{index + 1} of {len(jobs)} clips rendered")
            rgb.flush()
            flow.flush()
    return Clips(
        np.load(folder / "rgb.npy", mmap_mode="r"), np.load(folder / "flow.npy", mmap_mode="r"), labels, tuple(classes)
    )
