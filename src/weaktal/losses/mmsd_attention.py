r"""Regularizer of the snippet scores (MMSD, Huang et al., TIP 2022; settings from the released code).

With the snippet scores :math:`p = \sigma(s)`, the tags :math:`y`, to which the background (index :math:`C + 1`) always
belongs, and :math:`m_c`, :math:`M_c` the means of the :math:`k = \max(1, \lfloor T / r \rfloor)` smallest and largest
:math:`p_{tc}` over time, the loss of a video is

.. math:: \sum_{c: y_c = 1} (m_c - M_c) - \tfrac1T \sum_t \Big| \max_{c \le C, y_c = 1} p_{tc} - p_{t, C+1} \Big| .

The first part spreads the scores of a class over time; the second keeps action and background apart in each snippet.
"""

from __future__ import annotations

from torch import Tensor

from weaktal.losses.mil import mean_of_highest


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
    counts = (mask.sum(dim=1) / ratio).long().clamp_min(1)  # (B,), of each video's own length
    largest = mean_of_highest(scores, mask, counts)  # (..., B, K)
    smallest = -mean_of_highest(-scores, mask, counts)
    return ((smallest - largest) * labels).sum(dim=-1)


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
