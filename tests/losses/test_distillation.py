"""Divergence from hard labels over the confident entries."""

from __future__ import annotations

import math

import pytest
import torch

from weaktal.losses.distillation import confident_distillation


def logit(p: float) -> float:
    return math.log(p / (1 - p))


def test_by_hand() -> None:
    logits = torch.tensor([[[logit(0.5), logit(0.9)], [logit(0.2), logit(0.3)]]], dtype=torch.float64)
    labels = torch.tensor([[[1, -1], [0, 1]]], dtype=torch.int8)
    expected = -(math.log(0.5) + math.log(0.8) + math.log(0.3)) / 3
    assert confident_distillation(logits, labels).tolist() == pytest.approx([expected])


def test_a_video_without_confident_entries_costs_nothing_and_the_others_stay() -> None:
    logits = torch.full((2, 3, 2), 0.7, requires_grad=True)
    labels = torch.full((2, 3, 2), -1, dtype=torch.int8)
    labels[1, 0, 0] = 1
    loss = confident_distillation(logits, labels)
    assert loss[0] == 0
    assert loss[1].item() == pytest.approx(math.log(1 + math.exp(-0.7)))
    loss.sum().backward()
    assert logits.grad is not None
    assert logits.grad.count_nonzero() == 1


def test_what_is_uncertain_may_hold_anything() -> None:
    logits = torch.tensor([[[0.5], [float("nan")], [float("inf")]]], requires_grad=True)
    loss = confident_distillation(logits, torch.tensor([[[0], [-1], [-1]]], dtype=torch.int8))
    loss.sum().backward()
    assert logits.grad is not None
    assert torch.isfinite(loss).all()
    assert torch.isfinite(logits.grad).all()


def test_gradient() -> None:
    torch.manual_seed(0)
    labels = torch.randint(-1, 2, (3, 5, 2), dtype=torch.int8)
    logits = torch.randn(3, 5, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda z: confident_distillation(z, labels), logits)
