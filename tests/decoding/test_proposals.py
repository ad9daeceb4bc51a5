"""Runs above thresholds and their scores, against tables worked by hand and slow loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaktal.decoding.config import DecodeConfig
from weaktal.decoding.proposals import find_proposals, inner_outer, kept_classes, run_maxima, runs, upsampled

ROW = np.array([[0.1, 0.6, 0.8, 0.2, 0.9, 0.9, 0.9, 0.9]])


@pytest.mark.parametrize(
    ("settings_", "expected"),
    [
        ({"theta_loc": 0.5}, [(1, 3, 0.8), (4, 8, 0.9)]),
        ({"theta_loc": 0.6}, [(2, 3, 0.8), (4, 8, 0.9)]),  # "above" is strict
        ({"theta_loc": 0.0}, [(0, 8, 0.9)]),
        ({"theta_loc": 0.9}, []),
        ({"theta_loc": 0.5, "min_snippets": 3}, [(4, 8, 0.9)]),
        # half of 0.9 is 0.45, a third 0.3: the same runs, found once
        ({"theta_loc": (0.5, 1 / 3), "threshold_scale": "video_max"}, [(1, 3, 0.8), (4, 8, 0.9)]),
        ({"theta_loc": (0.7, 0.15)}, [(1, 8, 0.9), (2, 3, 0.8), (4, 8, 0.9)]),
    ],
)
def test_runs_worked_by_hand(settings_: dict[str, object], expected: list[tuple[int, int, float]]) -> None:
    config = DecodeConfig.model_validate({"threshold_scale": "raw", "score": "max", **settings_})
    found = find_proposals(ROW, config)
    assert list(zip(found.starts, found.stops, found.scores, strict=True)) == expected


@pytest.mark.parametrize(
    ("start", "stop", "share", "expected"),
    [
        (1, 3, 0.25, 0.7 - (0.1 + 0.2) / 2),  # one snippet on each side
        (1, 3, 1.0, 0.7 - (0.1 + 0.2 + 0.9) / 3),  # two to the right, one to the left of the video's start
        (4, 8, 0.25, 0.9 - 0.2),  # nothing after the end
        (0, 8, 0.25, ROW.mean()),  # nothing outside at all
    ],
)
def test_inner_minus_outer_worked_by_hand(start: int, stop: int, share: float, expected: float) -> None:
    got = inner_outer(ROW, np.array([0]), np.array([start]), np.array([stop]), share)
    assert got == pytest.approx([expected], abs=1e-12)


@pytest.mark.parametrize(
    ("theta", "keep_top", "expected"),
    [(0.5, 0, [1, 3]), (0.5, 1, [1, 3]), (0.95, 1, [3]), (0.95, 0, []), (0.5, 3, [0, 1, 3]), (0.0, 0, [0, 1, 3])],
)
def test_classes_worth_localizing(theta: float, keep_top: int, expected: list[int]) -> None:
    assert kept_classes(np.array([0.3, 0.6, 0.0, 0.9]), theta, keep_top).tolist() == expected


def test_upsampling_is_linear_between_centers_and_flat_beyond() -> None:
    got = upsampled(np.array([[0.0, 1.0, 0.5]]), 2)
    assert got == pytest.approx(np.array([[0.0, 0.25, 0.75, 0.875, 0.625, 0.5]]))
    assert upsampled(np.array([[0.7]]), 3) == pytest.approx(np.full((1, 3), 0.7))


@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_upsampling_equals_numpy_interpolation(seed: int, factor: int) -> None:
    scores = np.random.default_rng(seed).random((3, 9))
    at = (np.arange(9 * factor) + 0.5) / factor - 0.5
    expected = np.stack([np.interp(at, np.arange(9), row) for row in scores])
    np.testing.assert_allclose(upsampled(scores, factor), expected, atol=1e-12)


def slow_proposals(scores: np.ndarray, config: DecodeConfig) -> dict[tuple[int, int, int], float]:
    """Snippet by snippet."""
    found = {}
    for label, row in enumerate(scores):
        for theta in config.theta_loc:
            bound = theta * max(row) if config.threshold_scale == "video_max" else theta
            start = None
            for t in range(len(row) + 1):
                if t < len(row) and row[t] > bound:
                    start = t if start is None else start
                elif start is not None:
                    if t - start >= config.min_snippets:
                        found[label, start, t] = slow_score(row, start, t, config)
                    start = None
    return found


def slow_score(row: np.ndarray, start: int, stop: int, config: DecodeConfig) -> float:
    if config.score == "max":
        return max(row[start:stop])
    reach = math.ceil((stop - start) * config.outer_share)
    outer = [row[t] for t in range(max(start - reach, 0), min(stop + reach, len(row))) if not start <= t < stop]
    return float(np.mean(row[start:stop]) - (np.mean(outer) if outer else 0.0))


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 40),
    st.sampled_from(["raw", "video_max"]),
    st.sampled_from(["max", "inner_outer"]),
    st.integers(1, 3),
)
@settings(max_examples=150, deadline=None)
def test_equal_to_loops(seed: int, count: int, scale: str, score: str, least: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.integers(0, 8, (3, count)) / 8 if seed % 2 else random.random((3, count))
    config = DecodeConfig.model_validate(
        {"theta_loc": (0.2, 0.5, 0.75), "threshold_scale": scale, "score": score, "min_snippets": least}
    )
    got = find_proposals(scores, config)
    keys = list(zip(got.classes.tolist(), got.starts.tolist(), got.stops.tolist(), strict=True))
    expected = slow_proposals(scores, config)
    assert sorted(expected) == keys
    np.testing.assert_allclose(got.scores, [expected[key] for key in keys], atol=1e-12)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_a_threshold_alone_finds_a_part_of_what_several_find(seed: int) -> None:
    scores = np.random.default_rng(seed).random((2, 30))
    many = _keys(scores, (0.2, 0.4, 0.8))
    one = _keys(scores, (0.4,))
    assert one <= many
    assert many == _keys(scores, (0.2,)) | one | _keys(scores, (0.8,))


def _keys(scores: np.ndarray, thresholds: tuple[float, ...]) -> set[tuple[int, int, int]]:
    found = find_proposals(scores, DecodeConfig(theta_loc=thresholds))
    return set(zip(found.classes.tolist(), found.starts.tolist(), found.stops.tolist(), strict=True))


def test_no_run_is_no_score() -> None:
    classes, starts, stops = runs(np.zeros((2, 3, 5), dtype=bool))
    assert len(classes) == len(starts) == len(stops) == 0
    assert len(run_maxima(np.zeros((3, 5)), classes, starts, stops)) == 0
    assert len(inner_outer(np.zeros((3, 5)), classes, starts, stops, 0.25)) == 0
