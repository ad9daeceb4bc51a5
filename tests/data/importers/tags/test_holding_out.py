from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaktal.data.importers.tags.holding_out import hold_out

TAGS = {f"v{number}": ["abcd"[number % 4]] for number in range(40)}


def test_of_each_class_the_same_share() -> None:
    out = hold_out(TAGS, 0.2)
    assert Counter(TAGS[video][0] for video in out) == {"a": 2, "b": 2, "c": 2, "d": 2}
    assert out == hold_out(TAGS, 0.2)
    assert out != hold_out(TAGS, 0.2, seed=1)
    assert hold_out(TAGS, 0.0) == set()


def test_what_was_decided_stays() -> None:
    before = {video: video in hold_out(TAGS, 0.2) for video in TAGS}
    more = {**TAGS, **{f"w{number}": ["a"] for number in range(5)}}
    out = hold_out(more, 0.2, before=before)
    assert {video for video in out if video in TAGS} == {video for video, held in before.items() if held}
    assert len(out) == 9  # 3 of 15 of the class that grew


def test_videos_without_tags_are_held_out_too() -> None:
    out = hold_out({f"v{number}": [] for number in range(10)}, 0.3)
    assert len(out) == 3


@given(
    st.dictionaries(st.text("xyz", min_size=1, max_size=6), st.lists(st.sampled_from("abc"), max_size=3), max_size=30),
    st.floats(0.01, 0.99),
)
def test_a_class_is_never_left_without_training(tags: dict[str, list[str]], share: float) -> None:
    out = hold_out(tags, share)
    count = Counter(label for labels in tags.values() for label in set(labels))
    left = Counter(label for video, labels in tags.items() if video not in out for label in set(labels))
    for label, number in count.items():
        assert left[label] >= min(number, 2 if number > 2 else 1)


@pytest.mark.parametrize(("number", "held"), [(1, 0), (2, 1), (3, 1), (10, 2)])
def test_small_classes(number: int, held: int) -> None:
    assert len(hold_out({f"v{n}": ["a"] for n in range(number)}, 0.2)) == held
