r"""Regularizer of the snippet scores (MMSD, Huang et al., TIP 2022; settings from the released code).

With the snippet scores :math:`p = \sigma(s)`, the tags :math:`y`, to which the background (index :math:`C + 1`) always
belongs, and :math:`m_c`, :math:`M_c` the means of the :math:`k = \max(1, \lfloor T / r \rfloor)` smallest and largest
:math:`p_{tc}` over time, the loss of a video is

.. math:: \sum_{c: y_c = 1} (m_c - M_c) - \tfrac1T \sum_t \Big| \max_{c \le C, y_c = 1} p_{tc} - p_{t, C+1} \Big| .

The first part spreads the scores of a class over time; the second keeps action and background apart in each snippet.
"""

from __future__ import annotations

import torch
from torch import Tensor


def top_mean(scores: Tensor, mask: Tensor, ratio: float) -> Tensor:
    """Mean of each video's k largest scores, where k is its own true length over ``ratio``, rounded down, at least 1.

    Args:
        scores: (..., B, T, K).
        mask: (B, T) bool.
        ratio: snippets for one of the k.

    Returns:
        (..., B, K).
    """
    counts = (mask.sum(dim=1) / ratio).long().clamp_min(1)  # (B,)
    longest = int(counts.max())
    hidden = scores.masked_fill(~mask.unsqueeze(-1), -torch.inf)
    largest = hidden.topk(longest, dim=-2).values  # (..., B, k, K)
    kept = torch.arange(longest, device=mask.device) < counts.unsqueeze(1)  # (B, k)
    # Not a product with the mask: where a video has fewer than k snippets the values are infinite.
    largest = torch.where(kept.unsqueeze(-1), largest, 0.0)
    return largest.sum(dim=-2) / counts.unsqueeze(1)


def temporal_contrast(scores: Tensor, labels: Tensor, mask: Tensor, *, ratio: float) -> Tensor:
    """Mean of the smallest scores minus mean of the largest, summed over the tagged classes.

    Args:
        scores: (..., B, T, K).
        labels: (B, K), 1 for each tag.
        mask: (B, T) bool.
        ratio: the share of snippets that counts as smallest or largest is one in ``ratio``.

    Returns:
        (..., B).
    """
    smallest = -top_mean(-scores, mask, ratio)
    return ((smallest - top_mean(scores, mask, ratio)) * labels).sum(dim=-1)


def background_separation(scores: Tensor, labels: Tensor, mask: Tensor) -> Tensor:
    """Minus the mean distance, over snippets, between the best tagged action and the background.

    Args:
        scores: (..., B, T, C+1) in [0, 1], the background last.
        labels: (B, C), 1 for each tag.
        mask: (B, T) bool.

    Returns:
        (..., B).
    """
    action = (scores[..., :-1] * labels.unsqueeze(1)).amax(dim=-1)  # (..., B, T)
    distance = (action - scores[..., -1]).abs() * mask
    return -distance.sum(dim=-1) / mask.sum(dim=-1)
