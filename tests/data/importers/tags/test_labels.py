from __future__ import annotations

import pytest

from weaktal.data.importers.tags.labels import Splitter, fault, merged, tidy

PERSIAN = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"  # with a mark that cannot be seen and changes the writing


@pytest.mark.parametrize(
    ("cells", "tags", "said"),
    [
        (["run", "jump"], [["run"], ["jump"]], "one tag a cell"),
        (["run, jump ,run", "jump"], [["run", "jump"], ["jump"]], "tags separated by commas"),
        (["run; jump", "a|b\nc"], [["run", "jump"], ["a", "b", "c"]],
         "tags separated by semicolons and bars and line breaks"),
        # A comma stays inside a tag where others separate tags, unless both sides are tags.
        (["high jump, women; run", "run"], [["high jump, women", "run"], ["run"]], "tags separated by semicolons"),
        (["run; jump", "Run, jump"], [["run", "jump"], ["Run", "jump"]], "tags separated by semicolons and commas"),
        (["", "-", "none", "\u2013", "a; none"], [[], [], [], [], ["a", "none"]], "tags separated by semicolons"),
    ],
)  # fmt: skip
def test_splitting(cells: list[str], tags: list[list[str]], said: str) -> None:
    splitter = Splitter(cells)
    assert [splitter(cell) for cell in cells] == tags
    assert splitter.said == said


def test_a_separator_that_is_named() -> None:
    assert Splitter(["a, b/c"], "/")("a, b/c") == ["a, b", "c"]
    assert Splitter(["a, b; c"], "")("a, b; c") == ["a, b; c"]


def test_tidying() -> None:
    assert tidy("  Weit\u00a0 \t sprung\u200b ") == "Weit sprung"
    assert tidy("Hu\u0308rde") == "Hürde"
    assert tidy("\u202erun\ufeff") == "run"
    assert tidy(PERSIAN) == PERSIAN


@pytest.mark.parametrize(
    ("label", "problem"),
    [
        ("run", None),
        ("=cmd|' /C calc'!A0", None),
        (PERSIAN, None),
        ("a\x00b", "control character"),
        ("\x1b[31m", "control character"),
        ("x" * 101, "a label of 101 characters"),
    ],
)
def test_faults(label: str, problem: str | None) -> None:
    assert fault(label) is None if problem is None else problem in (fault(label) or "")


def test_spellings_become_one() -> None:
    spelling, said = merged(["Weitsprung", "weit sprung", "Weitsprung", "run"])
    assert spelling == {"Weitsprung": "Weitsprung", "weit sprung": "Weitsprung", "run": "run"}
    assert said == ["the label 'Weitsprung' is also written 'weit sprung'"]
    assert merged(["RUN", "RUN"], ["Run"]) == ({"RUN": "Run"}, ["the label 'Run' is also written 'RUN'"])
