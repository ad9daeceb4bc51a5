"""A report as one HTML page that loads nothing but the videos beside it."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from weaktal.errors import counted
from weaktal.files import write_text
from weaktal.report.content import Report
from weaktal.report.diagnosis import SIGNS, diagnosis_rows
from weaktal.report.payload import payload
from weaktal.report.prominent import MOST
from weaktal.version import __version__

_GENERATOR = "weaktal"
# In this order: each uses what those before it define.
_SCRIPTS = ("data.js", "corrections.js", "timeline.js", "player.js", "list.js", "table.js", "main.js", "keys.js")


def is_page(path: Path) -> bool:
    """Whether a file is a page that :func:`write_report` wrote."""
    with path.open("rb") as stream:
        return f'<meta name="generator" content="{_GENERATOR} '.encode() in stream.read(1024)


def write_report(path: Path, report: Report) -> None:
    """Writes the page, whole or not at all.

    Raises:
        InputError: if ``path`` cannot be written.
    """
    write_text(path, render(report, base=path.parent))


def render(report: Report, *, base: Path | None = None, served: Mapping[str, Any] | None = None) -> str:
    """The page as text.

    Args:
        report: what it shows.
        base: folder that the page will be in, for links to the videos; None where a server gives them.
        served: what a server adds to the data.
    """
    style, script = _assets()
    return _printable(
        _template().render(
            report=report,
            version=__version__,
            policy=policy(served=served is not None),
            style=Markup(style),
            script=Markup(script),
            data=_as_script(payload(report, base=base, served=served)),
            signs=SIGNS,
            diagnosis=diagnosis_rows(report),
            shown=_what_is_shown(report),
            seconds=sum(step.seconds or 0.0 for step in report.steps),
            **_tables(report),
        )
    )


def policy(*, served: bool) -> str:
    """The Content-Security-Policy: this style and this script, the videos, and nothing else, whatever a name says."""
    style, script = _assets()
    media, connect = ("'self'", "connect-src 'self'; ") if served else ("file: 'self'", "")
    images = "'self' data:" if served else "data:"
    return (
        f"default-src 'none'; img-src {images}; media-src {media}; {connect}style-src '{_hash(style)}'; "
        f"script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"


@cache
def _assets() -> tuple[str, str]:
    """Style and script of the page."""
    folder = resources.files(__package__).joinpath("assets")
    style = folder.joinpath("page.css").read_text(encoding="utf-8")
    parts = [folder.joinpath(name).read_text(encoding="utf-8") for name in _SCRIPTS]
    return style, '"use strict";\n(() => {\n' + "\n".join(parts) + "})();\n"


@cache
def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("weaktal.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("page.html")


def _as_script(value: Any) -> Markup:
    """JSON inside a script element, which nothing in it can end."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


_UNPRINTABLE = dict.fromkeys((*range(32), 127, *range(128, 160)), "�")
_UNPRINTABLE |= dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}")
for _kept in "\n\t":
    del _UNPRINTABLE[ord(_kept)]


def _printable(text: str) -> str:
    """Without lone surrogates and control characters, which no UTF-8 page can hold or show."""
    return text.translate(_UNPRINTABLE)


def _what_is_shown(report: Report) -> str:
    if any(found.final for video in report.videos for found in video.found):
        return (
            "At first the page shows the segments that matter most: the final set where one was chosen; else those "
            "that overlap no surer one of the same class and reach a fifth of the video's highest score, at most "
            f"{MOST} in each row. “All segments” shows the rest."
        )
    return ""


def _tables(report: Report) -> dict[str, Any]:
    """The rows of the page's tables."""
    scored = [(branch, branch.scores) for branch in report.branches if branch.scores is not None]
    values = [[100 * value for value in (*scores.map.tolist(), scores.average_map)] for _, scores in scored]
    best = [max(column) if len(values) > 1 else math.inf for column in zip(*values, strict=True)]
    first = scored[0][1] if scored else None
    return {
        "scored": [branch for branch, _ in scored],
        "tious": [f"{tiou:g}" for tiou in first.tious] if first is not None else [],
        "score_rows": [
            {
                "name": branch.name,
                "cells": [{"percent": v, "best": v == top} for v, top in zip(row, best, strict=True)],
            }
            for (branch, _), row in zip(scored, values, strict=True)
        ],
        "class_rows": [
            {"name": label, "cells": [100 * float(scores.ap[index].mean()) for _, scores in scored]}
            for index, label in enumerate(first.classes if first is not None else ())
        ],
        "scored_on": ""
        if first is None
        else f"{counted(first.videos, 'video')} of subset {first.subset}, "
        f"{counted(first.ground_truth, 'annotated segment')}, "
        f"{counted(len(first.classes), 'class', 'classes')}, protocol {first.protocol}.",
        "errors": [
            {
                "name": branch.name,
                "cells": [
                    None if math.isnan(rate) else 100 * rate
                    for rate in (branch.errors.miss_rate, branch.errors.false_alarm_rate)
                ],
                "snippets": branch.errors.action + branch.errors.background,
            }
            for branch in report.branches
            if branch.errors is not None
        ],
    }
