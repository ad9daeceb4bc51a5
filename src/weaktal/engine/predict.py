"""A trained method's scores for whole videos."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from weaktal.arrays import Floats32
from weaktal.devices import choose_device
from weaktal.engine.batch import VideoSet
from weaktal.engine.method import Method


@torch.no_grad()
def predict(
    method: Method, videos: VideoSet, *, branch: str | None = None, batch_size: int = 8, device: str = "auto"
) -> Iterator[tuple[str, Floats32, Floats32]]:
    """Name, snippet scores (T, C) and video scores (C,) of each video, in [0, 1].

    Raises:
        InputError: if the device cannot be used.
    """
    chosen = torch.device(choose_device(device))
    method.module.to(chosen).eval()
    for batch in videos.whole(batch_size):
        snippets, whole = method.localize(batch.to(chosen), branch)
        for row, (name, length) in enumerate(zip(batch.videos, batch.lengths.tolist(), strict=True)):
            yield name, snippets[row, :length].float().cpu().numpy(), whole[row].float().cpu().numpy()
