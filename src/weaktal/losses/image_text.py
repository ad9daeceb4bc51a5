r"""The contrastive loss of images and texts (Radford et al., "Learning Transferable Visual Models From Natural Language
Supervision", ICML 2021, figure 3).

Of N pairs with unit vectors :math:`u_i, v_i` and scale :math:`s`, the logits are :math:`s \, u_i \cdot v_j`; the
loss is the cross-entropy of finding the own partner, among all texts and among all images, the mean of both.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def image_text_loss(images: Tensor, texts: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
    """The loss, and the share of partners that were found.

    Args:
        images: unit vectors (N, D).
        texts: unit vectors (N, D), row i belongs to row i of ``images``.
        scale: the inverse of the temperature, a scalar.

    Returns:
        Two scalars; the second has no gradient.
    """
    logits = scale * images @ texts.T  # (N, N)
    own = torch.arange(len(logits), device=logits.device)
    loss = 0.5 * (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own))
    with torch.no_grad():
        found = 0.5 * ((logits.argmax(dim=1) == own).float().mean() + (logits.argmax(dim=0) == own).float().mean())
    return loss, found
