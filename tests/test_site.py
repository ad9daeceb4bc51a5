"""The site without building it: every page has its place, every link leads somewhere, the house is drawn as it is."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
# Made by scripts/site_hooks.py when the site is built.
MADE = {"reference/verbs.md", "reference/python.md", "changelog.md", "contributing/index.md"}
PAGES = sorted(DOCS.rglob("*.md"))
OTHERS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")]


def in_nav(part: Any) -> Iterator[str]:
    """The pages of a part of the navigation."""
    if isinstance(part, str):
        yield part
    else:
        for inner in part.values() if isinstance(part, dict) else part:
            yield from in_nav(inner)


def script(name: str) -> ModuleType:
    """A file of scripts/, imported."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_page_has_its_place() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    nav = yaml.safe_load(text[text.index("\nnav:") :])["nav"]
    there = {page.relative_to(DOCS).as_posix() for page in PAGES}
    assert sorted(in_nav(nav)) == sorted(there | MADE)


def anchors(page: Path) -> set[str]:
    """The headings that a link may name."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    heads = re.findall(r"^#+ (.+)$", text, flags=re.M)
    return {re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", head).strip().lower()) for head in heads}


@pytest.mark.parametrize("page", [*PAGES, *OTHERS], ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for target, anchor in re.findall(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)", text):
        path = (page.parent / target).resolve() if target else page
        if path.is_relative_to(DOCS) and path.relative_to(DOCS).as_posix() in MADE:
            continue
        assert path.exists(), target
        if anchor and path.suffix == ".md":
            assert anchor in anchors(path), f"{target}#{anchor}"


def test_the_house_is_drawn_as_it_is() -> None:
    drawn = script("house_drawing")
    assert drawn.DRAWING.read_text(encoding="utf-8") == drawn.drawing(), "run: python scripts/house_drawing.py"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('<script src="assets/a.js"></script><a href="https://example.org">words</a>', 0),
        ('<script async src="https://example.org/a.js"></script>', 1),
        ('<link rel="stylesheet" href="//example.org/a.css"><img alt="" src=https://example.org/a.png>', 2),
        ("<style>@import 'https://example.org/a.css'; b { background: url(//example.org/b.png) }</style>", 2),
    ],
)
def test_what_comes_from_other_hosts_is_seen(text: str, count: int, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(text, encoding="utf-8")
    assert len(script("site_check").foreign(tmp_path)) == count
