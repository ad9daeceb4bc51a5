"""Whatever comes in as text comes out as text."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaktal.report.markup import data_script, element, joined, number


def test_text_is_escaped_and_markup_is_not() -> None:
    inner = element("b", "<i>")
    assert element("p", "a & b", inner, None) == "<p>a &amp; b<b>&lt;i&gt;</b></p>"
    assert joined("<", inner) == "&lt;<b>&lt;i&gt;</b>"


def test_attributes() -> None:
    made = element("svg", class_="x", viewBox="0 0 1 1", aria_label='a "b" <c>', hidden=True, id=None, focusable=False)
    assert made == '<svg class="x" viewBox="0 0 1 1" aria-label="a &quot;b&quot; &lt;c&gt;" hidden></svg>'
    assert element("img", src="x") == '<img src="x">'


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (-0.0, "0"), (-0.001, "0"), (1 / 3, "0.33"), (100.0, "100"), (12.5, "12.5")]
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text


@given(st.text())
def test_any_text_stays_text(text: str) -> None:
    made = element("p", text, title=text)
    assert re.fullmatch(r'<p title="[^"<>]*">[^<>]*</p>', made, re.DOTALL)
    made.encode("utf-8")


@given(st.text())
def test_json_cannot_leave_its_element_and_keeps_its_meaning(text: str) -> None:
    made = data_script("x", [text])
    body = made.removeprefix('<script type="application/json" class="x">').removesuffix("</script>")
    assert not set("<>&") & set(body)
    printable = all(c.isprintable() or c in "\n\t" for c in text)
    if printable:
        assert json.loads(body) == [text]
    made.encode("utf-8")
