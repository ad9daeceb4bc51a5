"""Lengths of all videos together against the grid they are said to lie on."""

from __future__ import annotations

import random

import pytest

from weaktal.data.grid_fit import Fit, fit
from weaktal.timeline import SnippetGrid

I3D = SnippetGrid(25.0, 16, 16)
_RANDOM = random.Random(0)
DURATIONS = {
    "varied": [60.0 + 13 * i for i in range(20)],
    "equal": [100.0] * 12,
    "short": [_RANDOM.uniform(8, 40) for _ in range(30)],
}


def made(durations: list[float], fps: float, window: int = 16, stride: int = 16, *, cut: int = 0) -> Fit:
    """Features made in one way, described as I3D's usual grid."""
    lengths = {f"v{i}": int((seconds * fps - window) // stride) + 1 - cut for i, seconds in enumerate(durations)}
    found = fit(lengths, {f"v{i}": seconds for i, seconds in enumerate(durations)}, I3D)
    assert found is not None
    return found


@pytest.mark.parametrize("kind", DURATIONS)
@pytest.mark.parametrize(
    ("fps", "window", "stride", "ratio"),
    [(30, 16, 16, 1.2), (24, 16, 16, 0.96), (25, 15, 15, 16 / 15), (12.5, 16, 16, 0.5), (25, 16, 8, 2.0)],
)
def test_another_grid_is_seen_and_named(kind: str, fps: float, window: int, stride: int, ratio: float) -> None:
    found = made(DURATIONS[kind], fps, window, stride)
    assert found.wrong
    assert found.ratio == pytest.approx(ratio, rel=0.012)
    assert found.spacing == pytest.approx(stride / fps, rel=0.012)
    assert f"about {found.ratio:.3g} times the snippets" in found.problem


@pytest.mark.parametrize(
    ("fps", "stride", "words"),
    [(30, 16, "16 frames at 30 fps"), (24, 16, "16 frames at 24 fps"), (25, 15, "15 frames at 25 fps")],
)
def test_the_usual_grid_that_would_fit(fps: float, stride: int, words: str) -> None:
    assert words in made(DURATIONS["varied"], fps, stride, stride).advice


@pytest.mark.parametrize("kind", DURATIONS)
@pytest.mark.parametrize(("fps", "cut"), [(25, 0), (25, 1), (25, 3), (24.9, 0)])
def test_features_a_few_snippets_short_are_as_published(kind: str, fps: float, cut: int) -> None:
    assert not made(DURATIONS[kind], fps, cut=cut).wrong


@pytest.mark.parametrize("kind", DURATIONS)
def test_overlapping_windows_are_told_by_what_is_short_of_all_videos(kind: str) -> None:
    found = made(DURATIONS[kind], 25, 64, 16)
    assert not found.wrong
    assert found.overlap is not None
    assert "if windows overlap" in found.overlap
    assert made(DURATIONS[kind], 25).overlap is None


def test_videos_that_do_not_agree_prove_nothing() -> None:
    """Packages made at each video's own rate, some at 25 and some at 30."""
    rates = [25.0, 30.0] * 10
    lengths = {f"v{i}": int((100 + i) * rate / 16) for i, rate in enumerate(rates)}
    found = fit(lengths, {name: 100.0 + i for i, name in enumerate(lengths)}, I3D)
    assert found is not None
    assert not found.wrong


def test_two_videos_prove_nothing_and_none_is_no_matter() -> None:
    assert not made([100.0, 130.0], 30).wrong
    assert fit({}, {}, I3D) is None


def test_two_damaged_videos_among_ten_are_not_the_grid() -> None:
    lengths = {f"v{i}": 15 if i in (0, 3) else 40 + i for i in range(10)}
    found = fit(lengths, {f"v{i}": (40 + i) * 0.64 for i in range(10)}, I3D)
    assert found is not None
    assert not found.wrong


def _mixed(other: float, every: int) -> Fit:
    """Every so many-th of 40 videos made at another rate of frames."""
    seconds = {f"v{i}": 30.0 + 5 * i for i in range(40)}
    rates = {name: other if i % every == 0 else 25.0 for i, name in enumerate(seconds)}
    found = fit({name: int((length * rates[name] - 16) // 16) + 1 for name, length in seconds.items()}, seconds, I3D)
    assert found is not None
    return found


@pytest.mark.parametrize("every", [2, 4, 10])
def test_a_package_made_at_two_rates_is_told(every: int) -> None:
    groups = _mixed(30.0, every).groups
    assert groups is not None
    assert "about 1.2 times" in groups
    assert f"{40 // every}, such as v" in groups


@pytest.mark.parametrize("kind", DURATIONS)
def test_one_rate_makes_no_groups(kind: str) -> None:
    for fps in (25.0, 30.0):
        assert made(DURATIONS[kind], fps).groups is None
    assert _mixed(25.5, 2).groups is None
