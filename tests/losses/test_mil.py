"""Top-k pooling and the classification loss against hand-worked cases."""

from __future__ import annotations

import math

import pytest
import torch

from weaktal.losses.mil import classification_loss, top_k_counts, top_k_mean


@pytest.mark.parametrize(
    ("length", "divisor", "k"), [(1, 8, 1), (7, 8, 1), (8, 8, 1), (9, 8, 2), (16, 8, 2), (5, 1, 5)]
)
def test_k_is_rounded_up(length: int, divisor: int, k: int) -> None:
    assert top_k_counts(torch.tensor([length]), divisor).tolist() == [k]


def test_top_k_mean_by_hand() -> None:
    scores = torch.tensor(
        [[[0.1, 0.9], [0.5, 0.2], [0.3, 0.4], [0.8, 0.8]], [[0.2, 0.6], [0.7, 0.1], [9.0, 9.0], [9.0, 9.0]]]
    )
    mask = torch.tensor([[True, True, True, True], [True, True, False, False]])
    # k = 2 of 4 snippets for the first video, 1 of 2 for the second, whose padding holds the highest numbers.
    expected = torch.tensor([[(0.8 + 0.5) / 2, (0.9 + 0.8) / 2], [0.7, 0.6]])
    torch.testing.assert_close(top_k_mean(scores, mask, 2), expected)


def test_top_k_mean_sends_gradient_to_the_top_alone() -> None:
    scores = torch.tensor([[[0.1], [0.5], [0.3], [0.8]]], requires_grad=True)
    top_k_mean(scores, torch.ones(1, 4, dtype=torch.bool), 2).sum().backward()
    assert scores.grad is not None
    assert scores.grad.flatten().tolist() == [0.0, 0.5, 0.0, 0.5]


def test_gradient_is_finite_with_padding() -> None:
    scores = torch.rand(3, 9, 2, requires_grad=True)
    mask = torch.arange(9) < torch.tensor([[9], [1], [4]])
    top_k_mean(scores, mask, 4).sum().backward()
    assert scores.grad is not None
    assert torch.isfinite(scores.grad).all()
    assert scores.grad[~mask].abs().max() == 0


def test_classification_loss_by_hand() -> None:
    probabilities = torch.tensor([[0.9, 0.2]])
    labels = torch.tensor([[1.0, 0.0]])
    assert classification_loss(probabilities, labels).item() == pytest.approx(-(math.log(0.9) + math.log(0.8)) / 2)


def test_gradient_matches_finite_differences() -> None:
    torch.manual_seed(0)
    scores = torch.rand(2, 6, 3, dtype=torch.float64, requires_grad=True)
    mask = torch.arange(6) < torch.tensor([[6], [4]])
    assert torch.autograd.gradcheck(lambda s: top_k_mean(torch.sigmoid(s), mask, 3).log().sum(), (scores,))
