"""Probabilities as logits, exact also where a probability is next to 0 or 1."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def one_against_rest(logits: Tensor) -> Tensor:
    """The logit of each class against all others together, so that its sigmoid is the softmax of ``logits``.

    What is taught through it has the gradient of log p and log(1 - p), exact also where p is next to 0 or 1.

    Args:
        logits: (..., C) with at least 2 classes.

    Returns:
        (..., C), ``logits[c] - logsumexp(logits of the others)``.
    """
    return logits - of_the_others(logits)


def against(logits: Tensor, rivals: Tensor) -> Tensor:
    """The logit of each class against some of the others, out of those against all: its softmax without the rest.

    Args:
        logits: (B, T, C), as :func:`one_against_rest` gives them.
        rivals: (C, C) or (B, C, C) bool; row c has the classes that c competes with. A class without any keeps all.

    Returns:
        (B, T, C); to the bit what went in where all others are rivals.
    """
    count = rivals.sum(dim=-1)
    kept = (count == 0) | (count == logits.shape[-1] - 1)
    if kept.dim() > 1:
        kept = kept[:, None]
    with torch.autocast(device_type=logits.device.type, enabled=False):  # half precision would round the sum
        shares = torch.sigmoid(logits)
        # Each share has its own logit, and so is exact however small it is; below the smallest number nothing counts.
        rest = (shares @ rivals.to(shares.dtype).mT).clamp_min(torch.finfo(shares.dtype).tiny)
        return torch.where(kept, logits, functional.logsigmoid(logits) - rest.log())


def of_the_others(logits: Tensor) -> Tensor:
    """For each class the logsumexp of all other classes, (..., C) to (..., C), C at least 2; nothing cancels."""
    highest, top = logits.max(dim=-1, keepdim=True)
    is_top = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, top, True)
    beside_top = logits.masked_fill(is_top, float("-inf")).logsumexp(dim=-1, keepdim=True)
    # The sum without any other class still holds the highest one's 1, so nothing cancels.
    shares = (logits - highest).exp()
    rest = shares.sum(dim=-1, keepdim=True) - shares.masked_fill(is_top, 0.0)
    return torch.where(is_top, beside_top, highest + rest.log())


def both_true(one: Tensor, other: Tensor) -> Tensor:
    """The logit of the product of two probabilities, given as logits of one shape; its sigmoid is that product.

    The odds against both are (1 + exp(-one)) (1 + exp(-other)) - 1; multiplied out, nothing cancels.
    """
    return -torch.stack([-one, -other, -one - other]).logsumexp(dim=0)
