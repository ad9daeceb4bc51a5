"""AP against cases worked by hand, and against an oracle in exact fractions that is slow and plainly right."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest

from weaktal.evaluation.ap import SegmentTable, average_precision

Row = tuple[int, int, float, float, float]  # video, class, start, end, score

TIOUS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)


def table(rows: Sequence[Row]) -> SegmentTable:
    columns = np.array(rows, dtype=np.float64).reshape(-1, 5)
    return SegmentTable(
        columns[:, 2:4].copy(), columns[:, 0].astype(np.int64), columns[:, 1].astype(np.int64), columns[:, 4].copy()
    )


def exact_tiou(a: Row, b: Row) -> Fraction:
    start_a, end_a, start_b, end_b = (Fraction(t) for t in (a[2], a[3], b[2], b[3]))
    shared = max(min(end_a, end_b) - max(start_a, start_b), Fraction(0))
    return shared / (end_a - start_a + end_b - start_b - shared) if shared else Fraction(0)


def oracle_ap(truth: Sequence[Row], predictions: Sequence[Row], threshold: Fraction, label: int) -> Fraction:
    """AP of one class at one threshold, step by step as the definition says it."""
    waiting = [row for row in truth if row[1] == label]
    positives = len(waiting)
    hits: list[bool] = []
    for prediction in sorted((row for row in predictions if row[1] == label), key=lambda row: -row[4]):
        reach = [(exact_tiou(prediction, gt), gt) for gt in waiting if gt[0] == prediction[0]]
        best = max(reach, key=lambda pair: pair[0], default=None)  # the first of several that are best
        hits.append(best is not None and best[0] >= threshold)
        if best is not None and hits[-1]:
            waiting.pop(next(i for i, gt in enumerate(waiting) if gt is best[1]))
    precisions = [Fraction(sum(hits[: n + 1]), n + 1) for n in range(len(hits))]
    rises = [max(precisions[n:]) for n in range(len(hits)) if hits[n]]
    return sum(rises, Fraction(0)) / positives


def assert_agrees(truth: list[Row], predictions: list[Row], classes: int, tious: Sequence[float] = TIOUS) -> None:
    ap = average_precision(table(truth), table(predictions), tious, classes)
    assert ap.shape == (classes, len(tious))
    for label in range(classes):
        if not any(row[1] == label for row in truth):
            assert np.isnan(ap[label]).all()
            continue
        expected = [float(oracle_ap(truth, predictions, Fraction(str(t)), label)) for t in tious]
        np.testing.assert_allclose(ap[label], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("truth", "predictions", "expected"),
    [
        pytest.param([(0, 10)], [(0, 10, 0.5)], 1.0, id="found"),
        pytest.param([(0, 10)], [], 0.0, id="nothing predicted"),
        pytest.param([(0, 10)], [(0, 5, 0.5)], 1.0, id="exactly at the threshold"),
        pytest.param([(0, 10)], [(0, 4.99, 0.5)], 0.0, id="just below it"),
        pytest.param([(0, 10)], [(20, 30, 0.9), (0, 10, 0.5)], 0.5, id="a surer false alarm"),
        pytest.param([(0, 10)], [(0, 10, 0.9), (20, 30, 0.5)], 1.0, id="a later false alarm costs nothing"),
        pytest.param([(0, 10), (20, 30)], [(0, 10, 0.9), (0, 10, 0.8), (20, 30, 0.7)], 5 / 6, id="a duplicate"),
        pytest.param([(0, 10), (0, 10)], [(0, 10, 0.9), (0, 10, 0.8)], 1.0, id="ground truth twice, both found"),
        pytest.param([(0, 10), (20, 30)], [(0, 10, 0.9)], 0.5, id="half of it"),
        # precision 0/1, 1/2, 2/3: interpolation raises the 1/2 to 2/3
        pytest.param([(0, 10), (20, 30)], [(40, 50, 0.9), (0, 10, 0.8), (20, 30, 0.7)], 2 / 3, id="interpolated"),
        # the best ground truth is taken: the second best, still at the threshold, is matched
        pytest.param([(0, 10), (0, 8)], [(0, 10, 0.9), (0, 10, 0.8)], 1.0, id="next highest"),
        # the surer prediction takes (0, 8) at 0.8, which leaves (4, 12) at 0.14 to the other
        pytest.param([(0, 8), (4, 12)], [(0, 10, 0.9), (0, 7, 0.8)], 0.5, id="greedy, not optimal"),
        pytest.param([(5, 5)], [(5, 5, 0.9)], 0.0, id="no length"),
        pytest.param([(5, 5), (0, 10)], [(0, 10, 0.9)], 0.5, id="ground truth without length counts"),
        pytest.param([(0, 10)], [(10, 20, 0.9)], 0.0, id="touching"),
        # equal scores: the one that is listed first ranks first
        pytest.param([(0, 10)], [(20, 30, 0.5), (0, 10, 0.5)], 0.5, id="tie, false alarm first"),
        pytest.param([(0, 10)], [(0, 10, 0.5), (20, 30, 0.5)], 1.0, id="tie, hit first"),
        # equal tIoUs of 0.5 with both: the first ground truth is taken, the other one stays for the second
        pytest.param([(0, 5), (5, 10)], [(0, 10, 0.9), (5, 9, 0.8)], 1.0, id="tie of tIoU"),
        pytest.param([(0, 5), (5, 10)], [(0, 10, 0.9), (0, 4, 0.8)], 0.5, id="tie of tIoU, the other way"),
        pytest.param([(5, 10), (0, 5)], [(0, 10, 0.9), (0, 4, 0.8)], 1.0, id="tie of tIoU, listed the other way"),
        pytest.param([(0, 10)], [(0, 10, -3.0), (20, 30, -4.0)], 1.0, id="negative scores"),
    ],
)
def test_worked_by_hand(
    truth: list[tuple[float, float]], predictions: list[tuple[float, float, float]], expected: float
) -> None:
    gt: list[Row] = [(0, 0, *span, 1.0) for span in truth]
    found: list[Row] = [(0, 0, *row) for row in predictions]
    assert average_precision(table(gt), table(found), [0.5], 1) == pytest.approx(expected, abs=1e-15)
    assert_agrees(gt, found, 1)


def test_videos_and_classes_do_not_mix() -> None:
    truth: list[Row] = [(0, 0, 0, 10, 1), (1, 1, 0, 10, 1)]
    predictions: list[Row] = [(0, 0, 0, 10, 0.9), (1, 0, 0, 10, 0.95), (0, 1, 0, 10, 0.5)]
    assert average_precision(table(truth), table(predictions), [0.5], 2).tolist() == [[0.5], [0.0]]


def test_class_without_ground_truth_is_nan() -> None:
    ap = average_precision(table([(0, 1, 0, 1, 1)]), table([(0, 0, 0, 1, 1)]), [0.5, 0.7], 3)
    np.testing.assert_array_equal(ap, [[np.nan, np.nan], [0, 0], [np.nan, np.nan]])


def random_rows(rng: np.random.Generator, count: int, classes: int, videos: int) -> list[Row]:
    """Quarter seconds and few scores: touching, zero-length, equal and tied ones turn up all the time."""
    starts = rng.integers(0, 32, count)
    ends = starts + rng.integers(0, 20, count)
    columns = (rng.integers(0, videos, count), rng.integers(0, classes, count), starts / 4, ends / 4)
    return [tuple(row) for row in zip(*(c.tolist() for c in columns), (rng.integers(0, 6, count) / 8).tolist())]  # type: ignore[misc]  # noqa: B905


@pytest.mark.parametrize("seed", range(8))
def test_agrees_with_the_oracle_on_five_hundred_small_worlds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(500):
        classes, videos = int(rng.integers(1, 4)), int(rng.integers(1, 4))
        truth = random_rows(rng, int(rng.integers(1, 9)), classes, videos)
        predictions = random_rows(rng, int(rng.integers(0, 14)), classes, videos)
        if predictions and rng.random() < 0.5:
            predictions += [predictions[i] for i in rng.integers(0, len(predictions), 3)]
        tious = rng.choice(TIOUS, 2, replace=False).tolist()
        assert_agrees(truth, predictions, classes, tious)


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_the_oracle_in_a_crowd(seed: int) -> None:
    """Many predictions for the same few ground truths, which they take from each other over many rounds."""
    rng = np.random.default_rng(seed)
    starts = rng.uniform(0, 20, 30)
    truth: list[Row] = [(0, 0, s, s + d, 1.0) for s, d in zip(starts, rng.uniform(5, 15, 30), strict=True)]
    starts = rng.uniform(0, 20, 300)
    predictions: list[Row] = [
        (0, 0, s, s + d, c) for s, d, c in zip(starts, rng.uniform(5, 15, 300), rng.random(300), strict=True)
    ]
    assert_agrees(truth, predictions, 1, (0.1, 0.5, 0.9))


def test_times_of_any_size() -> None:
    """Videos and classes share one time line inside; neither huge nor tiny times may mix them up."""
    truth: list[Row] = [(0, 0, 0, 1, 1), (1, 0, 1e12, 1e12 + 1, 1), (0, 1, 0, 1e-9, 1), (1, 1, 0, 1e300, 1)]
    assert_agrees(truth, [(v, c, s, e, 0.5) for v, c, s, e, _ in truth], 2)
    assert_agrees(truth[:3], [(1 - v, c, s, e, 0.5) for v, c, s, e, _ in truth], 2)
    assert_agrees([(0, 0, 0, 1e300, 1)], [(1, 0, 0, 1e300, 0.5)], 1)  # another video, whatever the rounding


def test_order_of_the_input_matters_only_for_ties() -> None:
    rng = np.random.default_rng(5)
    truth, predictions = random_rows(rng, 40, 3, 4), random_rows(rng, 80, 3, 4)
    predictions = [(*row[:4], score) for row, score in zip(predictions, rng.permutation(80) / 80, strict=True)]
    shuffled = [predictions[i] for i in rng.permutation(80)]
    one = average_precision(table(truth), table(predictions), TIOUS, 3)
    np.testing.assert_array_equal(one, average_precision(table(truth), table(shuffled), TIOUS, 3))


def test_thresholds_are_independent() -> None:
    rng = np.random.default_rng(6)
    truth, predictions = table(random_rows(rng, 40, 3, 4)), table(random_rows(rng, 80, 3, 4))
    together = average_precision(truth, predictions, TIOUS, 3)
    for column, threshold in enumerate(TIOUS):
        np.testing.assert_array_equal(together[:, [column]], average_precision(truth, predictions, [threshold], 3))
