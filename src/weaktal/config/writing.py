"""Settings as YAML that explains itself and loads again."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Iterable
from typing import Any

import yaml

from weaktal.config.describing import SOURCES, Entry, described
from weaktal.config.fields import Settings

_WIDTH = 110  # of a comment, in characters
_HEAD = (
    "Above each setting: what it means (its unit, the values that it takes), its default where it has another value "
    f"here, and who says so: {'; '.join(f'[{name}] {words}' for name, words in SOURCES.items())}."
)


def as_yaml(settings: Settings, entries: Iterable[Entry] | None = None) -> str:
    """All settings, defaults included, each with its meaning, unit, range and source in a comment above it.

    :func:`~weaktal.config.load_settings` reads the text back and gives equal settings.

    Args:
        settings: what to write.
        entries: those of its :func:`~weaktal.config.described` to write, in their order; all by default.
    """
    lines = _comment(_HEAD, "")
    for entry in described(settings) if entries is None else entries:
        indent = "  " * (len(entry.path) - 1)
        if len(entry.path) == 1:
            lines.append("")
        lines += _explanation(entry, indent)
        lines.append(f"{indent}{entry.path[-1]}:" + ("" if entry.group else f" {one_value(entry.value)}"))
    return "\n".join(lines) + "\n"


def _explanation(entry: Entry, indent: str) -> list[str]:
    """Meaning, unit, range, default if it is another, and source; the facts on a line of their own if need be."""
    facts = _facts(entry)
    together = f"{entry.meaning} {facts}".strip()
    if len(indent) + len(together) + 2 <= _WIDTH:
        return _comment(together, indent)
    return _comment(entry.meaning, indent) + _comment(facts, indent)


def _facts(entry: Entry) -> str:
    """Unit, range, default if the value is another, and source."""
    known = ", ".join(fact for fact in (entry.unit, entry.limits) if fact)
    parts = [
        f"({known})" if known else "",
        f"default {one_value(entry.default)}" if entry.value != entry.default else "",
        f"[{entry.source}]" if entry.source else "",
    ]
    return " ".join(part for part in parts if part)


def one_value(value: Any) -> str:
    """A value as YAML on one line."""
    if isinstance(value, list):
        return f"[{', '.join(map(one_value, value))}]"
    if value is None or isinstance(value, bool | int):  # most settings; PyYAML takes milliseconds for each
        return json.dumps(value)
    style = '"' if isinstance(value, str) and not value.isprintable() else None
    # Within a list, since there more words are quoted: the value may stand anywhere.
    text = yaml.safe_dump([value], default_flow_style=True, default_style=style, width=math.inf)
    return text.strip()[1:-1]


def _comment(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ", break_long_words=False
    )
