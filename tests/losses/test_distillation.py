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


def test_tagged_entries_have_their_share_whatever_the_number_of_classes() -> None:
    """One tag among C classes: its single wrong entry costs the same with 3 classes and with 100."""
    costs = []
    for classes in (3, 100):
        logits = torch.full((1, 4, classes), -2.0, dtype=torch.float64)
        labels = torch.zeros(1, 4, classes, dtype=torch.int8)
        labels[0, 0, 0] = 1
        tags = torch.zeros(1, classes)
        tags[0, 0] = 1
        costs.append(confident_distillation(logits, labels, tags=tags, tagged_share=0.25).item())
    right, wrong = math.log(1 + math.exp(-2)), math.log(1 + math.exp(2))
    assert costs == pytest.approx([0.25 * (3 * right + wrong) / 4 + 0.75 * right] * 2)


def test_a_kind_of_entries_that_a_video_lacks_leaves_the_whole_to_the_other() -> None:
    logits, labels = torch.zeros(3, 2, 2), torch.full((3, 2, 2), -1, dtype=torch.int8)
    labels[0, :, 0] = 1  # tagged alone; the second video has untagged ones alone, the third none
    labels[1, :, 1] = 0
    tags = torch.tensor([[1.0, 0.0]] * 3)
    found = confident_distillation(logits, labels, tags=tags, tagged_share=0.1)
    assert found.tolist() == pytest.approx([math.log(2), math.log(2), 0.0])
