r"""L_kd: what one branch is sure of teaches the other (Ju et al., CVPR 2023, alternating optimization).

With the pseudo-labels :math:`\psi` of the teacher, the probabilities :math:`p` of the student, and the entries
:math:`\Omega` of a video on which the teacher is sure,

.. math:: L_{kd} = \frac{1}{|\Omega|} \sum_{(t, c) \in \Omega} D_{KL}(\psi_{tc} \,\|\, p_{tc})
   = -\frac{1}{|\Omega|} \sum_{(t, c) \in \Omega} \psi_{tc} \log p_{tc} + (1 - \psi_{tc}) \log(1 - p_{tc}) ,

since the entropy of a hard label is 0.

Where classes without a tag count as background, they are most of the entries, and the more classes there are the less
the tagged ones count. So entries of tagged and of untagged classes may have fixed shares of the whole: with
:math:`\Omega_1` and :math:`\Omega_0` for the two kinds,

.. math:: L_{kd} = \frac{w}{|\Omega_1|} \sum_{\Omega_1} D_{KL} + \frac{1 - w}{|\Omega_0|} \sum_{\Omega_0} D_{KL} .
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from weaktal.arrays import UNCERTAIN


def confident_distillation(
    logits: Tensor, labels: Tensor, *, tags: Tensor | None = None, tagged_share: float | None = None
) -> Tensor:
    """Mean divergence over each video's confident entries, one value a video; 0 for a video without any.

    Args:
        logits: (B, T, C); their sigmoid are the student's probabilities.
        labels: (B, T, C), 1, 0 or uncertain (-1), as also in the padding.
        tags: (B, C), 1 for each class that the video holds; only for ``tagged_share``.
        tagged_share: w above; None lets every entry count alike. Where a video has entries of one kind only, they are
            the whole.

    Returns:
        (B,).
    """
    confident = labels != UNCERTAIN
    target = labels.clamp_min(0).to(logits.dtype)
    # What is uncertain is taken out before the loss, so that nothing it holds, not even NaN, reaches the gradient.
    safe = logits.masked_fill(~confident, 0.0)
    divergence = functional.binary_cross_entropy_with_logits(safe, target, reduction="none") * confident
    if tags is None or tagged_share is None:
        return divergence.sum(dim=(1, 2)) / confident.sum(dim=(1, 2)).clamp_min(1)
    held = (tags > 0)[:, None, :]  # (B, 1, C)
    total, weight = logits.new_zeros(len(logits)), logits.new_zeros(len(logits))
    for kind, share in ((held, tagged_share), (~held, 1 - tagged_share)):
        count = (confident & kind).sum(dim=(1, 2))
        here = torch.where(count > 0, share, 0.0).to(logits.dtype)
        total = total + here * (divergence * kind).sum(dim=(1, 2)) / count.clamp_min(1)
        weight = weight + here
    return total / weight.clamp_min(torch.finfo(logits.dtype).tiny)
