"""The page as text: complete, self-contained, and harmless whatever the names in the data are."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from weaktal.errors import InputError
from weaktal.report.content import Report
from weaktal.report.page import render, write_report

VOID = {"img", "meta"}


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
    assert sum(tag == "script" for tag, _ in read.elements) == 3  # two figures' data, one program
    assert f"Report of {nasty}" in read.text
    assert "First <b>words</b>." in read.text
    assert any(nasty in (attributes.get("aria-label") or "") for _, attributes in read.elements)


def test_nothing_is_loaded(read: Reader, report: Report) -> None:
    for _, attributes in read.elements:
        for name in ("src", "href", "data", "action", "poster", "srcset"):
            assert (attributes.get(name) or "data:").startswith("data:")
    assert not re.search(r"url\(|@import|https?://", render(report))


def test_everything_is_said(read: Reader) -> None:
    text = " ".join(read.text)
    for said in ("The first 2 of 3.", "weaktal train 'a b' --method cbp", "Made up.", "nothing found", "none there",
                 "43.8", "21.9", "25.0"):  # fmt: skip
        assert said in text


def test_what_is_seen_is_also_said(read: Reader) -> None:
    for tag, attributes in read.elements:
        if tag == "img":
            assert attributes["alt"]
        if tag == "svg":
            assert attributes["role"] == "img"
            assert attributes["aria-label"]
    identifiers = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))


def test_same_report_same_page(report: Report) -> None:
    assert render(report) == render(report)


def test_page_appears_whole_or_not_at_all(report: Report, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        write_report(tmp_path / "taken", report)
    write_report(tmp_path / "new" / "report.html", report)
    assert (tmp_path / "new" / "report.html").read_text(encoding="utf-8") == render(report)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["report.html"]
