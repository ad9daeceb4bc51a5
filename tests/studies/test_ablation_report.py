"""Markdown, CSV and pictures of made-up measurements whose statistics are worked by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from weaktal.studies.pictures import save
from weaktal.studies.plots import errors_figure, table_figure
from weaktal.studies.report import cells_csv, errors_markdown, filled, markdown, summary_csv, verdict
from weaktal.studies.seeded import Measured
from weaktal.studies.statistics import estimate
from weaktal.studies.tables import Line, Reading, Table

TIOUS = (0.3, 0.5)


def cell(name: str, seed: int, low: float, high: float, misses: float | None, alarms: float | None) -> Measured:
    return Measured(
        reading=name,
        seed=seed,
        after="warm-up",
        branch="cbp",
        settings={"of": name.removesuffix("-again")},
        tiou=TIOUS,
        map=(low, high),
        average_map=(low + high) / 2,
        ap={"jump": (low, high)},
        misses=misses,
        false_alarms=alarms,
    )


FOUND = {
    "alone": {0: cell("alone", 0, 0.5, 0.3, 0.5, 0.1), 1: cell("alone", 1, 0.6, 0.4, 0.25, None)},
    "taught": {
        0: cell("taught", 0, 0.75, 0.35, 0.25, 0.125),
        1: cell("taught", 1, 0.8, 0.5, 0.125, 0.25),
        2: cell("taught", 2, 0.9, 0.7, 0.0, 0.0),
    },
    "alone-again": {0: cell("alone-again", 0, 0.5, 0.3, 0.5, 0.1)},
}
TABLE = Table(
    "9",
    "Table 9: made up",
    (
        Line(Reading("alone", "CBP | alone")),
        Line(Reading("taught", "CBP, taught", ("losses.contrast=1",), branch="both"), "alone", "below"),
        Line(Reading("alone-again", "CBP again"), "alone", "above"),
        Line(Reading("failed", "not there"), "alone"),
    ),
)

# By hand: alone 40 and 50, taught 55, 65 and 80, so 15 and 15 more where both are: no spread, an interval of no width.
MARKDOWN = """\
## Table 9: made up

|  | 0.3 | 0.5 | mean ± std | misses | false alarms | difference | n |  |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |
| CBP \\| alone (`alone`) | 55.0 | 35.0 | 45.0 ± 7.1 | 0.375 | 0.100 |  | 2 |  |
| CBP, taught (`taught`) | 81.7 | 51.7 | 66.7 ± 12.6 | 0.125 | 0.125 | +15.0 [+15.0, +15.0] to `alone` | 3 | \
NOT as in the paper |
| CBP again (`alone-again`) | 50.0 | 30.0 | 40.0 | 0.500 | 0.100 | is `alone` | 1 |  |
| not there (`failed`) |  |  |  |  |  |  | 0 |  |
"""

SUMMARY = """\
table,reading,title,overrides,after,branch,n,mean_map,std,low,high,misses,false_alarms,versus,difference,\
difference_low,difference_high,paper,verdict
9,alone,CBP | alone,,end,cbp,2,45,7.07107,-18.531,108.531,0.375,0.1,,,,,,
9,taught,"CBP, taught",losses.contrast=1,end,both,3,66.6667,12.5831,35.4086,97.9247,0.125,0.125,alone,15,15,15,\
below,NOT as in the paper
9,alone-again,CBP again,,end,cbp,1,40,,,,0.5,0.1,alone,0,,,above,
9,failed,not there,,end,cbp,0,,,,,,,alone,,,,,
"""

CELLS = """\
reading,seed,after,branch,chosen,map_0.3,map_0.5,mean_map,misses,false_alarms
alone,0,warm-up,cbp,,50,30,40,0.5,0.1
alone,1,warm-up,cbp,,60,40,50,0.25,
taught,0,warm-up,cbp,,75,35,55,0.25,0.125
taught,1,warm-up,cbp,,80,50,65,0.125,0.25
taught,2,warm-up,cbp,,90,70,80,0,0
alone-again,0,warm-up,cbp,,50,30,40,0.5,0.1
"""


def test_markdown() -> None:
    assert markdown(TABLE, filled(TABLE, FOUND), TIOUS) == MARKDOWN


def test_csv() -> None:
    assert summary_csv([(TABLE, filled(TABLE, FOUND))]) == SUMMARY
    assert cells_csv(FOUND) == CELLS


def test_errors_before_and_after() -> None:
    found = {"cbp-warm-up": FOUND["alone"], "whole": FOUND["taught"], "vlp-vanilla": FOUND["taught"]}
    assert errors_markdown(found) == ""
    lines = errors_markdown({**found, "whole-vlp": FOUND["alone"]}).splitlines()
    # Misses 0.5 to 0.25 and 0.25 to 0.125: -0.1875, spread 0.0884, half width 12.706 x 0.0884 / sqrt(2) = 0.794.
    assert lines[4] == "| CBP: misses | 0.375 | 0.125 | -0.188 [-0.982, +0.607] | 2 | as in the paper, uncertain |"
    assert lines[5] == "| CBP: false alarms | 0.100 | 0.125 | +0.025 | 1 |  |"
    assert lines[7] == "| VLP: false alarms | 0.125 | 0.100 | -0.025 | 1 | as in the paper, uncertain |"


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        ([1.0, 1.1, 0.9], "as in the paper"),
        ([-1.0, -1.1, -0.9], "NOT as in the paper"),
        ([1.0, -3.0, 3.0], "as in the paper, uncertain"),
        ([-1.0], "not as in the paper, uncertain"),
        ([0.0, 0.0], "no difference"),
        ([], ""),
    ],
)
def test_signs_beside_the_papers(differences: list[float], expected: str) -> None:
    assert verdict(estimate(differences), "above") == expected


def test_pictures(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    written = save(table_figure(TABLE, filled(TABLE, FOUND), FOUND), tmp_path / "table")
    assert [path.name for path in written] == ["table.png", "table.svg"]
    assert written[0].read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    text = written[1].read_text()
    assert "</svg>" in text
    again = save(table_figure(TABLE, filled(TABLE, FOUND), FOUND), tmp_path / "again")
    assert again[1].read_text() == text
    assert errors_figure(FOUND) is None
    errors = errors_figure(dict.fromkeys(("cbp-warm-up", "whole", "vlp-vanilla", "whole-vlp"), FOUND["taught"]))
    assert errors is not None
    heights = [bar.get_height() for bar in errors.axes[0].patches]
    assert heights == pytest.approx([0.125] * 8)
