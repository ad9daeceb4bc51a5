"""A small report with everything in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from weaktal.evaluation.diagnosis import SnippetErrors
from weaktal.evaluation.scoring import Scores
from weaktal.report.content import Curves, Done, Film, Found, Report, Row, Shown
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

NASTY = "</script><script>document.title='hacked'</script>\"'&"


@pytest.fixture
def report() -> Report:
    classes = ("jump", NASTY)
    encoded, jpeg = cv2.imencode(".jpg", np.full((8, 32, 3), 90, np.uint8))
    assert encoded
    times = np.arange(10) + 0.5
    curves = Curves(times, {"jump": np.linspace(0, 1, 10), NASTY: np.full(10, 0.25)})
    truth = [Segment(1.0, 3.0, "jump"), Segment(5.0, 9.0, NASTY)]
    segments = [Segment(1.0, 2.5, "jump", 0.9), Segment(4.0, 9.0, NASTY, 0.4)]
    found = [
        Found("cbp", segments, curves, frozenset({0, 1}), ["hit", "hit"]),
        Found("plain", [], None, missed=(0, 1)),
    ]
    video = Shown("v_1", 10.0, truth, found, Film(jpeg.tobytes(), 4, 32, 8), tags=classes)
    ap = np.array([[1.0, 0.5], [0.25, 0.0]])
    scores = Scores("plain", "validation", (0.5, 0.7), classes, ap, videos=3, ground_truth=5, predictions=9)
    return Report(
        title=f"Report of {NASTY}",
        lead=["First <b>words</b>."],
        classes=classes,
        branches=[
            Row("cbp", "The branch.", scores, SnippetErrors(1, 4, 0, 0)),
            Row("plain", "Nothing.", replace(scores, ap=ap / 2), None),
        ],
        videos=[video, replace(video, name="v_2", film=None, truth=[], found=[])],
        choice="The first 2 of 3.",
        steps=[Done("train", "weaktal train 'a b' --method cbp", 2.5, "done"), Done("look")],
        facts=[("seed", "0")],
        notes=["Made up."],
    )


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


def wait_for(page: Any, condition: str) -> None:
    """Waits for a condition of the page, whose policy lets nobody poll from inside."""
    for _ in range(600):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    raise AssertionError(condition)
