"""What predictions are beside the truth."""

from __future__ import annotations

import pytest

from weaktal.report.kinds import kinds
from weaktal.segments import Segment

TRUTH = [Segment(10, 20, "a"), Segment(30, 40, "b")]


@pytest.mark.parametrize(
    ("segment", "kind"),
    [
        (Segment(11, 20, "a", 0.5), "hit"),
        (Segment(10, 20, "b", 0.5), "label"),
        (Segment(17, 24, "a", 0.5), "localization"),
        (Segment(17, 24, "b", 0.5), "confusion"),
        (Segment(19.5, 29, "a", 0.5), "background"),
        (Segment(50, 60, "a", 0.5), "background"),
    ],
)
def test_each_kind(segment: Segment, kind: str) -> None:
    found, missed = kinds([segment], TRUTH, frozenset({0}), threshold=0.5)
    assert found == [kind]
    assert missed == ([1] if kind == "hit" else [0, 1])


def test_the_surest_is_the_hit_and_the_other_a_double() -> None:
    segments = [Segment(11, 20, "a", 0.3), Segment(10, 19, "a", 0.9)]
    assert kinds(segments, TRUTH, frozenset({0, 1}), threshold=0.5) == (["double", "hit"], [1])


def test_shown_ones_are_matched_first() -> None:
    segments = [Segment(11, 20, "a", 0.3), Segment(10, 19, "a", 0.9)]
    assert kinds(segments, TRUTH, frozenset({0}), threshold=0.5) == (["hit", "double"], [1])
    assert kinds(segments, TRUTH, frozenset(), threshold=0.5)[1] == [0, 1]


def test_nothing_predicted_or_nothing_true() -> None:
    assert kinds([], TRUTH, frozenset(), threshold=0.5) == ([], [0, 1])
    assert kinds([Segment(0, 1, "a")], [], frozenset({0}), threshold=0.5) == (["background"], [])


def test_the_segment_that_is_overlapped_most_decides() -> None:
    truth = [Segment(10, 20, "a"), Segment(14, 20, "b")]
    segments = [Segment(14, 20, "a", 0.5)]  # .6 of the one, all of the other
    assert kinds(segments, truth, frozenset({0}), threshold=0.7) == (["label"], [0, 1])
    assert kinds(segments, truth, frozenset({0}), threshold=0.5) == (["hit"], [1])
