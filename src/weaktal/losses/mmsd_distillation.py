r"""Distillation of snippet scores between streams (MMSD, Huang et al., TIP 2022; settings from the released code).

With the snippet logits :math:`s` of a student and :math:`\hat s` of a teacher, which gets no gradient, and a
temperature :math:`\tau`, the loss of a video is

.. math:: -\tfrac1T \sum_t \sum_{c=1}^{C+1} \mathrm{softmax}(\hat s_t / \tau)_c \log \mathrm{softmax}(s_t / \tau)_c .

RGB and flow teach each other, and their mean teaches the fused stream. The abstract also speaks of the way back, from
the fused stream to the single ones, which the released code lacks.
"""

from __future__ import annotations

import torch
from torch import Tensor


def snippet_distillation(student: Tensor, teacher: Tensor, mask: Tensor, *, temperature: float) -> Tensor:
    """Cross-entropy of the student against the teacher, mean over snippets, one value a video.

    Args:
        student: (..., B, T, C+1) logits.
        teacher: the same shape; no gradient reaches it.
        mask: (B, T) bool.
        temperature: smaller makes both distributions sharper.

    Returns:
        (..., B).
    """
    target = torch.softmax(teacher.detach() / temperature, dim=-1)
    entropy = -(target * torch.log_softmax(student / temperature, dim=-1)).sum(dim=-1) * mask  # (..., B, T)
    return entropy.sum(dim=-1) / mask.sum(dim=-1)


def stream_distillation(
    snippet_logits: Tensor, mask: Tensor, *, temperature: float, fused_to_single: bool = False
) -> Tensor:
    """All distillation between the streams, one value a stream that learns and a video.

    Args:
        snippet_logits: (3, B, T, C+1) of RGB, flow and fused.
        mask: (B, T) bool.
        temperature: of both distributions.
        fused_to_single: let the fused stream teach RGB and flow too.

    Returns:
        (3, B), what RGB, flow and fused pay for departing from their teachers.
    """
    rgb, flow, fused = snippet_logits
    teachers = torch.stack([flow, rgb, (rgb + flow) / 2])
    losses = snippet_distillation(snippet_logits, teachers, mask, temperature=temperature)  # (3, B)
    if not fused_to_single:
        return losses
    back = snippet_distillation(snippet_logits[:2], fused.expand_as(snippet_logits[:2]), mask, temperature=temperature)
    return losses + torch.cat([back, torch.zeros_like(back[:1])])
