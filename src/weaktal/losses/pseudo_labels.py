r"""Hard pseudo-labels by two thresholds (Ju et al., CVPR 2023, alternating optimization).

A score :math:`s` of a snippet and class becomes

.. math:: \psi = 1 \text{ if } s > \delta_{high}, \quad 0 \text{ if } s < \delta_{low}, \quad
   \text{uncertain otherwise,}

and what is uncertain teaches nothing. The paper gives neither the thresholds nor what they are measured by. Here:

* ``raw``: the score itself;
* ``video_max``: its share of the highest score that the class reaches in the video. A tag whose scores are all 0 is
  uncertain throughout: its teacher is blind to it;
* ``quantile``: its rank among the scores of all snippets of the training set for the tags of their videos. A branch
  that was taught with hard labels puts nearly all it says next to 0 and 1, where no threshold on scores keeps the sure
  from the less sure any more; the order of the scores still does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor

UNCERTAIN = -1  # teaches nothing; also stands in the padding

Scale = Literal["video_max", "raw", "quantile"]
Untagged = Literal["ignored", "background"]


def hard_labels(
    scores: Tensor,
    tags: Tensor,
    mask: Tensor,
    *,
    low: float,
    high: float,
    scale: Literal["video_max", "raw"] = "video_max",
    untagged: Untagged = "ignored",
) -> Tensor:
    """Pseudo-labels of every snippet and class: 1 foreground, 0 background, -1 uncertain.

    Args:
        scores: (B, T, C); 0 or more where shares of the highest are asked for.
        tags: (B, C), 1 for each class that the video holds.
        mask: (B, T) bool; padding becomes uncertain and counts for no maximum.
        low, high: thresholds, ``low <= high``.
        scale: thresholds act on scores as they are, or on their share of the highest of the class in the video. With
            the latter each tag has at least one foreground snippet, unless all its scores are 0.
        untagged: whether entries of classes that the video does not hold are ignored or background.

    Returns:
        (B, T, C) int8.
    """
    scores = scores.detach().masked_fill(~mask[:, :, None], 0.0)
    if scale == "video_max":
        highest = scores.amax(dim=1, keepdim=True)  # (B, 1, C)
        low_at, high_at = low * highest, high * highest
    else:
        low_at, high_at = torch.full_like(scores, low), torch.full_like(scores, high)
    labels = torch.full_like(scores, UNCERTAIN, dtype=torch.int8)
    labels = labels.masked_fill(scores < low_at, 0).masked_fill(scores > high_at, 1)
    elsewhere = UNCERTAIN if untagged == "ignored" else 0
    labels = labels.masked_fill((tags == 0)[:, None, :], elsewhere)
    return labels.masked_fill(~mask[:, :, None], UNCERTAIN)


def quantiles(scores: Sequence[Tensor], low: float, high: float) -> tuple[float, float]:
    """Thresholds for :func:`hard_labels` on raw scores, from their ranks.

    Args:
        scores: of any shapes, at least one value in all.
        low, high: shares of the values, from the lowest on.

    Returns:
        The scores that these shares of all values do not exceed.
    """
    pooled = torch.cat([part.detach().flatten() for part in scores]).double().cpu().numpy()
    low_at, high_at = np.quantile(pooled, [low, high])
    return float(low_at), float(high_at)
