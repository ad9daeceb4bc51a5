from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaktal.extraction.snippets import Windows
from weaktal.timeline import SnippetGrid


def cut(frames: int, window: int, stride: int, offsets: list[int] | None = None) -> list[list[int]]:
    windows: Windows[int] = Windows(window, stride, offsets)
    found = [snippet for frame in range(frames) for snippet in windows.push(frame)]
    return [*found, *windows.finish()]


def oracle(frames: int, window: int, stride: int, offsets: list[int]) -> list[list[int]]:
    """From the whole list of frames at once."""
    count = max(1, math.ceil((frames - window) / stride) + 1)
    return [[min(i * stride + offset, frames - 1) for offset in offsets] for i in range(count)]


@given(st.integers(1, 90), st.integers(1, 20), st.integers(1, 25), st.data())
def test_equals_the_oracle_and_the_timeline(frames: int, window: int, stride: int, data: st.DataObject) -> None:
    offsets = sorted(data.draw(st.sets(st.integers(0, window - 1), min_size=1)))
    found = cut(frames, window, stride, offsets)
    assert found == oracle(frames, window, stride, offsets)
    assert len(found) == SnippetGrid(fps=25.0, window=window, stride=stride).count(frames / 25.0)


@pytest.mark.parametrize(
    ("frames", "window", "stride", "expected"),
    [
        (5, 4, 4, [[0, 1, 2, 3], [4, 4, 4, 4]]),
        (4, 4, 4, [[0, 1, 2, 3]]),
        (2, 4, 4, [[0, 1, 1, 1]]),
        (6, 4, 2, [[0, 1, 2, 3], [2, 3, 4, 5]]),
        (7, 2, 5, [[0, 1], [5, 6]]),
    ],
)
def test_worked_examples(frames: int, window: int, stride: int, expected: list[list[int]]) -> None:
    assert cut(frames, window, stride) == expected


def test_no_frames_no_snippets() -> None:
    assert cut(0, 4, 4) == []


def test_holds_no_more_than_a_window() -> None:
    windows: Windows[int] = Windows(16, 8)
    for frame in range(1000):
        list(windows.push(frame))
        assert len(windows._held) <= 16
