"""HTML and SVG as text, escaped unless it is markup already: a class called ``<script>`` is only ever text.

>>> element("p", "a < b", element("b", "!"), class_="x")
'<p class="x">a &lt; b<b>!</b></p>'
"""

from __future__ import annotations

import html
import json
from typing import Any

_VOID = {"img", "meta", "br", "link"}

Value = str | int | float | bool | None


class Markup(str):
    """Text that is markup: never escaped again."""

    __slots__ = ()


def element(tag: str, *children: str | None, **attributes: Value) -> Markup:
    """One element.

    Args:
        tag: its name.
        children: text, which is escaped, or markup, which is not; None is left out.
        attributes: ``class_`` is ``class`` and ``aria_label`` is ``aria-label``; None and False leave one out.
    """
    opened = f"<{tag}{''.join(_attribute(name, value) for name, value in attributes.items())}>"
    if tag in _VOID:
        return Markup(opened)
    return Markup(f"{opened}{joined(*children)}</{tag}>")


def joined(*children: str | None) -> Markup:
    """Children one after the other, text escaped."""
    return Markup("".join(escaped(child) for child in children if child is not None))


def escaped(text: str) -> Markup:
    """Text as markup that shows it; markup as it is."""
    return text if isinstance(text, Markup) else Markup(html.escape(_printable(text), quote=True))


def data_script(kind: str, value: Any) -> Markup:
    """JSON for the page's script; nothing in it can end the element or begin a comment."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(f'<script type="application/json" class="{escaped(kind)}">{_printable(text)}</script>')


def number(value: float) -> str:
    """A coordinate: two digits after the point at most."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text


def _attribute(name: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    text = value if isinstance(value, str) else number(value)
    return f' {name}="{html.escape(_printable(text), quote=True)}"'


def _printable(text: str) -> str:
    """Without lone surrogates and control characters, which no UTF-8 page can hold or show."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)
