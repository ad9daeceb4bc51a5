from __future__ import annotations

import numpy as np
import pytest

from weaktal.evaluation.tiou import tiou


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((0, 10), (0, 10), 1.0),
        ((0, 10), (5, 15), 1 / 3),
        ((0, 10), (2, 4), 0.2),
        ((0, 10), (0, 3), 0.3),  # exactly the decimal: at the threshold 0.3 it counts
        ((0, 10), (20, 30), 0.0),
        ((0, 10), (10, 20), 0.0),  # touching
        ((5, 5), (0, 10), 0.0),  # no length, inside
        ((5, 5), (5, 5), 0.0),  # no length, twice the same: not 0/0
    ],
)
def test_worked_by_hand_and_symmetric(a: tuple[float, float], b: tuple[float, float], expected: float) -> None:
    assert tiou(a, b) == expected
    assert tiou(b, a) == expected


def test_all_pairs_by_broadcasting() -> None:
    a, b = np.array([[0, 4], [2, 6], [9, 9]]), np.array([[0, 4], [4, 8]])
    assert tiou(a[:, None], b).tolist() == [[1.0, 0.0], [2 / 6, 2 / 6], [0.0, 0.0]]


def test_no_segments() -> None:
    assert tiou(np.empty((0, 1, 2)), np.empty((3, 2))).shape == (0, 3)
