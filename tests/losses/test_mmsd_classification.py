"""Hand-worked cases of the loss on video predictions."""

from __future__ import annotations

import math

import pytest
import torch

from weaktal.losses.mmsd_classification import tag_cross_entropy, video_classification, with_background


def test_background_joins_the_tags_as_the_last_column() -> None:
    labels = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    assert with_background(labels, present=True).tolist() == [[1, 0, 1], [1, 1, 1]]
    assert with_background(labels, present=False).tolist() == [[1, 0, 0], [1, 1, 0]]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([1.0, 0.0, 0.0], -math.log(0.5)),
        ([1.0, 0.0, 1.0], -(math.log(0.5) + math.log(0.2)) / 2),
        ([1.0, 1.0, 1.0], -(math.log(0.5) + math.log(0.3) + math.log(0.2)) / 3),
        ([0.0, 0.0, 0.0], 0.0),
    ],
)
def test_cross_entropy_against_tags_that_sum_to_one(labels: list[float], expected: float) -> None:
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.2]])) + 7.0  # softmax forgets the shift
    assert tag_cross_entropy(logits, torch.tensor([labels])).tolist() == pytest.approx([expected])


def test_only_the_classwise_prediction_expects_background() -> None:
    attended = torch.log(torch.tensor([[[0.5, 0.3, 0.2]]]))
    classwise = torch.log(torch.tensor([[[0.25, 0.25, 0.5]]]))
    loss = video_classification(
        attended, classwise, torch.tensor([[1.0, 0.0]]), attended_weight=1.0, classwise_weight=0.5
    )
    assert loss.shape == (1, 1)
    assert loss.item() == pytest.approx(-math.log(0.5) - 0.5 * (math.log(0.25) + math.log(0.5)) / 2)


def test_an_impossible_class_costs_much_but_stays_finite() -> None:
    loss = tag_cross_entropy(torch.tensor([[-200.0, 200.0]]), torch.tensor([[1.0, 0.0]]))
    assert loss.item() == pytest.approx(400.0)
