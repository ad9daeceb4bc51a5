"""The page in a real browser: it plays, finds, compares and corrects, and asks nobody for anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.report.conftest import NASTY, wait_for

from weaktal.data.annotations import Annotations, Video
from weaktal.data.corrections import read_corrections
from weaktal.data.results import Results
from weaktal.evaluation.detections import Detections, diagnose_detections
from weaktal.evaluation.evaluate import evaluate
from weaktal.evaluation.judged import precisions
from weaktal.evaluation.protocols import protocol_named
from weaktal.evaluation.scoring import tables_of
from weaktal.report.content import Found, Report, Row, Shown
from weaktal.report.page import write_report
from weaktal.segments import Segment

Open = Callable[..., Any]


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page that fails the test for anything that a browser complains about, and for any request but its own."""
    opened = browser.new_page(viewport={"width": 1200, "height": 900})
    faults: list[str] = []
    opened.on("console", lambda message: faults.append(message.text))
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("requestfailed", lambda request: faults.append(f"{request.url}: {request.failure}"))
    opened.on("request", lambda request: _expect_local(request.url, faults))
    yield opened
    opened.close()
    assert faults == []


def _expect_local(address: str, faults: list[str]) -> None:
    if not address.startswith(("file:", "data:", "blob:")):
        faults.append(address)


@pytest.fixture
def show(page: Any, tmp_path: Path) -> Open:
    def opened(report: Report, hash_: str = "") -> Any:
        write_report(tmp_path / "page.html", report)
        page.goto((tmp_path / "page.html").as_uri() + hash_)
        page.wait_for_selector("html[data-ready]")
        return page

    return opened


def seconds(page: Any) -> float:
    """Where the playhead is, by what the page says."""
    minutes, rest = page.locator("#time").inner_text().split(" / ")[0].split(":")
    return 60 * int(minutes) + float(rest)


def playhead(page: Any) -> float:
    """Where the playhead is, by where it is drawn: a share of the plot's width."""
    plot = page.locator("#plot").bounding_box()
    return (page.locator("#playhead").bounding_box()["x"] + 1 - plot["x"]) / plot["width"]


def drawn_at(page: Any, share: float, *, within: float) -> None:
    """Waits until the playhead is drawn there."""
    for _ in range(100):
        if abs(playhead(page) - share) <= within:
            return
        page.wait_for_timeout(50)
    assert playhead(page) == pytest.approx(share, abs=within)


def judged(tmp_path: Path, page: Any) -> Path:
    """The corrections file, as the user saves it."""
    with page.expect_download() as download:
        page.keyboard.press("Control+s")
    download.value.save_as(tmp_path / "corrections.json")
    return tmp_path / "corrections.json"


def many(videos: int, segments: int, length: float = 600.0) -> Report:
    random = np.random.default_rng(0)
    shown = []
    for number in range(videos):
        starts = np.sort(random.uniform(0, length - 5, segments))
        found = [Segment(s, s + 3, f"class {k % 12}", 0.5) for k, s in enumerate(starts.tolist())]
        shown.append(
            Shown(
                f"v{number:05d}",
                length,
                None,
                [Found("cbp", found, final=frozenset(range(segments)))],
                tags=["class 1"],
            )
        )
    return Report("Many", [], [f"class {k}" for k in range(12)], [Row("cbp")], shown, "All.")


def test_the_first_video_is_open_and_nothing_is_wider_than_the_window(show: Open, report: Report) -> None:
    page = show(report)
    assert page.title() == report.title
    assert page.locator("#name").inner_text() == "v_1"
    assert page.locator("#plot").bounding_box()["width"] > 500
    for width in (390, 800, 1600):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        wait_for(page, "Math.abs(plot.getBoundingClientRect().right - timeline.getBoundingClientRect().right) < 2")
    page.set_viewport_size({"width": 390, "height": 844})
    page.evaluate("plot.style.width = '2000px'")  # as before it is drawn anew
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_click_on_the_axis_and_on_a_bar_seeks(show: Open, report: Report) -> None:
    page = show(report)
    axis = page.locator("#axis").bounding_box()
    page.mouse.click(axis["x"] + 0.42 * axis["width"], axis["y"] + 15)
    assert seconds(page) == pytest.approx(4.2, abs=0.02)
    assert playhead(page) == pytest.approx(0.42, abs=0.004)
    row = page.locator("#segments tbody tr", has_text="0.900").first
    row.click()
    assert seconds(page) == pytest.approx(1.0, abs=0.01)
    assert "segment=0.0" in page.url
    plot = page.locator("#plot").bounding_box()
    lane = next(box.bounding_box() for box in page.locator(".lane").all() if box.get_attribute("title") == NASTY)
    page.mouse.click(plot["x"] + 0.7 * plot["width"], lane["y"] + 10)  # a bar of the truth, from 5 to 9 s
    assert seconds(page) == pytest.approx(5.0, abs=0.01)


def whole_playhead(page: Any) -> None:
    """The playhead is drawn, and no part of it is cut off at the sides of the plot."""
    line, plot = page.locator("#playhead").bounding_box(), page.locator("#plot").bounding_box()
    assert line["width"] == 2
    assert plot["x"] <= line["x"] <= plot["x"] + plot["width"] - 2


def test_keys_play_and_move(show: Open, report: Report) -> None:
    page = show(report)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press(".")
    assert seconds(page) == pytest.approx(6.04, abs=0.011)
    page.keyboard.press("End")
    assert seconds(page) == pytest.approx(10.0, abs=0.01)
    whole_playhead(page)
    page.keyboard.press("Home")
    assert seconds(page) == 0.0
    whole_playhead(page)
    page.keyboard.press("n")
    assert seconds(page) == pytest.approx(1.0, abs=0.01)
    page.keyboard.press("n")
    assert seconds(page) == pytest.approx(4.0, abs=0.01)
    page.keyboard.press("p")
    page.keyboard.press("q")  # loops 1.0 to 2.5 s
    page.wait_for_timeout(1900)
    assert page.locator("#toggle").inner_text() == "Pause"
    assert 0.95 <= seconds(page) <= 2.6
    page.keyboard.press("k")
    page.keyboard.press("q")
    stopped = seconds(page)
    page.keyboard.press("j")
    page.wait_for_timeout(300)
    page.keyboard.press("k")
    assert seconds(page) < stopped
    page.keyboard.press("]")
    assert "1.5" in page.locator("#speed").inner_text()


def test_wheel_and_keys_zoom_around_the_pointer(show: Open, report: Report) -> None:
    page = show(report)
    plot = page.locator("#plot").bounding_box()
    page.keyboard.press("Shift+ArrowRight")
    page.mouse.move(plot["x"] + 0.5 * plot["width"], plot["y"] + 20)
    page.mouse.wheel(0, -800)
    page.wait_for_timeout(100)
    assert playhead(page) == pytest.approx(0.5, abs=0.01)
    axis = page.locator("#axis").bounding_box()
    page.mouse.click(axis["x"] + 2, axis["y"] + 15)
    assert 3.0 < seconds(page) < 4.5  # what is at the left edge now
    page.keyboard.press("0")
    assert playhead(page) == pytest.approx(seconds(page) / 10, abs=0.01)


def test_search_filters_and_links(show: Open, report: Report) -> None:
    page = show(report, "#video=v_2")
    assert page.locator("#name").inner_text() == "v_2"
    page.keyboard.press("/")
    page.keyboard.type("v_1")
    assert page.locator("#list a").count() == 1
    page.locator("#list a").click()
    wait_for(page, "document.getElementById('name').textContent === 'v_1'")  # the browser says so after the click
    page.locator("#search").fill("")
    page.locator("#by-kind").select_option("localization")
    assert page.locator("#count").inner_text() == "0 of 2 videos"
    page.locator("#by-kind").select_option("hit")
    assert page.locator("#count").inner_text() == "1 of 2 videos"
    page.goto(page.url.partition("#")[0] + "#video=v_1&t=3.5")
    wait_for(page, "/3[.]5/.test(document.getElementById('time').textContent)")
    assert seconds(page) == pytest.approx(3.5, abs=0.01)


def test_a_round_with_the_keyboard_alone_is_read_back_by_evaluate(show: Open, report: Report, tmp_path: Path) -> None:
    page = show(report)
    page.keyboard.press("n")
    page.keyboard.press("Enter")  # the first one is right; the next is chosen
    page.keyboard.press("ArrowRight")
    page.keyboard.press("i")  # 4 to 9 s begins at 5 s
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("t")  # a new one from 8 s (5 + 5 is the end, a second before it)
    page.keyboard.press("u")  # and not
    page.keyboard.press("y")
    page.keyboard.press("d")
    file = judged(tmp_path, page)
    kept = read_corrections(file)
    assert [j.verdict for j in kept.judgements] == ["right", "changed", "added"]
    assert kept.judgements[1].segment.segment == pytest.approx((5.0, 9.0), abs=0.01)
    video = kept.database["v_1"]
    assert (video.subset, len(video.annotations), video.labels) == ("corrected", 3, sorted(report.classes))
    (found,) = precisions(kept.judgements)
    assert "2 of 2 judged segments are right" in page.locator("#precision").inner_text()
    assert f"{100 * found.low:.0f} to {100 * found.high:.0f} %" in page.locator("#precision").inner_text()
    assert f"about {found.more} more" in page.locator("#precision").inner_text()
    results = {"version": "1", "results": {"v_1": [{"label": "jump", "segment": [1.0, 2.5], "score": 0.9}]}}
    (tmp_path / "results.json").write_text(json.dumps(results))
    assert evaluate(file, tmp_path / "results.json").average_map > 0
    page.reload()  # what was said is still there
    page.wait_for_selector("html[data-ready]")
    assert "☑ judged" in page.locator("#list").text_content()
    assert read_corrections(judged(tmp_path, page)) == kept


def test_one_key_judges_a_segment_and_goes_to_the_next(show: Open) -> None:
    """A hundred in five minutes: three seconds each, of which benchmarks/page.py says what the page takes."""
    page = show(many(1, 12))
    page.keyboard.press("n")
    for number in range(12):
        page.keyboard.press("x" if number % 4 == 0 else "Enter")
    assert page.locator("#precision").inner_text().startswith("9 of 12 judged segments are right: 75 %")
    assert "☑ judged" in page.locator("#list").text_content()


def test_where_two_rows_differ_can_be_picked(show: Open, report: Report) -> None:
    video = report.videos[0]
    same = [Segment(1.1, 2.5, "jump", 0.8)]
    rows = [video.found[0], Found("plain", same, None, frozenset({0}), ["double"])]
    page = show(replace(report, videos=[replace(video, found=rows), replace(video, name="v_3", found=[rows[0]] * 2)]))
    page.locator("#by-kind").select_option("differs")
    assert page.locator("#count").inner_text() == "1 of 2 videos"
    found = page.locator("#segments tbody tr", has_text="cbp")
    assert found.count() == 1
    assert NASTY in found.first.inner_text()
    page.locator("#order").select_option("difference")
    assert "1 differ" in page.locator("#list").text_content()


def test_an_end_is_dragged_split_merged_and_taken_back(show: Open, report: Report, tmp_path: Path) -> None:
    page = show(report)
    page.locator("#segments tbody tr", has_text="0.900").first.click()
    page.keyboard.press("a")
    page.locator("#segments tbody tr", has_text="0.900").first.click()
    plot = page.locator("#plot").bounding_box()
    lanes = [
        box
        for box in page.locator(".block", has_text="cbp").locator(".lane").all()
        if box.get_attribute("title") == "jump"
    ]
    y = lanes[0].bounding_box()["y"] + 10
    page.mouse.move(plot["x"] + 0.25 * plot["width"], y)
    page.mouse.down()
    page.mouse.move(plot["x"] + 0.28 * plot["width"], y)
    page.mouse.move(plot["x"] + 0.3 * plot["width"], y)
    page.mouse.up()
    (first,) = read_corrections(judged(tmp_path, page)).judgements
    assert (first.verdict, first.segment.segment) == ("changed", pytest.approx((1.0, 3.0), abs=0.03))
    assert first.predicted is not None
    assert first.predicted.segment == (1.0, 2.5)
    page.locator("#axis").click(position={"x": 0.2 * plot["width"], "y": 15})
    page.keyboard.press("s")
    assert len(read_corrections(judged(tmp_path, page)).database["v_1"].annotations) == 2
    page.keyboard.press("u")
    page.keyboard.press("u")
    page.keyboard.press("u")
    assert read_corrections(judged(tmp_path, page)).judgements == []


def test_a_split_and_a_merge_are_one_step_each_and_say_what_they_lack(
    show: Open, report: Report, tmp_path: Path
) -> None:
    page = show(report)

    def spans() -> list[tuple[float, float]]:
        return [
            span.segment for v in read_corrections(judged(tmp_path, page)).database.values() for span in v.annotations
        ]

    for key in ("s", "m", "i"):
        page.keyboard.press(key)
        assert page.locator("#said").inner_text().startswith("Choose a segment first")
    page.keyboard.press("u")
    assert page.locator("#said").inner_text() == "There is nothing to undo."
    page.keyboard.press("n")  # 1.0 to 2.5 s, not judged yet; the playhead is at its start
    page.keyboard.press("s")
    assert "has to be inside" in page.locator("#said").inner_text()
    page.keyboard.press("m")
    assert "no later segment" in page.locator("#said").inner_text()
    assert spans() == []  # neither has judged it by the way
    page.keyboard.press("ArrowRight")
    page.keyboard.press("s")
    assert spans() == [(1.0, 2.0), (2.0, 2.5)]
    page.keyboard.press("m")
    assert spans() == [(1.0, 2.5)]
    page.keyboard.press("u")
    page.keyboard.press("u")
    assert spans() == []
    page.keyboard.press("n")  # 4 to 9 s, without a later one of its class
    page.keyboard.press("m")
    assert "no later segment" in page.locator("#said").inner_text()
    page.keyboard.press("y")
    page.keyboard.press("y")
    assert spans() == [(1.0, 2.5)]  # what was undone can still be done again


def test_a_new_page_starts_with_what_was_said_on_the_last(show: Open, report: Report, tmp_path: Path) -> None:
    page = show(report)
    page.keyboard.press("n")
    page.keyboard.press("x")
    kept = read_corrections(judged(tmp_path, page))
    page.evaluate("localStorage.clear()")
    page = show(replace(report, kept=kept))
    assert "0 of 1 judged segments are right: 0 %" in page.locator("#precision").inner_text()
    page.keyboard.press("n")
    kept_at_once = page.evaluate(  # a page that is left in the moment of the key does not wait for its timer
        """() => {
            document.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
            dispatchEvent(new PageTransitionEvent("pagehide"));
            return Object.values(localStorage).join();
        }"""
    )
    assert '"right"' in kept_at_once
    page.reload()  # what this browser knows of a video goes before the file
    page.wait_for_selector("html[data-ready]")
    assert [j.verdict for j in read_corrections(judged(tmp_path, page)).judgements] == ["right"]


def test_what_a_page_does_not_show_stays_in_the_file(show: Open, report: Report, tmp_path: Path) -> None:
    """Judgements of other videos, and of rows of other results."""
    page = show(report)
    page.keyboard.press("n")
    page.keyboard.press("x")
    kept = read_corrections(judged(tmp_path, page))
    (wrong,) = kept.judgements
    right = wrong.model_copy(update={"row": "another", "verdict": "right"})
    others = [wrong.model_copy(update={"video": "elsewhere"}), wrong.model_copy(update={"row": "another"}), right]
    about = kept.database[wrong.video]
    there = about.model_copy(update={"annotations": [right.segment]})
    database = {**kept.database, wrong.video: there, "elsewhere": about.model_copy(update={"done": True})}
    page.evaluate("localStorage.clear()")
    page = show(replace(report, kept=kept.model_copy(update={"judgements": others, "database": database})))
    page.keyboard.press("n")
    page.keyboard.press("x")
    after = read_corrections(judged(tmp_path, page))
    assert sorted(map(repr, after.judgements)) == sorted(map(repr, [wrong, *others]))
    assert after.database["elsewhere"] == database["elsewhere"]
    assert after.database[wrong.video].annotations == [right.segment]
    assert after.classes == kept.classes


def test_a_newer_file_goes_before_what_the_browser_knows(show: Open, report: Report, tmp_path: Path) -> None:
    page = show(report)
    page.keyboard.press("n")
    page.keyboard.press("x")
    kept = read_corrections(judged(tmp_path, page))
    right = kept.judgements[0].model_copy(update={"verdict": "right"})
    page = show(replace(report, kept=kept.model_copy(update={"judgements": [right]})))  # by somebody else
    assert "1 of 1 judged segments are right" in page.locator("#precision").inner_text()
    assert "from an earlier page" in page.locator("body").inner_text()


def test_where_a_files_pictures_end_is_said(show: Open, report: Report) -> None:
    video = report.videos[0]
    assert video.film is not None
    page = show(replace(report, videos=[replace(video, film=replace(video.film, ends=6.0))]))
    assert "the file's pictures end at 0:06.0, before its stated length" in page.locator("#meta").inner_text()


def test_the_diagnosis_leads_to_the_segment(show: Open, report: Report) -> None:
    page = show(replace(report, diagnosis=[("cbp", diagnosed(report))]))
    page.locator("#diagnosis .both-ways a").last.click()
    wait_for(page, "location.hash.includes('segment=0.')")
    wait_for(page, "document.getElementById('name').getBoundingClientRect().top >= 0")
    assert page.locator("#name").inner_text() == "v_1"
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def diagnosed(report: Report) -> Detections:
    """How the first row of the report errs."""
    protocol = protocol_named("activitynet13")
    videos = {
        v.name: Video(v.name, "validation", 10.0, tuple(report.classes), tuple(v.truth or ())) for v in report.videos
    }
    truth = Annotations(tuple(report.classes), videos)
    found = {v.name: list(v.found[0].segments or ()) if v.found else [] for v in report.videos}
    tables = tables_of(truth, Results(found), protocol, subset="validation")
    return diagnose_detections(tables, protocol.tious, protocol.name)


def test_hostile_names_are_inert(show: Open, report: Report) -> None:
    page = show(report)
    assert page.title() == report.title  # the script in the names would have changed it
    assert NASTY in page.locator("#labels").inner_text()
    page.locator("#segments tbody tr", has_text="0.400").first.click()
    assert NASTY in page.locator("#said").inner_text()
    assert page.title() == report.title


def test_what_cannot_be_played_is_shown_by_its_pictures(browser: Any, report: Report, tmp_path: Path) -> None:
    (tmp_path / "v.mp4").write_bytes(b"no video" * 100)
    write_report(tmp_path / "page.html", replace(report, videos=[replace(report.videos[0], file=tmp_path / "v.mp4")]))
    page = browser.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    page.wait_for_selector("#noplay:not([hidden])")
    assert "shown by its pictures" in page.locator("#noplay").inner_text()
    page.keyboard.press("ArrowRight")
    assert seconds(page) == pytest.approx(1.0, abs=0.01)
    assert page.locator("#still").is_visible()
    page.close()


def test_a_video_beside_the_page_plays(show: Open, report: Report, tmp_path: Path) -> None:
    from weaktal.video.encoding import writing_video

    (tmp_path / "a b").mkdir()
    with writing_video(tmp_path / "a b" / "v#1.mp4", fps=25, width=64, height=48) as add:
        for number in range(250):
            add(np.full((48, 64, 3), number, np.uint8))
    video = replace(report.videos[0], file=tmp_path / "a b" / "v#1.mp4", fps=25.0)
    page = show(replace(report, videos=[video]))
    wait_for(page, "document.getElementById('video').readyState >= 2")
    page.locator("#segments tbody tr", has_text="0.400").first.click()
    wait_for(page, "!document.getElementById('video').seeking")
    assert page.evaluate("document.getElementById('video').currentTime") == pytest.approx(4.0, abs=0.04)
    page.keyboard.press(" ")
    wait_for(page, "document.getElementById('video').currentTime > 4.2")
    page.keyboard.press(" ")
    wait_for(page, "document.getElementById('video').paused")
    drawn_at(page, page.evaluate("document.getElementById('video').currentTime") / 10, within=0.01)
    # What it draws is within a frame of what the video shows, once that stands still.
    page.evaluate("document.getElementById('video').currentTime = 6.2")
    wait_for(page, "!document.getElementById('video').seeking")
    drawn_at(page, 0.62, within=0.004)


def test_a_thousand_videos_open_and_a_long_one_is_drawn(show: Open) -> None:
    page = show(many(1000, 20))
    assert page.locator("#list a").count() == 1000
    page.locator("#search").fill("v00999")
    assert page.locator("#list a").count() == 1
    page = show(many(1, 5000, 10_800.0))
    page.keyboard.press("+")
    page.keyboard.press("n")
    assert page.locator("#said").inner_text().startswith("class")
    assert "4600 more" in page.locator("#segments").inner_text()


def test_print_shows_every_video_of_the_list(show: Open, report: Report, tmp_path: Path) -> None:
    page = show(report)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#printed canvas").count() == 4
    assert page.locator("#printed h3").all_inner_texts()[0].startswith("v_1")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.pdf(path=str(tmp_path / "page.pdf"))
    assert (tmp_path / "page.pdf").stat().st_size > 5000


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_marks_stand_out_and_colours_are_told_apart(
    page: Any, show: Open, report: Report, scheme: str
) -> None:
    """WCAG's contrast: 4.5 for text, 3 for what a figure is made of; eight colours for those who see fewer."""
    page.emulate_media(color_scheme=scheme)
    show(report)
    names = ["ink", "quiet", *(f"c{number}" for number in range(8)), "other"]
    colors = page.evaluate(
        "names => names.map(n => getComputedStyle(document.documentElement).getPropertyValue('--' + n).trim())",
        ["paper", "note", "wash", "choice", *names],
    )
    paper, note, wash, choice, *others = map(luminance, colors)
    for name, other in zip(names, others, strict=True):
        assert contrast(other, paper) >= (4.5 if name in ("ink", "quiet") else 3), name
        assert contrast(other, wash) >= (4.5 if name in ("ink", "quiet") else 2.8), name
    assert contrast(others[0], note) >= 4.5
    assert contrast(others[0], choice) >= 4.5
    for sight in (np.eye(3), PROTANOPE, DEUTERANOPE):
        seen = [laboratory(sight @ linear(color)) for color in colors[6:14]]
        nearest = min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2))
        assert nearest >= 25  # a difference that nobody overlooks; and each class has a pattern of its own


# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency", 2009, of
# severity 1: on linear sRGB.
PROTANOPE = np.array(
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
)
DEUTERANOPE = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)


def linear(color: str) -> np.ndarray:
    channels = np.array([int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def laboratory(rgb: np.ndarray) -> np.ndarray:
    """CIELAB of linear sRGB."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(np.clip(to_xyz @ np.clip(rgb, 0, 1) / [0.9505, 1.0, 1.089], 1e-6, None))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def luminance(color: str) -> float:
    return float(linear(color) @ [0.2126, 0.7152, 0.0722])


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)
