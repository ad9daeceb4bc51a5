from __future__ import annotations

import math

import numpy as np
import pytest

from weaktal.evaluation.diagnosis import PseudoLabelQuality, SnippetErrors, pseudo_label_quality, snippet_errors

ACTION = np.array([[1, 0], [1, 0], [1, 0], [0, 0], [0, 0]], dtype=bool)  # the video holds class 0 only


@pytest.mark.parametrize(
    ("scores", "threshold", "expected"),
    [
        ([0.9, 0.6, 0.2, 0.1, 0.1], 0.5, SnippetErrors(1, 3, 0, 2)),  # incomplete: half of 0.9 is 0.45
        ([0.9, 0.8, 0.7, 0.6, 0.1], 0.5, SnippetErrors(0, 3, 1, 2)),  # over-complete
        ([0.009, 0.006, 0.002, 0.001, 0.001], 0.5, SnippetErrors(1, 3, 0, 2)),  # only the ratio matters
        ([0.8, 0.4, 0.5, 0.4, 0.0], 0.5, SnippetErrors(1, 3, 0, 2)),  # at the threshold is not above it
        ([0.9, 0.6, 0.2, 0.1, 0.1], 0.0, SnippetErrors(0, 3, 2, 2)),
        ([0.0, 0.0, 0.0, 0.0, 0.0], 0.5, SnippetErrors(3, 3, 0, 2)),
        ([0.0, 0.0, 0.0, 0.0, 0.9], 0.5, SnippetErrors(3, 3, 1, 2)),
    ],
)
def test_snippet_errors_worked_by_hand(scores: list[float], threshold: float, expected: SnippetErrors) -> None:
    both = np.stack([scores, np.ones(5)], axis=1)  # what class 1 scores is of no account
    assert snippet_errors(both, ACTION, relative_threshold=threshold) == expected


def test_errors_add_up_over_videos() -> None:
    total = SnippetErrors(1, 4, 1, 10) + SnippetErrors(2, 4, 0, 10)
    assert (total.miss_rate, total.false_alarm_rate) == (3 / 8, 1 / 20)
    assert math.isnan(SnippetErrors().miss_rate)
    assert math.isnan(SnippetErrors().false_alarm_rate)


def test_video_without_action_counts_nothing() -> None:
    assert snippet_errors(np.ones((4, 2)), np.zeros((4, 2), dtype=bool)) == SnippetErrors()
    assert snippet_errors(np.ones((0, 2)), np.zeros((0, 2), dtype=bool)) == SnippetErrors()


@pytest.mark.parametrize(
    ("scores", "truth", "threshold"),
    [
        (np.ones((4, 2)), np.ones((4, 3), dtype=bool), 0.5),
        (np.ones(4), np.ones(4, dtype=bool), 0.5),
        (-np.ones((4, 2)), np.ones((4, 2), dtype=bool), 0.5),
        (np.full((4, 2), np.nan), np.ones((4, 2), dtype=bool), 0.5),
        (np.ones((4, 2)), np.ones((4, 2), dtype=bool), 1.0),
    ],
)
def test_bad_arrays_are_refused(scores: np.ndarray, truth: np.ndarray, threshold: float) -> None:
    with pytest.raises(ValueError):
        snippet_errors(scores, truth, relative_threshold=threshold)


def test_pseudo_labels_worked_by_hand() -> None:
    labels = np.array([1, 1, -1, 1, 0, 0, -1])
    truth = np.array([1, 1, 1, 0, 0, 1, 0], dtype=bool)
    quality = pseudo_label_quality(labels, truth)
    assert quality == PseudoLabelQuality(3, 2, 2, 1, 4, 3)
    assert quality.foreground_precision == 2 / 3
    assert quality.foreground_recall == 2 / 4
    assert quality.background_precision == 1 / 2
    assert quality.background_recall == 1 / 3
    assert quality + quality == PseudoLabelQuality(6, 4, 4, 2, 8, 6)
    assert math.isnan(PseudoLabelQuality().foreground_precision)


def test_bad_pseudo_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="1, 0 or -1"):
        pseudo_label_quality(np.array([0.5]), np.array([True]))
    with pytest.raises(ValueError, match="one shape"):
        pseudo_label_quality(np.array([1, 0]), np.array([True]))
