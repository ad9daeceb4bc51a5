"""Soft and hard suppression against tables worked by hand and the textbook loop."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from weaktal.decoding.suppression import suppress

# tIoU of the first two is 5/15, of the last with any 0.
SPANS = np.array([[0.0, 10.0], [5.0, 15.0], [20.0, 30.0]])
SCORES = np.array([0.9, 0.8, 0.5])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"method": "gaussian", "sigma": 0.5}, [(0, 0.9), (1, 0.8 * math.exp(-(1 / 9) / 0.5)), (2, 0.5)]),
        ({"method": "linear", "threshold": 0.3}, [(0, 0.9), (1, 0.8 * 2 / 3), (2, 0.5)]),
        ({"method": "linear", "threshold": 0.4}, [(0, 0.9), (1, 0.8), (2, 0.5)]),
        ({"method": "hard", "threshold": 0.3}, [(0, 0.9), (2, 0.5)]),
        ({"method": "hard", "threshold": 0.4}, [(0, 0.9), (1, 0.8), (2, 0.5)]),
        ({"method": "hard", "threshold": 0.4, "overlap": "covered"}, [(0, 0.9), (2, 0.5)]),  # half of it is covered
        ({"method": "hard", "threshold": 0.3, "limit": 1}, [(0, 0.9)]),
        ({"method": "hard", "threshold": 0.3, "floor": 0.5}, [(0, 0.9)]),
    ],
)
def test_worked_by_hand(options: dict[str, object], expected: list[tuple[int, float]]) -> None:
    rows, scores = suppress(SPANS, SCORES, **options)  # type: ignore[arg-type]
    assert rows.tolist() == [row for row, _ in expected]
    assert scores == pytest.approx([score for _, score in expected], abs=1e-12)


def slow(
    spans: np.ndarray, scores: np.ndarray, method: str, sigma: float, threshold: float, overlap: str, floor: float
) -> list[tuple[int, float]]:
    """Take the best, lower all others, start over; nothing is left out early.

    The exponential is NumPy's here too: the last bit of another one decides between segments that are nearly level, and
    where overlap is the share that is covered, another choice leaves other scores.
    """
    left = {row: float(score) for row, score in enumerate(scores)}
    taken = []
    while left:
        best = min(left, key=lambda row: (-left[row], *spans[row], row))
        taken.append((best, left.pop(best)))
        for row in left:
            shared = max(0.0, min(spans[row][1], spans[best][1]) - max(spans[row][0], spans[best][0]))
            whole = spans[row][1] - spans[row][0]
            if overlap == "tiou":
                whole += spans[best][1] - spans[best][0] - shared
            o = shared / whole if whole > 0 else 0.0
            left[row] *= {
                "gaussian": float(np.exp(np.array([-o * o / sigma]))[0]),
                "linear": 1 - o if o > threshold else 1.0,
                "hard": 0.0 if o > threshold else 1.0,
            }[method]
    return [(row, score) for row, score in taken if score > floor]


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 150),
    st.sampled_from(["gaussian", "linear", "hard"]),
    st.sampled_from(["tiou", "covered"]),
    st.sampled_from([0.0, 1e-3, 0.2]),
    st.sampled_from([0.1, 0.5]),
    st.booleans(),
)
@example(seed=150, count=150, method="gaussian", overlap="covered", floor=1e-3, sigma=0.5, rough=True)
@example(seed=149, count=74, method="gaussian", overlap="covered", floor=0.0, sigma=0.5, rough=True)
@settings(max_examples=150, deadline=None)
def test_equal_to_the_textbook_loop(
    seed: int, count: int, method: str, overlap: str, floor: float, sigma: float, rough: bool
) -> None:
    """On smooth numbers, and on rough ones full of ties, repeated segments and segments without length."""
    random = np.random.default_rng(seed)
    starts, lengths, scores = random.random(count) * 100, random.random(count) * 30, random.random(count)
    if rough:
        starts, lengths, scores = np.round(starts / 5), np.round(lengths / 5), np.round(scores, 1)
    spans = np.stack([starts, starts + lengths], axis=1)
    rows, values = suppress(
        spans,
        scores,
        method=method,  # type: ignore[arg-type]
        sigma=sigma,
        threshold=0.35,
        overlap=overlap,  # type: ignore[arg-type]
        floor=floor,
    )
    expected = slow(spans, scores, method, sigma, 0.35, overlap, floor)
    np.testing.assert_allclose(values, [score for _, score in expected], atol=1e-12)
    if not rough:
        assert rows.tolist() == [row for row, _ in expected]
    assert (np.diff(values) <= 0).all()
    assert (values <= scores[rows]).all()
    assert len(set(rows.tolist())) == len(rows)


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
@settings(max_examples=50, deadline=None)
def test_limit_gives_the_first_of_all(seed: int, limit: int) -> None:
    random = np.random.default_rng(seed)
    starts = random.random(100) * 50
    spans = np.stack([starts, starts + random.random(100) * 20], axis=1)
    scores = random.random(100)
    rows, values = suppress(spans, scores)
    first, first_values = suppress(spans, scores, limit=limit)
    assert first.tolist() == rows[:limit].tolist()
    assert first_values.tolist() == values[:limit].tolist()


def test_inputs_stay_as_they_are() -> None:
    spans, scores = SPANS.copy(), SCORES.copy()
    suppress(spans, scores)
    assert (spans == SPANS).all()
    assert (scores == SCORES).all()


def test_negative_floor_is_refused() -> None:
    with pytest.raises(ValueError, match="floor"):
        suppress(SPANS, SCORES, floor=-0.1)
