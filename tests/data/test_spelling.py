from __future__ import annotations

import pytest

from weaktal.data.spelling import difference, variants


@pytest.mark.parametrize("other", ["HighJump ", "highjump", "High Jump", "high_jump", "HIGH-JUMP"])
def test_spellings_of_one_label(other: str) -> None:
    assert variants(["Diving", "HighJump", other]) == ["HighJump", other]


def test_labels_of_their_own() -> None:
    assert variants(["run", "run2", "+", "-", "跳", "Runs"]) == []


@pytest.mark.parametrize(
    ("name", "known", "how"),
    [
        ("v_abc", "abc", "a leading v_"),
        ("abc", "v_abc", "a leading v_"),
        ("abc.mp4", "abc", "the ending .mp4"),
        ("abc", "abc.webm", "the ending .webm"),
        ("Abc ", "abc", "case or blanks"),
    ],
)
def test_how_names_of_videos_differ(name: str, known: str, how: str) -> None:
    assert difference(name, {known, "other"}) == f"{name!r} and {known!r} differ by {how} only"


def test_names_that_have_nothing_in_common() -> None:
    assert difference("abc", {"abd", "v_abd"}) is None
