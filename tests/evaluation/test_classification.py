"""Video-level AP against cases worked by hand and an oracle that walks down the thresholds one by one."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from weaktal.evaluation.classification import classification_ap, classification_map


def oracle(scores: list[float], labels: list[bool]) -> float:
    if not any(labels):
        return math.nan
    area, recall = Fraction(0), Fraction(0)
    for threshold in sorted(set(scores), reverse=True):
        chosen = [label for score, label in zip(scores, labels, strict=True) if score >= threshold]
        rise = Fraction(sum(chosen), sum(labels)) - recall
        area += rise * Fraction(sum(chosen), len(chosen))
        recall += rise
    return float(area)


@pytest.mark.parametrize(
    ("scores", "labels", "expected"),
    [
        ([0.9, 0.1], [1, 0], 1.0),
        ([0.9, 0.1], [0, 1], 0.5),
        ([0.9, 0.8, 0.7, 0.6], [1, 0, 1, 0], (1 + 2 / 3) / 2),
        ([0.5, 0.5, 0.5, 0.5], [1, 0, 0, 0], 0.25),  # all tied: the share of positives
        ([0.5, 0.5], [1, 1], 1.0),
        ([-1.0, -2.0], [1, 0], 1.0),
        ([0.5, 0.5], [0, 0], math.nan),
    ],
)
def test_worked_by_hand(scores: list[float], labels: list[int], expected: float) -> None:
    ap = classification_ap(np.array(scores)[:, None], np.array(labels)[:, None])
    assert ap == pytest.approx([expected], nan_ok=True)


@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_the_oracle(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(300):
        shape = (int(rng.integers(1, 20)), int(rng.integers(1, 5)))
        scores = rng.integers(0, 8, shape) / 8 if rng.random() < 0.5 else rng.normal(size=shape)
        labels = rng.random(shape) < rng.random()
        ap = classification_ap(scores, labels)
        expected = [oracle(scores[:, c].tolist(), labels[:, c].tolist()) for c in range(shape[1])]
        np.testing.assert_allclose(ap, expected, rtol=0, atol=1e-12)
        held = [value for value in expected if not math.isnan(value)]
        assert classification_map(scores, labels) == pytest.approx(np.mean(held) if held else math.nan, nan_ok=True)


def test_bad_arrays_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(V, C\)"):
        classification_ap(np.zeros((3, 2)), np.zeros((2, 3)))
    with pytest.raises(ValueError, match="not finite"):
        classification_ap([[np.nan]], [[True]])
