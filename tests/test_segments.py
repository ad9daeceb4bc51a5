from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaktal.segments import Segment, by_score

times = st.floats(0, 1e6)
segments = st.builds(
    lambda a, b, label, score: Segment(min(a, b), max(a, b), label, score),
    times, times, st.sampled_from("abc"), st.sampled_from([0.0, 0.5, 1.0]),
)  # fmt: skip


def test_worked_example() -> None:
    segment = Segment(1.5, 4.0, "Diving", 0.75)
    assert segment.duration == 2.5
    assert Segment(3.0, 3.0, "Diving").duration == 0.0


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ((-0.1, 1.0, "a"), "start -0.1 is negative"),
        ((2.0, 1.0, "a"), "end 1.0 lies before start 2.0"),
        ((math.nan, 1.0, "a"), "start is nan"),
        ((0.0, math.nan, "a"), "end is nan"),
        ((0.0, math.inf, "a"), "end is inf"),
        ((0.0, 1.0, "a", math.nan), "score is nan"),
        ((0.0, 1.0, "a", -math.inf), "score is -inf"),
        ((0.0, 1.0, ""), "the label is empty"),
    ],
)
def test_impossible_segments(fields: tuple[float, float, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Segment(*fields)


@given(found=st.lists(segments), data=st.data())
def test_order_does_not_depend_on_how_segments_were_found(found: list[Segment], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(found))
    ordered = by_score(found)
    assert by_score(list(shuffled)) == ordered
    assert all(a.score >= b.score for a, b in itertools.pairwise(ordered))
    assert sorted(ordered) == sorted(found)
