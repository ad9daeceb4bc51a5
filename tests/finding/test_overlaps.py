from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from weaktal.finding.overlaps import OTHER_CLASS, SAME_CLASS, without_overlaps
from weaktal.segments import Segment

segments = st.lists(
    st.builds(
        lambda start, length, label, score: Segment(start, start + length, label, score),
        st.integers(0, 20), st.integers(0, 8), st.sampled_from("ab"), st.integers(0, 9),
    ),
    max_size=12,
)  # fmt: skip


@given(segments)
def test_no_two_share_more_than_they_may(found: list[Segment]) -> None:
    kept = without_overlaps(found)
    for index, one in enumerate(kept):
        for other in kept[index + 1 :]:
            shared = min(one.end, other.end) - max(one.start, other.start)
            allowed = SAME_CLASS if one.label == other.label else OTHER_CLASS
            assert shared <= allowed * min(one.duration, other.duration)
    for gone in set(found) - set(kept):
        assert gone.duration == 0 or any(
            min(one.end, gone.end) > max(one.start, gone.start) and one.score >= gone.score for one in kept
        )


@given(segments, st.integers(0, 9))
def test_what_is_kept_above_a_score_does_not_depend_on_what_lies_below(found: list[Segment], least: int) -> None:
    above = [segment for segment in without_overlaps(found) if segment.score >= least]
    assert above == without_overlaps(segment for segment in found if segment.score >= least)
