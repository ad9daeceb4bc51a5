"""Double thresholds, worked by hand."""

from __future__ import annotations

from typing import Literal

import pytest
import torch

from weaktal.arrays import UNCERTAIN
from weaktal.evaluation import diagnosis
from weaktal.losses.pseudo_labels import hard_labels, presumed_share, quantiles

# One video of 5 snippets, the last of them padding with the highest score of all; 3 classes, the last not in the video.
SCORES = torch.tensor([[[0.8, 0.1, 0.9], [0.4, 0.04, 0.9], [0.2, 0.0, 0.0], [0.01, 0.07, 0.3], [9.0, 9.0, 9.0]]])
TAGS = torch.tensor([[1.0, 1.0, 0.0]])
MASK = torch.tensor([[True, True, True, True, False]])


@pytest.mark.parametrize(
    ("low", "high", "scale", "first", "second"),
    [
        (0.1, 0.5, "raw", [1, -1, -1, 0], [-1, 0, 0, 0]),
        (0.4, 0.4, "raw", [1, -1, 0, 0], [0, 0, 0, 0]),  # exactly on both thresholds: neither above nor below
        (0.1, 0.5, "video_max", [1, -1, -1, 0], [1, -1, 0, 1]),  # of 0.8 and of 0.1
        (0.0, 0.9, "raw", [-1, -1, -1, -1], [-1, -1, -1, -1]),  # no share and no score lies below 0
        (0.02, 0.5, "video_max", [1, -1, -1, 0], [1, -1, 0, 1]),
        (0.01, 0.2, "video_max", [1, 1, 1, -1], [1, 1, 0, 1]),
        # Ranks of 0.01, 0.2, 0.4, 0.8 and of 0, 0.04, 0.07, 0.1: a third lies at the second, three quarters between the
        # third and the fourth.
        (0.0, 0.75, "video_quantile", [1, -1, -1, -1], [1, -1, -1, -1]),
        (0.5, 0.5, "video_quantile", [1, 1, 0, 0], [1, 0, 0, 1]),
        (1 / 3, 1.0, "video_quantile", [-1, -1, -1, 0], [-1, -1, 0, -1]),
    ],
)
def test_by_hand(low: float, high: float, scale: str, first: list[int], second: list[int]) -> None:
    labels = hard_labels(SCORES, TAGS, MASK, low=low, high=high, scale=scale)
    assert labels.dtype == torch.int8
    assert labels[0, :, 0].tolist() == [*first, -1]
    assert labels[0, :, 1].tolist() == [*second, -1]
    assert labels[0, :, 2].tolist() == [-1] * 5


def test_thresholds_may_differ_from_class_to_class() -> None:
    low, high = torch.tensor([0.1, 0.05, 0.0]), torch.tensor([0.3, 0.05, 0.0])
    labels = hard_labels(SCORES, TAGS, MASK, low=low, high=high, scale="raw")
    assert labels[0, :, 0].tolist() == [1, 1, -1, 0, -1]
    assert labels[0, :, 1].tolist() == [1, 0, 0, 1, -1]


def test_classes_that_the_video_lacks_may_count_as_background() -> None:
    labels = hard_labels(SCORES, TAGS, MASK, low=0.1, high=0.5, untagged="background")
    assert labels[0, :, 2].tolist() == [0, 0, 0, 0, -1]
    assert labels[0, :, 0].tolist() == [1, -1, -1, 0, -1]


def test_a_teacher_that_sees_nothing_of_a_tag_says_nothing_of_it() -> None:
    labels = hard_labels(torch.zeros(1, 3, 1), torch.ones(1, 1), torch.ones(1, 3, dtype=torch.bool), low=0.1, high=0.5)
    assert labels.unique().tolist() == [UNCERTAIN]


@pytest.mark.parametrize("scale", ["video_max", "video_quantile"])
def test_padding_and_company_change_no_label(scale: Literal["video_max", "video_quantile"]) -> None:
    torch.manual_seed(0)
    scores = torch.rand(3, 12, 4)
    tags = torch.tensor([[1.0, 0, 1, 0], [0, 1, 0, 0], [1, 1, 1, 1]])
    lengths = [12, 5, 9]
    mask = torch.arange(12) < torch.tensor(lengths)[:, None]
    together = hard_labels(scores, tags, mask, low=0.2, high=0.6, scale=scale)
    for row, length in enumerate(lengths):
        alone = hard_labels(
            scores[row : row + 1, :length],
            tags[row : row + 1],
            mask[row : row + 1, :length],
            low=0.2,
            high=0.6,
            scale=scale,
        )
        assert torch.equal(together[row, :length], alone[0])
        assert (together[row, length:] == UNCERTAIN).all()


def test_quantiles_by_hand() -> None:
    scores = [torch.tensor([[0.0], [4.0]]), torch.tensor([[1.0], [2.0], [3.0]])]
    assert quantiles(scores, 0.25, 0.75) == (1.0, 3.0)
    assert quantiles(scores, 0.0, 0.9) == pytest.approx((0.0, 3.6))


def test_quantiles_tell_saturated_scores_apart() -> None:
    """The share of labels is what was asked for, however the scores are bent, as long as their order stays."""
    torch.manual_seed(0)
    logits = torch.randn(1, 400, 1)
    found = []
    for bent in (logits, 9 * logits + 30):
        low, high = quantiles([bent], 0.5, 0.875)
        found.append(
            hard_labels(bent, torch.ones(1, 1), torch.ones(1, 400, dtype=torch.bool), low=low, high=high, scale="raw")
        )
    assert torch.equal(found[0], found[1])
    assert [(found[0] == kind).sum().item() for kind in (1, 0, UNCERTAIN)] == [50, 200, 150]


def test_uncertain_is_what_the_diagnosis_calls_so() -> None:
    assert diagnosis.UNCERTAIN == UNCERTAIN


def test_classes_that_the_video_lacks_may_be_labelled_by_their_own_scores() -> None:
    labels = hard_labels(SCORES, TAGS, MASK, low=0.1, high=0.5, scale="raw", untagged="scored")
    assert labels[0, :, 2].tolist() == [1, 1, 0, -1, -1]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.7])
def test_the_share_of_action_is_seen_in_scores_that_part(share: float) -> None:
    """Whatever their offset and scale in each video."""
    torch.manual_seed(0)
    curves = []
    for video in range(40):
        action = torch.rand(50) < share
        curves.append(3 * video + (1 + video) * (action + 0.15 * torch.randn(50)))
    assert presumed_share(curves) == pytest.approx(share, abs=0.06)


def test_scores_that_say_nothing_share_half_and_half() -> None:
    assert presumed_share([torch.zeros(5), torch.ones(3)]) == 0.5
    assert presumed_share([torch.zeros(1)]) == 0.5
