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
  from the less sure any more; the order of the scores still does;
* ``share``: its rank among the same scores, counted from how much of them the scores themselves suggest to be action
  (:func:`presumed_share`): :math:`\delta_{low}` of what is presumed to be background, from the lowest on, is
  background, and what lies above :math:`\delta_{high}` of what is presumed to be action is foreground. Fixed ranks
  assume a share: with the lower half as background, a set of videos of which two thirds are action gets wrong labels;
* ``class_quantile``: its rank among those scores of its own class, so that no class goes unlabeled because its scores
  are lower than another's;
* ``video_quantile``: its rank among the scores of the class in the video, so that every tag has its foreground. Pooling
  believes the same of tags: the highest share of a video's snippets shows the action.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from weaktal.arrays import UNCERTAIN, Floats

Scale = Literal["video_max", "raw", "quantile", "share", "class_quantile", "video_quantile"]
Untagged = Literal["ignored", "background", "scored"]
Limit = float | Tensor


def hard_labels(
    scores: Tensor,
    tags: Tensor,
    mask: Tensor,
    *,
    low: Limit,
    high: Limit,
    scale: Literal["video_max", "raw", "video_quantile"] = "video_max",
    untagged: Untagged = "ignored",
) -> Tensor:
    """Pseudo-labels of every snippet and class: 1 foreground, 0 background, -1 uncertain.

    Args:
        scores: (B, T, C); 0 or more where shares of the highest are asked for.
        tags: (B, C), 1 for each class that the video holds.
        mask: (B, T) bool; padding becomes uncertain and counts for no maximum and no rank.
        low, high: thresholds, ``low <= high``; one for all, or (C,), one a class. For ranks, shares of the snippets.
        scale: thresholds act on scores as they are, on their share of the highest of the class in the video, or on
            their rank among the scores of the class in the video. With shares each tag has at least one foreground
            snippet, unless all its scores are 0; with ranks, unless its highest scores are equal.
        untagged: whether entries of classes that the video does not hold are ignored, background, or labelled by their
            own scores as those of all others.

    Returns:
        (B, T, C) int8.
    """
    scores = scores.detach().masked_fill(~mask[:, :, None], 0.0)
    low_at, high_at = (torch.as_tensor(limit, device=scores.device).to(scores.dtype) for limit in (low, high))
    if scale == "video_max":
        highest = scores.amax(dim=1, keepdim=True)  # (B, 1, C)
        low_at, high_at = low_at * highest, high_at * highest
    elif scale == "video_quantile":
        low_at, high_at = (_video_quantile(scores, mask, share) for share in (low_at, high_at))
    labels = torch.full_like(scores, UNCERTAIN, dtype=torch.int8)
    labels = labels.masked_fill(scores < low_at, 0).masked_fill(scores > high_at, 1)
    if untagged != "scored":
        elsewhere = UNCERTAIN if untagged == "ignored" else 0
        labels = labels.masked_fill((tags == 0)[:, None, :], elsewhere)
    return labels.masked_fill(~mask[:, :, None], UNCERTAIN)


def _video_quantile(scores: Tensor, mask: Tensor, share: Tensor) -> Tensor:
    """The score (B, 1, C) that a share of a video's scores of a class does not exceed, between two of them linearly.

    ``torch.nanquantile`` would do, up to 16 million scores.
    """
    ordered = scores.masked_fill(~mask[:, :, None], torch.inf).sort(dim=1).values  # (B, T, C), padding last
    place = share * (mask.sum(dim=1) - 1).clamp(min=0)[:, None].to(scores.dtype)  # (B, 1) or (B, C)
    place = place.expand(len(scores), scores.shape[2])[:, None, :]  # (B, 1, C)
    below, above = (ordered.gather(1, index.long()) for index in (place.floor(), place.ceil()))
    return below.lerp(above, place.frac())


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


def presumed_share(curves: Sequence[Tensor]) -> float:
    r"""How much of the tagged videos is action, as far as a teacher's scores tell.

    Each curve is brought to 0 at its lowest and 1 at its highest, since how sure a teacher is differs from video to
    video and from branch to branch. Otsu's threshold then parts all values so that the two parts lie as far from each
    other as their spread allows: it maximizes :math:`w_0 w_1 (\mu_0 - \mu_1)^2`. The share above it is the answer; it
    errs towards a half, so what is taken for sure should stay well inside either part.

    Args:
        curves: logits of each tag of each video, (T,) each; at least one value in all.

    Returns:
        From 0 to 1; a half where every curve is constant.
    """
    values = np.sort(np.concatenate([_stretched(curve.detach().double().cpu().numpy()) for curve in curves]))
    below = np.arange(1, len(values))
    sums = np.cumsum(values)
    if len(values) < 2 or values[0] == values[-1]:
        return 0.5
    lower, upper = sums[:-1] / below, (sums[-1] - sums[:-1]) / (len(values) - below)
    apart = below * (len(values) - below) * (lower - upper) ** 2
    return 1.0 - float(below[apart.argmax()]) / len(values)


def _stretched(curve: Floats) -> Floats:
    low, high = curve.min(initial=np.inf), curve.max(initial=-np.inf)
    return np.zeros_like(curve) if high <= low else (curve - low) / (high - low)
