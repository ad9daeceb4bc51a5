"""Hand-worked cases of the attention regularizer, and its independence from padding."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from weaktal.losses.mmsd_attention import background_separation, temporal_contrast


def full(length: int) -> Tensor:
    return torch.ones(1, length, dtype=torch.bool)


@pytest.mark.parametrize(
    ("scores", "ratio", "expected"),
    [
        ([0.1, 0.9, 0.5, 0.7], 2.0, (0.1 + 0.5) / 2 - 0.8),
        ([0.1, 0.9, 0.5, 0.7], 4.0, 0.1 - 0.9),
        ([0.1, 0.9, 0.5, 0.7], 8.0, 0.1 - 0.9),  # fewer snippets than the ratio: still one
        ([0.1, 0.9, 0.5, 0.7, 0.3], 2.0, (0.1 + 0.3) / 2 - 0.8),  # rounded down
        ([0.4], 8.0, 0.0),
    ],
)
def test_smallest_against_largest(scores: list[float], ratio: float, expected: float) -> None:
    column = torch.tensor(scores)[None, :, None]
    loss = temporal_contrast(column, torch.ones(1, 1), full(len(scores)), ratio=ratio)
    assert loss.item() == pytest.approx(expected, abs=1e-6)


def test_each_video_counts_its_own_length() -> None:
    scores = torch.tensor([[0.1, 0.9, 0.5, 0.7], [0.2, 0.6, 9.0, -9.0]]).unsqueeze(-1)
    mask = torch.tensor([[True, True, True, True], [True, True, False, False]])
    loss = temporal_contrast(scores, torch.ones(2, 1), mask, ratio=2.0)
    assert loss.tolist() == pytest.approx([0.3 - 0.8, 0.2 - 0.6])


def test_contrast_sums_the_tagged_classes_only() -> None:
    scores = torch.tensor([[[0.1, 0.0, 0.2], [0.9, 1.0, 0.5]]])  # spreads 0.8, 1.0, 0.3
    loss = temporal_contrast(scores, torch.tensor([[1.0, 0.0, 1.0]]), full(2), ratio=8.0)
    assert loss.tolist() == pytest.approx([-1.1])


def test_separation_takes_the_best_tagged_action() -> None:
    scores = torch.tensor([[[0.9, 0.2, 0.4, 0.7], [0.1, 0.8, 0.5, 0.3]]])
    labels = torch.tensor([[0.0, 1.0, 1.0]])  # class 0 does not count: |0.4 - 0.7| and |0.8 - 0.3|
    assert background_separation(scores, labels, full(2)).tolist() == pytest.approx([-0.4])


def test_a_video_without_tags_counts_the_background_alone() -> None:
    scores = torch.tensor([[[0.9, 0.6], [0.1, 0.2]]])
    assert background_separation(scores, torch.zeros(1, 1), full(2)).tolist() == pytest.approx([-0.4])


def test_padding_changes_neither_value_nor_gradient() -> None:
    torch.manual_seed(0)
    lengths = [3, 17, 9]
    labels = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    mask = torch.arange(17) < torch.tensor(lengths).unsqueeze(1)
    batch = torch.rand(2, 3, 17, 3, requires_grad=True)
    both = temporal_contrast(batch, labels, mask, ratio=8.0) + background_separation(batch, labels[:, :-1], mask)
    both.sum().backward()
    assert batch.grad is not None
    assert not batch.grad[:, ~mask].any()
    for row, length in enumerate(lengths):
        single = batch.detach()[:, row : row + 1, :length].clone().requires_grad_()
        own = labels[row : row + 1]
        alone = temporal_contrast(single, own, full(length), ratio=8.0)
        alone = alone + background_separation(single, own[:, :-1], full(length))
        alone.sum().backward()
        assert single.grad is not None
        torch.testing.assert_close(both[:, row], alone[:, 0])
        torch.testing.assert_close(batch.grad[:, row, :length], single.grad[:, 0])
