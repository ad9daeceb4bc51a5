from __future__ import annotations

import pytest

from weaktal.finding.threshold import for_precision, for_recall, two_groups

SCORES = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2]
RIGHT = [True, True, True, True, False, True, False, False]


@pytest.mark.parametrize(
    ("wanted", "threshold", "share"),
    [
        (0.8, 0.4, 5 / 6),
        (0.7, 0.3, 5 / 7),
        (0.5, 0.2, 5 / 8),
        (1.0, 0.4, 5 / 6),  # not to be reached by five or more: the highest share
    ],
)
def test_the_lowest_threshold_of_the_wanted_share(wanted: float, threshold: float, share: float) -> None:
    assert for_precision(SCORES, RIGHT, wanted) == (threshold, pytest.approx(share))


def test_equal_scores_are_taken_together() -> None:
    assert for_precision([0.5] * 6, [True] * 5 + [False], 0.9) == (0.5, pytest.approx(5 / 6))
    assert for_precision([0.9, 0.8], [True, True], 0.5) is None


@pytest.mark.parametrize(("wanted", "threshold", "share"), [(0.5, 0.6, 4 / 8), (0.6, 0.4, 5 / 8), (1.0, 0.2, 5 / 8)])
def test_the_highest_threshold_of_the_wanted_recall(wanted: float, threshold: float, share: float) -> None:
    assert for_recall(SCORES, RIGHT, wanted, 8) == (threshold, share)


@pytest.mark.parametrize(
    ("scores", "split"), [([0.1, 0.2, 0.15, 0.8, 0.9], 0.8), ([1.0, 1.0], 1.0), ([0.3], 0.3), ([], 0.0)]
)
def test_two_groups(scores: list[float], split: float) -> None:
    assert two_groups(scores) == split
