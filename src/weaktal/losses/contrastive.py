r"""L_con: foreground snippets together, background away from them (Ju et al., CVPR 2023, alternating optimization).

An InfoNCE over the L2-normalized embeddings :math:`z` of a branch. Let :math:`F` be the snippets of a group that are
confidently foreground, :math:`A` all confident ones, and :math:`s_{ij} = \exp(z_i \cdot z_j / \tau)`. The paper says:
similarities among confident foreground pairs over those of all confident pairs. That can be read in several ways, all
of which are here:

* *anchors*: with ``all`` one fraction a group, :math:`-\log \frac{\sum_{i, j \in F} s_{ij}}{\sum_{i, j \in A} s_{ij}}`,
  to the letter; with ``foreground`` one fraction a foreground snippet,
  :math:`-\frac{1}{|F|} \sum_{i \in F} \log \frac{\sum_{j \in F} s_{ij}}{\sum_{j \in A} s_{ij}}`, so that backgrounds,
  which differ from each other, are not driven apart. No snippet pairs with itself.
* *scope*, what a group is: ``class``, a class in a video, since two actions in one video need not look alike;
  ``video``, where a snippet is foreground if it is so for any class, and background if it is so for all classes that
  have foreground in the video; ``batch``, a class in all videos of a forward pass together.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from weaktal.arrays import UNCERTAIN

Scope = Literal["class", "video", "batch"]
Anchors = Literal["foreground", "all"]

MOST = 2048  # snippets whose similarities with each other are looked at in the scope ``batch``; else evenly thinned out


def foreground_contrast(
    embedding: Tensor,
    labels: Tensor,
    *,
    temperature: float,
    scope: Scope = "class",
    anchors: Anchors = "foreground",
) -> Tensor:
    """The contrast of each video, mean over its foreground snippets or groups; 0 for a video without pairs.

    Args:
        embedding: (B, T, E), of any length.
        labels: (B, T, C), 1 foreground, 0 background, -1 uncertain, as also in the padding.
        temperature: smaller looks at the nearest pairs only.
        scope: which snippets make pairs.
        anchors: which pairs count as "all".

    Returns:
        (B,). Only the mean of these means anything in the scope ``batch``.
    """
    if scope == "batch":
        return _over_batch(embedding, labels, temperature, anchors)
    if scope == "video":
        labels = any_class(labels)
    return _contrast(embedding, labels, temperature, anchors)


def any_class(labels: Tensor) -> Tensor:
    """Labels (B, T, C) of classes to labels (B, T, 1) of "action of any class that has foreground in the video"."""
    present = (labels == 1).any(dim=1, keepdim=True)  # (B, 1, C)
    foreground = (labels == 1).any(dim=2, keepdim=True)
    background = ((labels == 0) | ~present).all(dim=2, keepdim=True) & present.any(dim=2, keepdim=True)
    merged = torch.full_like(labels[..., :1], UNCERTAIN)
    return merged.masked_fill(background, 0).masked_fill(foreground, 1)


def _over_batch(embedding: Tensor, labels: Tensor, temperature: float, anchors: Anchors) -> Tensor:
    """All videos as one long one; what that costs is laid on each of them."""
    videos, classes = len(labels), labels.shape[2]
    rows = labels.reshape(-1, classes)
    useful = (rows != UNCERTAIN).any(dim=1).nonzero().squeeze(1)
    useful = useful[:: -(-max(len(useful), 1) // MOST)]
    one = _contrast(embedding.reshape(len(rows), -1)[useful][None], rows[useful][None], temperature, anchors)  # (1,)
    return one.expand(videos)


def _contrast(embedding: Tensor, labels: Tensor, temperature: float, anchors: Anchors) -> Tensor:
    by_class = labels.transpose(1, 2)  # (B, C, T)
    foreground, confident = by_class == 1, by_class >= 0
    # Anchors: foreground snippets of a class that have company. Rows for these alone, N in all.
    company = foreground.sum(dim=2, keepdim=True) > 1  # (B, C, 1)
    begins = foreground if anchors == "foreground" else confident
    video, column, anchor = (begins & company).nonzero(as_tuple=True)  # (N,) each
    others = torch.arange(labels.shape[1], device=labels.device) != anchor[:, None]  # (N, T)
    # Autocast would make the similarities coarser than the differences that count.
    with torch.autocast(device_type=embedding.device.type, enabled=False):
        exact = embedding if embedding.dtype == torch.float64 else embedding.float()
        # Taken out before anything is computed, so that padding may hold anything.
        unit = functional.normalize(exact.masked_fill(~confident.any(dim=1)[:, :, None], 0.0), dim=-1)
        similar = (unit @ unit.mT)[video, anchor] / temperature  # (B, T, T) to (N, T)
        true_pairs = foreground[video, column] & foreground[video, column, anchor][:, None] & others
        positive = similar.masked_fill(~true_pairs, float("-inf")).logsumexp(dim=1)
        whole = similar.masked_fill(~(confident[video, column] & others), float("-inf")).logsumexp(dim=1)
        if anchors == "all":
            return _by_group(positive, whole, video * labels.shape[2] + column, len(labels), labels.shape[2])
        sums = unit.new_zeros(len(labels)).index_add(0, video, whole - positive)  # (B,)
    count = torch.bincount(video, minlength=len(labels))
    return sums / count.clamp_min(1)


def _by_group(positive: Tensor, whole: Tensor, group: Tensor, videos: int, classes: int) -> Tensor:
    """One fraction a group, from logarithms of what each anchor adds to its sums; mean over the groups of a video.

    Args:
        positive, whole: (N,), logarithms; the former is -inf for background.
        group: (N,), video * classes + class.
        videos, classes: B and C.
    """
    numerator, denominator = (_logsumexp_by(values, group, videos * classes) for values in (positive, whole))
    there = torch.bincount(group, minlength=videos * classes) > 0
    cost = (denominator - numerator).masked_fill(~there, 0.0).view(videos, classes)
    return cost.sum(dim=1) / there.view(videos, classes).sum(dim=1).clamp_min(1)


def _logsumexp_by(values: Tensor, group: Tensor, count: int) -> Tensor:
    """(N,) to (count,); anything finite for groups that nothing belongs to."""
    highest = values.detach().new_zeros(count).scatter_reduce(0, group, values.detach(), "amax", include_self=False)
    shares = values.new_zeros(count).index_add(0, group, (values - highest[group]).exp())
    return highest + shares.clamp_min(torch.finfo(shares.dtype).tiny).log()
