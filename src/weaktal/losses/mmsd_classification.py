r"""Classification of whole videos by their tags (MMSD, Huang et al., TIP 2022; settings from the released code).

With the tags :math:`y \in \{0, 1\}^C` and :math:`\tilde y = [y, b] / \sum [y, b]`, where :math:`b` says whether the
pooled features are expected to hold background, the loss of a video with logits :math:`z` is

.. math:: -\sum_{c=1}^{C+1} \tilde y_c \log \mathrm{softmax}(z)_c .

Features pooled by the attention should hold none (:math:`b = 0`); features pooled by the scores of each class, the
background's among them, should (:math:`b = 1`).
"""

from __future__ import annotations

import torch
from torch import Tensor


def with_background(labels: Tensor, present: bool) -> Tensor:
    """Tags with a last column for the background, (B, C) to (B, C+1), filled with 1 if it is ``present``, else 0."""
    column = torch.full_like(labels[:, :1], float(present))
    return torch.cat([labels, column], dim=1)


def tag_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy against the tags scaled to sum 1, one value a video.

    Args:
        logits: (..., B, C+1).
        labels: (B, C+1), 1 for each tag; a video without any costs nothing.

    Returns:
        (..., B).
    """
    target = labels / labels.sum(dim=-1, keepdim=True).clamp_min(1.0)  # (B, C+1)
    return -(target * torch.log_softmax(logits, dim=-1)).sum(dim=-1)


def video_classification(
    attended_logits: Tensor,
    classwise_logits: Tensor,
    labels: Tensor,
    *,
    attended_weight: float,
    classwise_weight: float,
) -> Tensor:
    """Both video predictions against the tags, one value a video.

    Args:
        attended_logits: (..., B, C+1), of the features that the attention pools.
        classwise_logits: (..., B, C+1), of the features that each class pools for itself.
        labels: (B, C), 1 for each tag.
        attended_weight: of the first prediction.
        classwise_weight: of the second.

    Returns:
        (..., B).
    """
    attended = tag_cross_entropy(attended_logits, with_background(labels, present=False))
    classwise = tag_cross_entropy(classwise_logits, with_background(labels, present=True))
    return attended_weight * attended + classwise_weight * classwise
