"""Names and times as text that no format stumbles over."""

from __future__ import annotations

import unicodedata

_REPLACEMENT = "\ufffd"


def plain(name: str) -> str:
    """A name on one line: blanks for line breaks and tabs, a mark for what can neither be printed nor kept in XML.

    >>> plain("a\\n\\tb \\x00")
    'a b \ufffd'
    """
    kept = (_REPLACEMENT if unicodedata.category(c) in _UNFIT else c for c in " ".join(name.split()))
    return "".join(kept)


_UNFIT = {"Cc", "Cs", "Cn"}


def clock(seconds: float, mark: str) -> str:
    """Hours, minutes, seconds and milliseconds, with ``mark`` before these.

    >>> clock(3661.5, ",")
    '01:01:01,500'
    """
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}{mark}{rest % 1000:03d}"


def at_least_a_tick(start: float, end: float) -> tuple[float, float]:
    """A span that is a thousandth of a second long at least: players drop those without any length."""
    return start, max(end, start + 0.001)
