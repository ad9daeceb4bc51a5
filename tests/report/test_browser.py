"""The page in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from weaktal.data.results import Results, write_results
from weaktal.report.content import Report
from weaktal.report.drawing import COLORS
from weaktal.report.page import write_report
from weaktal.report.view import view
from weaktal.segments import Segment

# Nothing of this may look for updates or reach for the network.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("needs the program chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=executable, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page that fails the test for anything that a browser complains about."""
    opened = browser.new_page(viewport={"width": 1200, "height": 900})
    faults: list[str] = []
    opened.on("console", lambda message: faults.append(message.text))
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("requestfailed", lambda request: faults.append(request.url))
    yield opened
    opened.close()
    assert faults == []


def test_pictures_and_lanes_are_there_and_wide(page: Any, report: Report, tmp_path: Path) -> None:
    write_report(tmp_path / "report.html", report)
    page.goto((tmp_path / "report.html").as_uri())
    assert page.title() == report.title
    widths = page.evaluate("[...document.images].map(i => i.naturalWidth)")
    assert widths == [32]
    boxes = page.evaluate("[...document.querySelectorAll('svg')].map(s => s.getBoundingClientRect().toJSON())")
    assert len(boxes) == 5  # one video's truth, two branches, and curves; the truth of another without branches
    assert len({(round(box["left"]), round(box["width"])) for box in boxes}) == 1  # one time axis
    assert boxes[0]["width"] > 700


@pytest.mark.parametrize("width", [360, 800, 1600])
def test_page_fits_any_width(page: Any, report: Report, tmp_path: Path, width: int) -> None:
    write_report(tmp_path / "report.html", report)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto((tmp_path / "report.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_results_alone_have_bars_and_no_truth(page: Any, tmp_path: Path) -> None:
    found = {"a": [Segment(1.0, 4.0, "jump", 0.9), Segment(5.0, 8.0, "run", 0.4)], "b": []}
    write_results(tmp_path / "mine.json", Results(found))
    view([tmp_path / "mine.json"], tmp_path / "view.html")
    page.goto((tmp_path / "view.html").as_uri())
    figure = page.locator(".figure")
    assert figure.count() == 1
    axis = figure.locator(".axis").bounding_box()
    bars = sorted((bar.bounding_box() for bar in figure.locator(".bar").all()), key=lambda box: box["x"])
    spans = [((box["x"] - axis["x"]) / axis["width"], box["width"] / axis["width"]) for box in bars]
    assert spans == [pytest.approx((1 / 8, 3 / 8), abs=0.01), pytest.approx((5 / 8, 3 / 8), abs=0.01)]
    page.mouse.move(bars[0]["x"] + 5, bars[0]["y"] + 5)
    assert "score 0.900" in page.locator("#tip").inner_text()
    assert "truth" not in page.locator("#tip").inner_text()


def test_pointer_and_keys_read_the_numbers(page: Any, report: Report, tmp_path: Path) -> None:
    write_report(tmp_path / "report.html", report)
    page.goto((tmp_path / "report.html").as_uri())
    figure, tip = page.locator(".figure").first, page.locator("#tip")
    assert not tip.is_visible()
    figure.scroll_into_view_if_needed()
    axis = figure.locator(".axis").bounding_box()
    page.mouse.move(axis["x"] + 0.2 * axis["width"], axis["y"] + 5)
    said = tip.inner_text()
    assert "2.00 s" in said
    assert "jump" in said
    assert report.classes[1] in said  # as text: the page would have another title otherwise
    bar = figure.locator(".bar").last.bounding_box()
    page.mouse.move(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2)
    assert "score 0.900" in tip.inner_text()
    page.mouse.move(5, 5)
    assert not tip.is_visible()
    figure.focus()
    page.keyboard.press("ArrowLeft")
    before = tip.inner_text().split()[0]
    page.keyboard.press("ArrowRight")
    assert float(tip.inner_text().split()[0]) == pytest.approx(float(before) + 0.1, abs=0.011)
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    assert page.title() == report.title


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_marks_stand_out_from_the_paper(page: Any, report: Report, tmp_path: Path, scheme: str) -> None:
    """WCAG's contrast: 4.5 for text, 3 for what a figure is made of."""
    write_report(tmp_path / "report.html", report)
    page.emulate_media(color_scheme=scheme)
    page.goto((tmp_path / "report.html").as_uri())
    names = ["ink", "quiet", *(f"c{number}" for number in range(COLORS)), "other"]
    colors = page.evaluate(
        "names => names.map(n => getComputedStyle(document.documentElement).getPropertyValue('--' + n).trim())",
        ["paper", "note", *names],
    )
    paper, note, *others = map(luminance, colors)
    for name, other in zip(names, others, strict=True):
        assert contrast(other, paper) >= (4.5 if name in ("ink", "quiet") else 3), name
    assert contrast(others[0], note) >= 4.5


def luminance(color: str) -> float:
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)
