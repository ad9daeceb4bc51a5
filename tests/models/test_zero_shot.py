from __future__ import annotations

import pytest
import torch

from weaktal.models.zero_shot import LEAST_SPREAD, snippet_scores


def test_softmax_over_classes_and_background() -> None:
    cosines = torch.tensor([[0.30, 0.23, 0.23], [0.20, 0.20, 0.27]])  # two classes, one text of the background
    scores = snippet_scores(cosines, classes=2, activation="softmax", temperature=0.07)
    e = torch.e
    expected = torch.tensor([[e / (e + 2), 1 / (e + 2)], [1 / (e + 2), 1 / (e + 2)]])
    torch.testing.assert_close(scores, expected)
    above = snippet_scores(cosines, classes=2, activation="softmax", temperature=0.07, above_chance=True)
    torch.testing.assert_close(above, ((3 * expected - 1) / 2).clamp(min=0))
    assert (above > 0).tolist() == [[True, False], [False, False]]


def test_relative_looks_at_each_class_by_itself() -> None:
    cosines = torch.tensor([[0.1, 0.9], [0.3, 0.8], [0.2, 0.7]])
    both = snippet_scores(cosines, classes=2, activation="relative", temperature=0.07)
    alone = snippet_scores(cosines[:, :1], classes=1, activation="relative", temperature=0.07)
    torch.testing.assert_close(both[:, :1], alone)
    spread = (2 / 3) ** 0.5 * 0.1
    rise = 2 * torch.sigmoid(torch.tensor(0.1 / spread)) - 1
    torch.testing.assert_close(alone[:, 0], torch.stack([torch.zeros(()), rise, torch.zeros(())]), atol=1e-6, rtol=0)


def test_a_still_picture_rises_nowhere() -> None:
    cosines = 0.25 + torch.tensor([[0.0], [1e-7], [-1e-7]])
    scores = snippet_scores(cosines, classes=1, activation="relative", temperature=0.07)
    assert scores.max() < 1e-7 / LEAST_SPREAD


def test_one_snippet_is_its_own_mean() -> None:
    scores = snippet_scores(torch.tensor([[0.4]]), classes=1, activation="relative", temperature=0.07)
    assert scores.tolist() == [[0.0]]


def test_the_softmax_of_one_text_is_refused() -> None:
    with pytest.raises(ValueError, match="single text"):
        snippet_scores(torch.zeros(4, 1), classes=1, activation="softmax", temperature=0.07)
