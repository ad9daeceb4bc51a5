"""Colours and their change as features: an encoder without weights, for scenes that differ in light, turf or water.

A snippet's feature has 64 columns for its colours, four levels of red, green and blue each, and 8 for how much its
pixels change from one frame to the next. Both are histograms under a square root, so that the dot product of two
features tells how alike they are (Hellinger).
"""

from __future__ import annotations

import torch
from torch import Tensor

from weaktal.encoders.diet import Kind, Whole
from weaktal.encoders.networks import Precision, SnippetEncoder
from weaktal.encoders.weights_choice import WeightsChoice

LEVELS, CHANGES = 4, 8


class ColourHistogram:
    """What weaktal calls a network: clips of one kind in, features out."""

    kind: Kind = "rgb"  # RGB clips; "image" would be the middle frame alone, "flow" optical flow
    dim = LEVELS**3 + CHANGES

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def encode(self, clips: Tensor) -> Tensor:
        """Clips (B, 1, 3, T, H, W), bytes, as (B, 72), float32, on the CPU."""
        clips = clips[:, 0].to(self._device)  # (B, 3, T, H, W)
        red, green, blue = (clips.long() * LEVELS // 256).unbind(dim=1)  # each (B, T, H, W)
        colours = (red * LEVELS + green) * LEVELS + blue
        step = clips.short().diff(dim=2).abs().amax(dim=1)  # (B, T - 1, H, W), 0 to 255
        changes = (step.float() + 1).log2().long().clamp(max=CHANGES - 1)  # 0, 1 to 2, 3 to 6, ...
        parts = [histogram(colours, LEVELS**3), histogram(changes, CHANGES)]
        return torch.cat(parts, dim=1).sqrt().cpu()


def histogram(numbers: Tensor, bins: int) -> Tensor:
    """Shares (B, bins) of the numbers 0 to ``bins - 1`` in each row of a batch (B, ...)."""
    flat = numbers.flatten(1)  # (B, N)
    counts = torch.zeros(len(flat), bins, device=flat.device)
    counts.scatter_add_(1, flat, torch.ones_like(flat, dtype=counts.dtype))
    return counts / max(1, flat.shape[1])


def build(*, name: str, weights: WeightsChoice, device: torch.device, precision: Precision) -> SnippetEncoder:
    """What the entry point names. There are no weights, and there is nothing to round."""
    del weights, precision
    return SnippetEncoder(
        name=name,
        networks=(ColourHistogram(device),),
        # Whatever tells how the numbers came to be goes into the manifest; another version must say something else.
        provenance={"snippet": "all frames of the window", "feature": "colours and changes, Hellinger", "version": 1},
        sight=Whole(height=48, width=64),  # the whole frame, squeezed; without it 224 x 224 pixels are cut out
        batch=16,
    )
