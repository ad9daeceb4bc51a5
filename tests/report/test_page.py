"""The page as text: complete, self-contained, and harmless whatever the names in the data are."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from weaktal.errors import InputError
from weaktal.report.content import Report
from weaktal.report.page import render, write_report

VOID = {"img", "meta", "input", "link"}


class Reader(HTMLParser):
    """Collects elements and text; fails where an element is closed that is not open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture
def read(report: Report) -> Reader:
    reader = Reader()
    reader.feed(render(report))
    reader.close()
    assert reader.open == []
    return reader


def test_names_are_shown_and_nothing_more(read: Reader, report: Report) -> None:
    nasty = report.classes[1]
    assert sum(tag == "script" for tag, _ in read.elements) == 2  # the data and the program
    assert f"Report of {nasty}" in read.text
    assert "First <b>words</b>." in read.text
    data = next(text for text in read.text if text.startswith('{"id"'))
    assert json.loads(data)["classes"][1] == nasty
    assert "<" not in data


def test_nothing_is_loaded(read: Reader, report: Report) -> None:
    for _, attributes in read.elements:
        for name in ("src", "data", "action", "poster", "srcset"):
            assert (attributes.get(name) or "data:").startswith("data:")
        assert (attributes.get("href") or "#").startswith(("#", "data:,"))
        assert not any(name.startswith("on") or name == "style" for name in attributes)
    assert not re.search(r"url\(|@import|https?://", render(report))


def test_the_policy_lets_our_script_run_and_no_other(read: Reader, report: Report) -> None:
    said = next(a["content"] for _, a in read.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert said is not None
    assert "unsafe" not in said
    assert "connect-src" not in said  # default-src 'none' holds: nothing can be sent
    script = next(text for text in read.text if text.startswith('"use strict"'))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in said


def test_everything_is_said(read: Reader) -> None:
    text = " ".join(read.text)
    for said in ("The first 2 of 3.", "weaktal train 'a b' --method cbp", "Made up.", "none there", "43.8", "21.9",
                 "25.0"):  # fmt: skip
        assert said in text


def test_what_is_seen_is_also_said(read: Reader) -> None:
    for tag, attributes in read.elements:
        if tag == "img":
            assert attributes["alt"]
        if tag == "canvas":
            assert attributes.get("aria-label") or attributes.get("aria-hidden") or "hidden" in attributes
        if tag in ("select", "input"):
            assert attributes.get("aria-label") or attributes["id"] in ("order", "by-class", "by-row", "by-kind",
                                                                        "by-score", "relabel", "load")  # fmt: skip
    identifiers = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))


def test_control_characters_never_reach_the_page(report: Report) -> None:
    page = render(replace(report, title="a\x1b[2Jb\ud800", notes=["c\x00d"]))
    assert "\x1b" not in page
    assert "\x00" not in page
    page.encode("utf-8")


def test_links_to_videos_are_relative_and_quoted(report: Report, tmp_path: Path) -> None:
    folder = tmp_path / "a b"
    video = replace(report.videos[0], file=folder / 'x"><#?%.mp4')
    page = render(replace(report, videos=[video]), base=tmp_path)
    assert '"url":"a%20b/x%22%3E%3C%23%3F%25.mp4"' in page
    assert '"url":"video/0"' in render(replace(report, videos=[video]), served={"served": True})


def test_same_report_same_page(report: Report) -> None:
    assert render(report) == render(report)


def test_page_appears_whole_or_not_at_all(report: Report, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        write_report(tmp_path / "taken", report)
    write_report(tmp_path / "new" / "report.html", report)
    assert (tmp_path / "new" / "report.html").read_text(encoding="utf-8") == render(report, base=tmp_path / "new")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["report.html"]
