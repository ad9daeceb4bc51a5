"""A trained method's scores for whole videos."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from weaktal.arrays import Floats32
from weaktal.engine.batch import VideoSet
from weaktal.engine.method import Method


def torch_device(name: str) -> torch.device:
    """What ``engine.device`` names; ``auto`` is the GPU where there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


@torch.no_grad()
def predict(
    method: Method, videos: VideoSet, *, branch: str | None = None, batch_size: int = 8, device: str = "auto"
) -> Iterator[tuple[str, Floats32, Floats32]]:
    """Name, snippet scores (T, C) and video scores (C,) of each video, in [0, 1]."""
    chosen = torch_device(device)
    method.module.to(chosen).eval()
    for batch in videos.whole(batch_size):
        snippets, whole = method.localize(batch.to(chosen), branch)
        for row, (name, length) in enumerate(zip(batch.videos, batch.lengths.tolist(), strict=True)):
            yield name, snippets[row, :length].float().cpu().numpy(), whole[row].float().cpu().numpy()
