r"""L_con: foreground snippets together, background away from them (Ju et al., CVPR 2023, alternating optimization).

An InfoNCE over the L2-normalized embeddings :math:`z` of a branch. For one video and one of its classes, let
:math:`F` be the snippets that are confidently foreground and :math:`A` all confident ones. Then

.. math:: L_{con} = -\frac{1}{|F|} \sum_{i \in F} \log
   \frac{\sum_{j \in F, j \ne i} \exp(z_i \cdot z_j / \tau)}{\sum_{j \in A, j \ne i} \exp(z_i \cdot z_j / \tau)} .

The paper says: similarities among confident foreground pairs over those of all confident pairs. Ours are three readings
of that. Pairs lie within a video. They lie within a class, since two actions in one video need not look alike. Of
"all pairs" those with a foreground snippet first count: backgrounds differ from each other, but need not be driven
apart.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def foreground_contrast(embedding: Tensor, labels: Tensor, *, temperature: float) -> Tensor:
    """The contrast, mean over each video's foreground snippets of all classes; 0 for a video without pairs.

    Args:
        embedding: (B, T, E), of any length.
        labels: (B, T, C), 1 foreground, 0 background, -1 uncertain, as also in the padding.
        temperature: smaller looks at the nearest pairs only.

    Returns:
        (B,).
    """
    by_class = labels.transpose(1, 2)  # (B, C, T)
    foreground, confident = by_class == 1, by_class >= 0
    # Anchors: foreground snippets of a class that have company. Rows for these alone, N in all.
    video, column, anchor = (foreground & (foreground.sum(dim=2, keepdim=True) > 1)).nonzero(as_tuple=True)  # (N,) each
    others = torch.arange(labels.shape[1], device=labels.device) != anchor[:, None]  # (N, T)
    # Autocast would make the similarities coarser than the differences that count.
    with torch.autocast(device_type=embedding.device.type, enabled=False):
        exact = embedding if embedding.dtype == torch.float64 else embedding.float()
        # Taken out before anything is computed, so that padding may hold anything.
        unit = functional.normalize(exact.masked_fill(~confident.any(dim=1)[:, :, None], 0.0), dim=-1)
        similar = (unit @ unit.mT)[video, anchor] / temperature  # (B, T, T) to (N, T)
        positive = similar.masked_fill(~(foreground[video, column] & others), float("-inf")).logsumexp(dim=1)
        whole = similar.masked_fill(~(confident[video, column] & others), float("-inf")).logsumexp(dim=1)
        sums = unit.new_zeros(len(labels)).index_add(0, video, whole - positive)  # (B,)
    count = torch.bincount(video, minlength=len(labels))
    return sums / count.clamp_min(1)
