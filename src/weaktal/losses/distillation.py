r"""L_kd: what one branch is sure of teaches the other (Ju et al., CVPR 2023, alternating optimization).

With the pseudo-labels :math:`\psi` of the teacher, the probabilities :math:`p` of the student, and the entries
:math:`\Omega` of a video on which the teacher is sure,

.. math:: L_{kd} = \frac{1}{|\Omega|} \sum_{(t, c) \in \Omega} D_{KL}(\psi_{tc} \,\|\, p_{tc})
   = -\frac{1}{|\Omega|} \sum_{(t, c) \in \Omega} \psi_{tc} \log p_{tc} + (1 - \psi_{tc}) \log(1 - p_{tc}) ,

since the entropy of a hard label is 0.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from weaktal.arrays import UNCERTAIN


def confident_distillation(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean divergence over each video's confident entries, one value a video; 0 for a video without any.

    Args:
        logits: (B, T, C); their sigmoid are the student's probabilities.
        labels: (B, T, C), 1, 0 or uncertain (-1), as also in the padding.

    Returns:
        (B,).
    """
    confident = labels != UNCERTAIN
    target = labels.clamp_min(0).to(logits.dtype)
    # What is uncertain is taken out before the loss, so that nothing it holds, not even NaN, reaches the gradient.
    safe = logits.masked_fill(~confident, 0.0)
    divergence = functional.binary_cross_entropy_with_logits(safe, target, reduction="none") * confident
    return divergence.sum(dim=(1, 2)) / confident.sum(dim=(1, 2)).clamp_min(1)
