"""How fast the page of ``weaktal view`` opens in Chromium, and how much memory it takes there.

    python benchmarks/page.py

A page of 1,000 videos of ten minutes with two rows of 30 segments and their curves; and a page of one video of three
hours with 5,000 segments, which is drawn at random zooms. Needs the program chromium and playwright.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from weaktal.report.content import Curves, Found, Report, Row, Shown
from weaktal.report.page import write_report
from weaktal.segments import Segment

LABELS = [f"class {number}" for number in range(20)]


def made_up(videos: int, segments: int, length: float, points: int) -> Report:
    draw = np.random.default_rng(0)
    shown = []
    for number in range(videos):
        rows = []
        for name in ("cbp", "both"):
            starts = np.sort(draw.uniform(0, length - 5, segments)).tolist()
            found = [Segment(start, start + 4, LABELS[k % 3], float(draw.uniform())) for k, start in enumerate(starts)]
            values = {label: draw.uniform(size=points) for label in LABELS[:2]}
            curves = Curves((np.arange(points) + 0.5) * length / points, values)
            rows.append(Found(name, found, curves, frozenset(range(segments))))
        shown.append(Shown(f"video_{number:05d}", length, None, rows, tags=LABELS[:2]))
    return Report("Made up", [], LABELS, [Row("cbp"), Row("both")], shown, "All.")


def megabytes(page: Any) -> float:
    """Memory that the page's JavaScript and elements hold, after a collection."""
    client = page.context.new_cdp_session(page)
    client.send("HeapProfiler.collectGarbage")
    return float(client.send("Runtime.getHeapUsage")["totalSize"]) / 1e6


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as running:
        browser = running.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for name, report in (
            ("1,000 videos of 10 minutes", made_up(1000, 30, 600.0, 300)),
            ("three hours with 5,000 segments a row", made_up(1, 5000, 10_800.0, 1200)),
        ):
            path = Path(folder) / "page.html"
            began = time.perf_counter()
            write_report(path, report)
            written = time.perf_counter() - began
            page = browser.new_page(viewport={"width": 1400, "height": 900})
            page.goto(path.as_uri())
            page.wait_for_selector("html[data-ready]")
            opened = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
            frames = []
            plot = page.locator("#plot").bounding_box()
            page.mouse.move(plot["x"] + 300, plot["y"] + 60)
            for number in range(40):
                before = page.evaluate("performance.now()")
                page.mouse.wheel(0, -300 if number % 10 < 5 else 300)
                page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
                frames.append(page.evaluate("performance.now()") - before)
            size = path.stat().st_size / 1e6
            print(f"{name}: {size:.1f} MB, written in {written:.1f} s, open in {opened / 1000:.2f} s")
            print(f"  {megabytes(page):.0f} MB of JavaScript, {statistics.median(frames):.0f} ms a step of the wheel")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
