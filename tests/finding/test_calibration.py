from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from weaktal.finding.calibration import FEWEST, calibrate


def test_shares_come_near_the_truth() -> None:
    random = np.random.default_rng(0)
    scores = random.uniform(size=4000)
    curve = calibrate(scores.tolist(), (random.uniform(size=4000) < scores).tolist(), videos=50)
    assert curve is not None
    assert (curve.segments, curve.videos) == (4000, 50)
    for score in (0.1, 0.3, 0.5, 0.7, 0.9):
        assert abs(curve.share(score) - score) < 0.06


@given(st.lists(st.tuples(st.floats(-1, 1), st.booleans()), min_size=FEWEST, max_size=40))
@settings(max_examples=30)
def test_a_share_never_falls_and_claims_nothing_certain(found: list[tuple[float, bool]]) -> None:
    curve = calibrate([score for score, _ in found], [right for _, right in found], videos=3)
    assert curve is not None  # validated: rising scores, shares that never fall
    assert min(curve.shares) > 0
    assert max(curve.shares) < 1


def test_too_little_is_not_measured() -> None:
    assert calibrate([0.5] * (FEWEST - 1), [True] * (FEWEST - 1), videos=9) is None
    assert calibrate([0.5] * 100, [True] * 100, videos=2) is None
