"""Multiple-instance learning: video-level scores by top-k pooling, and their cross-entropy with the tags.

L_cls of Ju et al. 2023, section 3.2; top-k pooling as the field does it since W-TALC.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def top_k_counts(lengths: Tensor, divisor: int) -> Tensor:
    """k = ceil(T / divisor) for each video, at least 1. (B,) to (B,) int64."""
    return torch.clamp((lengths + divisor - 1) // divisor, min=1)


def top_k_mean(scores: Tensor, mask: Tensor, divisor: int) -> Tensor:
    """Mean of each class's k highest snippets, with k from each video's own length.

    Args:
        scores: (B, T, C).
        mask: (B, T) bool, false on padding, which is never among the highest.
        divisor: k = ceil(T / divisor).

    Returns:
        (B, C).
    """
    return mean_of_highest(scores, mask, top_k_counts(mask.sum(dim=1), divisor))


def mean_of_highest(scores: Tensor, mask: Tensor, counts: Tensor) -> Tensor:
    """Mean of each class's highest snippets, so many of them as each video says.

    Args:
        scores: (..., B, T, C).
        mask: (B, T) bool, false on padding, which is never among the highest.
        counts: (B,) int64, from 1 to the video's own length.

    Returns:
        (..., B, C).
    """
    largest = int(counts.max())
    padded = scores.masked_fill(~mask[:, :, None], float("-inf"))
    top = padded.topk(largest, dim=-2).values  # (..., B, k, C)
    taken = torch.arange(largest, device=scores.device) < counts[:, None]  # (B, k)
    return top.masked_fill(~taken[:, :, None], 0.0).sum(dim=-2) / counts[:, None]


def classification_loss(video_probabilities: Tensor, labels: Tensor) -> Tensor:
    """Binary cross-entropy of video-level probabilities (B, C) with tags (B, C), mean over both.

    -(y log p + (1 - y) log(1 - p)), each logarithm at least -100. A probability that is not a number gives a loss that
    is none, for the trainer to report, where PyTorch's own refuses to go on.
    """
    # Autocast refuses cross-entropy on half-precision probabilities, and it would be coarse there.
    with torch.autocast(device_type=video_probabilities.device.type, enabled=False):
        probabilities = video_probabilities.float()
        loss = functional.binary_cross_entropy(probabilities.nan_to_num(nan=0.5), labels.float())
        return loss + 0.0 * probabilities.sum()


def tag_entropy(labels: Tensor) -> Tensor:
    """What classification_loss is of probabilities that know how frequent each class is and nothing else.

    Args:
        labels: (B, C), tags of all videos.

    Returns:
        A number in nats, 0 where every video has the same tags.
    """
    share = labels.double().mean(dim=0)
    entropies: Tensor = torch.special.entr(share) + torch.special.entr(1 - share)
    return entropies.mean()
