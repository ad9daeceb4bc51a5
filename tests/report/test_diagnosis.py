"""How a row errs, as tables and pictures of the page, with links to where it does."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import parse_qs

import pytest

from weaktal.data.annotations import Annotations, Video
from weaktal.data.results import Results
from weaktal.evaluation.detections import KINDS, diagnose_detections
from weaktal.evaluation.protocols import protocol_named
from weaktal.evaluation.scoring import tables_of
from weaktal.report.content import Found, Report, Row, Shown
from weaktal.report.diagnosis import LEFT, STEP, WIDTH, diagnosis_rows
from weaktal.report.page import render
from weaktal.segments import Segment

CLASSES = ("jump", "a & b")
TRUTH = {
    "v 1": (Segment(10, 20, "jump"), Segment(30, 50, "jump")),
    "ü&2": (Segment(0, 10, "a & b"), Segment(60, 70, "jump")),
}
FOUND = {
    "v 1": [Segment(12, 20, "jump", 0.9), Segment(25, 35, "jump", 0.8), Segment(80, 90, "a & b", 0.2)],
    "ü&2": [Segment(0, 30, "a & b", 0.7), Segment(61, 69, "a & b", 0.6)],
}


@pytest.fixture(scope="module")
def report() -> Report:
    videos = {
        name: Video(name, "validation", 100.0, tuple({s.label for s in segments}), segments)
        for name, segments in TRUTH.items()
    }
    protocol = protocol_named("activitynet13")
    tables = tables_of(Annotations(CLASSES, videos), Results(FOUND), protocol, subset="validation")
    found = diagnose_detections(tables, protocol.tious, protocol.name)
    shown = [
        Shown(name, 100.0, segments, [Found("cbp", FOUND[name], final=frozenset({0, 1}))], tags=CLASSES)
        for name, segments in TRUTH.items()
    ]
    return Report("Made up", [], CLASSES, [Row("cbp")], shown, "All.", diagnosis=[("cbp", found)])


def test_every_bar_is_whole_and_in_proportion(report: Report) -> None:
    (row,) = diagnosis_rows(report)
    assert [bar["name"] for bar in row["bars"]] == [f"{k} G" for k in range(1, 11)]
    for depth, bar in enumerate(row["bars"]):
        widths = {part["kind"]: float(part["width"]) for part in bar["parts"]}
        assert sum(widths.values()) == pytest.approx(WIDTH - LEFT, abs=0.4)
        for number, kind in enumerate(KINDS):
            share = row["found"].shares[kind][depth]
            assert widths.get(number, 0.0) == pytest.approx(share * (WIDTH - LEFT), abs=0.06)
        assert bar["y"] + STEP <= int(row["box"].split()[3])
    assert row["box"].startswith(f"0 0 {WIDTH} ")
    assert f'viewBox="{row["box"]}"' in render(report)
    assert [cost["sign"] for cost in row["costs"]] == ["2", "A", "↔", "?", "∅"]


def test_examples_lead_to_the_segment_that_is_most_amiss(report: Report) -> None:
    (row,) = diagnosis_rows(report)
    classes = {one["label"]: one for one in row["classes"]}
    missed, added = classes["jump"]["missed"], classes["jump"]["added"]
    assert [example["name"] for example in missed] == ["v 1", "ü&2"]
    assert parse_qs(missed[0]["href"].removeprefix("#")) == {"video": ["v 1"], "t": ["30.00"]}
    assert parse_qs(added[0]["href"].removeprefix("#")) == {"video": ["v 1"], "segment": ["0.1"]}
    assert parse_qs(classes["a & b"]["added"][0]["href"].removeprefix("#"))["video"] == ["ü&2"]


def test_a_video_that_is_not_on_the_page_is_named_without_a_link(report: Report) -> None:
    few = Report("Made up", [], CLASSES, report.branches, report.videos[1:], "One.", diagnosis=report.diagnosis)
    (row,) = diagnosis_rows(few)
    jump = next(one for one in row["classes"] if one["label"] == "jump")
    assert jump["missed"][0] == {"name": "v 1", "href": ""}


def test_the_section_is_there_only_with_truth(report: Report) -> None:
    page = render(report)
    section = page.partition('<section id="diagnosis"')[2].partition("</section>")[0]
    assert section.count('<svg class="pair"') == len(CLASSES)
    assert "a &amp; b" in section
    assert not re.search(r"\sstyle=", section)  # the page's policy forbids it
    HTMLParser().feed(section)
    plain = render(Report("Made up", [], CLASSES, report.branches, report.videos, "All."))
    assert 'id="diagnosis"' not in plain
    assert '"#diagnosis"' not in plain
