"""Hand-worked cases of self-voting: confidence, stored labels, who votes, what the vote teaches."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from weaktal.losses.mmsd_voting import (
    VOTE_EPSILON,
    StoredLabels,
    confidence,
    refreshed,
    voters,
    votes,
    voting_loss,
)


def snippet(*streams: float) -> Tensor:
    """One snippet of one video: a value of each stream, (S, 1, 1)."""
    return torch.tensor(streams).reshape(-1, 1, 1)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [([1.0, 0.0], abs(0.5 - 0.2)), ([0.0, 1.0], abs(0.3 - 0.2)), ([1.0, 1.0], abs(0.8 - 0.2)), ([0.0, 0.0], 0.2)],
)
def test_confidence_counts_tagged_classes_against_the_background(labels: list[float], expected: float) -> None:
    logits = torch.log(torch.tensor([0.5, 0.3, 0.2])).reshape(1, 1, 1, 3)
    assert confidence(logits, torch.tensor([labels])).item() == pytest.approx(expected)


def test_confidence_passes_no_gradient() -> None:
    logits = torch.zeros(1, 1, 1, 2, requires_grad=True)
    assert not confidence(logits, torch.ones(1, 1)).requires_grad


@pytest.mark.parametrize(
    ("stored", "attention", "sure", "expected"),
    [
        ((0.0, 0.0), 0.56, 0.1, (1.0, 0.1)),  # nothing stored yet
        ((1.0, 0.5), 0.10, 0.6, (0.0, 0.6)),  # surer now: replaced
        ((1.0, 0.5), 0.10, 0.4, (1.0, 0.5)),  # surer then: kept
        ((1.0, 0.5), 0.10, 0.5, (1.0, 0.5)),  # as sure as then: kept
        ((1.0, 0.5), 0.55, 0.6, (0.0, 0.6)),  # the threshold itself is background
    ],
)
def test_a_label_gives_way_to_a_surer_one_only(
    stored: tuple[float, float], attention: float, sure: float, expected: tuple[float, float]
) -> None:
    before = StoredLabels(labels=snippet(stored[0]), confidence=snippet(stored[1]))
    after = refreshed(before, snippet(attention), snippet(sure), threshold=0.55)
    assert (after.labels.item(), after.confidence.item()) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("confidences", "expected"),
    [
        # who teaches (rgb, flow, fused)
        ((0.75, 0.75, 0.75), ({0}, {1}, {2})),
        ((0.25, 0.75, 0.5), ({1}, {1}, set())),  # flow is 0.25 surer than fused: not enough
        ((0.25, 0.75, 0.625), ({1, 2}, {1}, {2})),
        ((0.125, 0.5, 0.0), (set(), set(), set())),  # nobody is sure enough to vote
        ((0.625, 1.0, 0.0), ({0, 1}, {1}, {0, 1})),
    ],
)
def test_who_votes(confidences: tuple[float, ...], expected: tuple[set[int], ...]) -> None:
    teaches = voters(snippet(*confidences), reliable=0.6, margin=0.3)[:, :, 0, 0]
    assert tuple({teacher for teacher in range(3) if row[teacher]} for row in teaches) == expected


def test_a_vote_at_exactly_the_limits_counts() -> None:
    teaches = voters(snippet(0.25, 0.5), reliable=0.5, margin=0.25)
    assert teaches[:, :, 0, 0].tolist() == [[False, True], [False, True]]


def test_votes_are_averaged() -> None:
    labels = snippet(0.0, 1.0, 1.0)
    targets, voted = votes(labels, snippet(0.625, 1.0, 0.0), reliable=0.6, margin=0.3)
    # rgb hears itself (0) and flow (1), flow itself (1), fused the other two (0 and 1).
    assert voted.flatten().tolist() == [True, True, True]
    exact = [1 / (2 + VOTE_EPSILON), 1 / (1 + VOTE_EPSILON), 1 / (2 + VOTE_EPSILON)]
    assert targets.flatten().tolist() == pytest.approx(exact)
    _, nobody = votes(labels, snippet(0.1, 0.1, 0.1), reliable=0.6, margin=0.3)
    assert not nobody.any()


def test_squared_error_over_voted_snippets_only() -> None:
    attention = torch.tensor([[[0.5, 0.9, 0.3, 0.7]], [[0.5, 0.9, 0.3, 0.7]]]).requires_grad_()
    targets = torch.tensor([[[1.0, 1.0, 0.0, 0.0]]]).expand(2, 1, 4)
    voted = torch.tensor([[[True, False, True, True]], [[False, False, False, True]]])
    mask = torch.tensor([[True, True, True, False]])
    loss = voting_loss(attention, targets, voted, mask)
    # The last snippet is padding, so the second stream has no vote at all.
    assert loss.flatten().tolist() == pytest.approx([(0.25 + 0.09) / 2, 0.0])
    loss.sum().backward()
    assert attention.grad is not None
    assert (attention.grad != 0).flatten().tolist() == [True, False, True, False, False, False, False, False]
