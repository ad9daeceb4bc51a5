"""Which segments are shown at first, and what is said of the others."""

from __future__ import annotations

import numpy as np
import pytest

from weaktal.report.content import Curves
from weaktal.report.prominent import prominent, top_of
from weaktal.segments import Segment


def test_one_reading_of_an_action_is_kept() -> None:
    segments = [
        Segment(0, 4, "a", 0.9), Segment(1, 5, "a", 0.8), Segment(4, 6, "a", 0.5), Segment(1, 5, "b", 0.3),
        Segment(7, 9, "a", 0.1),
    ]  # fmt: skip
    assert prominent(segments) == [segments[0], segments[2], segments[3]]
    assert prominent(segments, most=1) == [segments[0]]


def test_all_scores_below_zero_are_kept_by_overlap() -> None:
    assert len(prominent([Segment(0, 1, "a", -2.0), Segment(2, 3, "a", -1.0)])) == 2


@pytest.mark.parametrize(("highest", "top"), [(0.97, 1), (0.3, 0.5), (0.11, 0.2), (0.1, 0.1), (0, 1), (7, 10)])
def test_curves_end_at_a_round_score(highest: float, top: float) -> None:
    assert top_of(Curves(np.array([0.5]), {"a": np.array([highest])})) == pytest.approx(top)
