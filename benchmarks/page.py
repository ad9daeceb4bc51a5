"""How fast the page of ``weaktal view`` opens in Chromium, and how much memory it takes there.

    python benchmarks/page.py

A page of 1,000 videos of ten minutes with two rows of 30 segments and their curves; a page of one video of three hours
with 5,000 segments in each of two rows; and 100 segments that are judged with a key each. Steps of the wheel zoom in
and out, and pan; a step's time is from the event to the frame that shows it. Memory is that of the page's own process.
Needs Linux, the program chromium and playwright.
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


def processor_time(client: Any) -> float:
    """Seconds of processor time of the page's process so far, over its threads."""
    metrics = {metric["name"]: metric["value"] for metric in client.send("Performance.getMetrics")["metrics"]}
    return float(metrics["ProcessTime"])


def megabytes(browser: Any) -> float:
    """Memory of the largest page's process, in MB: what is its own, and its share of what it has in common."""
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    pages = [process["id"] for process in processes if process["type"] == "renderer"]
    return max(_proportional(page) for page in pages)


def _proportional(process: int) -> float:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6


def steps(page: Any, count: int = 60) -> list[float]:
    """Milliseconds from a step of the wheel to the frame that shows it: zooming in and out, and panning."""
    page.evaluate(
        """() => {
            window.frames_ = [];
            document.getElementById("plot").addEventListener("wheel", () => {
                const before = performance.now();
                requestAnimationFrame(() => setTimeout(() => window.frames_.push(performance.now() - before)));
            }, { capture: true });
        }"""
    )
    plot = page.locator("#plot").bounding_box()
    page.mouse.move(plot["x"] + 300, plot["y"] + 60)
    for number in range(count):
        if number % 20 < 15:
            page.mouse.wheel(0, -300 if number % 20 < 8 else 300)
        else:
            page.mouse.wheel(200, 0)
        page.wait_for_timeout(40)
    return [float(value) for value in page.evaluate("window.frames_")]


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
            client = page.context.new_cdp_session(page)
            client.send("Performance.enable")
            before = processor_time(client)
            page.goto(path.as_uri())
            page.wait_for_selector("html[data-ready]")
            opened = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
            busy = processor_time(client) - before
            frames = sorted(steps(page))
            each = 1000 * (processor_time(client) - before - busy) / len(frames)
            size = path.stat().st_size / 1e6
            took = f"open in {opened / 1000:.2f} s ({busy:.2f} s of processor time)"
            print(f"{name}: {size:.1f} MB, written in {written:.1f} s, {took}")
            late = frames[int(0.95 * len(frames))]
            print(
                f"  {megabytes(browser):.0f} MB; a step of the wheel is drawn in {statistics.median(frames):.0f} ms, "
                f"19 of 20 in {late:.0f} ms ({each:.0f} ms of processor time)"
            )
            page.close()
        write_report(Path(folder) / "page.html", made_up(1, 100, 600.0, 300))
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto((Path(folder) / "page.html").as_uri())
        page.wait_for_selector("html[data-ready]")
        page.keyboard.press("n")
        began = time.perf_counter()
        for number in range(100):
            page.keyboard.press("x" if number % 4 == 0 else "Enter")
        print(f"a hundred segments judged with a key each: the page takes {time.perf_counter() - began:.1f} s")
        print(f"  {page.locator('#precision').inner_text()}")
        browser.close()


if __name__ == "__main__":
    main()
