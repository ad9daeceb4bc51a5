"""Lanes: everything lies where its time says."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from weaktal.report.content import Curves
from weaktal.report.drawing import CURVE, ROW, clock, curve_lane, prominent, rows_of, segment_lane, ticks, top_of
from weaktal.segments import Segment

CLASSES = ("jump", "run")


def test_segments_lie_on_the_time_axis_in_the_row_of_their_class() -> None:
    segments = [Segment(1.0, 2.0, "run", 0.5), Segment(4.0, 10.0, "jump", 1.0), Segment(0.0, 1.0, "swim", 0.9)]
    lane = ElementTree.fromstring(segment_lane(segments, ["jump", "run"], CLASSES, 10.0, title="t"))
    bars = {bar.findtext("title", ""): bar.attrib for bar in lane.iter("rect")}
    run, jump = bars["run, 1.00 to 2.00 s, score 0.500"], bars["jump, 4.00 to 10.00 s, score 1.000"]
    assert len(bars) == 2
    assert (float(run["x"]), float(run["width"]), float(run["y"])) == (100, 100, ROW + 2)
    assert (float(jump["x"]), float(jump["width"]), float(jump["y"])) == (400, 600, 2)
    assert float(run["fill-opacity"]) < float(jump["fill-opacity"]) == 1
    assert (jump["class"], run["class"]) == ("bar c0", "bar c1")
    assert lane.attrib["viewBox"] == f"0 0 1000 {2 * ROW}"


def test_a_segment_without_length_and_one_behind_the_end_stay_in_view() -> None:
    segments = [Segment(5.0, 5.0, "run"), Segment(9.0, 14.0, "run")]
    lane = ElementTree.fromstring(segment_lane(segments, ["run"], CLASSES, 10.0, title="t", truth=True))
    spans = sorted((float(bar.attrib["x"]), float(bar.attrib["width"])) for bar in lane.iter("rect"))
    assert spans == [(500, 1.5), (900, 100)]
    assert all("score" not in (bar.findtext("title") or "") for bar in lane.iter("rect"))


def test_curves_pass_through_their_values_and_truth_is_shaded() -> None:
    curves = Curves(np.array([0.0, 5.0, 10.0]), {"run": np.array([0.0, 0.5, 0.25])})
    truth = [Segment(2.0, 4.0, "run"), Segment(6.0, 7.0, "jump")]
    lane = ElementTree.fromstring(curve_lane(curves, truth, CLASSES, 10.0, top=0.5, title="t"))
    (path,) = lane.iter("path")
    assert path.attrib["d"] == f"M0 {CURVE - 1}L500 1L1000 {CURVE / 2:g}"
    (shade,) = lane.iter("rect")
    assert (shade.attrib["x"], shade.attrib["width"], shade.attrib["class"]) == ("200", "200", "shade c1")


@pytest.mark.parametrize(
    ("highest", "top"), [(0.0, 1.0), (1.0, 1.0), (0.93, 1.0), (0.42, 0.5), (0.011, 0.02), (7.0, 10.0)]
)
def test_scale_of_curves_is_round(highest: float, top: float) -> None:
    assert top_of(Curves(np.array([1.0]), {"run": np.array([highest])})) == pytest.approx(top)


@pytest.mark.parametrize(
    ("duration", "moments"),
    [
        (10.0, list(range(11))),
        (24.9, [0, 5, 10, 15, 20]),
        (1.0, [k / 10 for k in range(11)]),
        (200.0, list(range(0, 201, 20))),
        (5400.0, list(range(0, 5401, 600))),
    ],
)
def test_ticks(duration: float, moments: list[float]) -> None:
    assert ticks(duration) == pytest.approx(moments)


def test_ticks_are_few_and_inside_for_any_length() -> None:
    for duration in np.geomspace(0.05, 1e5, 300):
        moments = ticks(float(duration))
        assert 2 <= len(moments) <= 11
        assert 0 == moments[0] < moments[-1] <= duration * (1 + 1e-9)


def test_clock() -> None:
    assert [clock(s, 60) for s in (0, 0.30000000000000004, 45)] == ["0 s", "0.3 s", "45 s"]
    assert clock(125, 300) == "2:05"


def test_of_overlapping_readings_the_surest_is_drawn() -> None:
    best, other = Segment(0.0, 4.0, "run", 0.9), Segment(6.0, 7.0, "run", 0.5)
    elsewhere, jump = Segment(4.0, 5.0, "run", 0.2), Segment(3.0, 5.0, "jump", 0.3)
    overlapping, faint = Segment(3.0, 7.0, "run", 0.8), Segment(8.0, 9.0, "run", 0.1)
    assert prominent([faint, overlapping, jump, elsewhere, other, best]) == [best, other, jump, elsewhere]
    assert prominent([]) == []
    assert prominent([best, jump, other], most=2) == [best, other]
    sunk = [Segment(0.0, 1.0, "run", -9.0), Segment(2.0, 3.0, "run", -1.0)]  # such as logarithms
    assert prominent(sunk) == sunk[::-1]


def test_rows_begin_with_the_truth_and_end_with_the_surest_errors() -> None:
    truth = [Segment(5.0, 6.0, "run"), Segment(1.0, 2.0, "jump"), Segment(7.0, 8.0, "run")]
    drawn = {"a": [Segment(0, 1, "x", 0.2), Segment(0, 1, "run", 0.9)], "b": [Segment(0, 1, "y", 0.3)]}
    assert rows_of(truth, drawn) == ["jump", "run", "y", "x"]
    assert rows_of(truth, drawn, most=3) == ["jump", "run", "y"]
