"""Cells of tables as text: Markdown for people, LaTeX for papers, CSV for programs."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence

from weaktal.studies.statistics import Estimate

_LATEX = {"\\": r"\textbackslash{}", "±": r"$\pm$", **{mark: f"\\{mark}" for mark in "&%$#_{}"}}
_LATEX |= {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


def line(cells: Iterable[str]) -> str:
    """A line of a table in Markdown."""
    return "| " + " | ".join(cells) + " |"


def escaped(text: str) -> str:
    """Text as it may appear in a cell of a table in Markdown."""
    return text.replace("|", "\\|")


def as_markdown(head: Sequence[str], rows: Iterable[Sequence[str]], *, named: int = 1) -> str:
    """A table in Markdown; all columns but the first ``named`` hold numbers."""
    rule = ["---"] * named + ["---:"] * (len(head) - named)
    return "\n".join([line(head), line(rule), *(line(map(escaped, row)) for row in rows)])


def as_latex(head: Sequence[str], rows: Iterable[Sequence[str]], *, named: int = 1) -> str:
    """A table for LaTeX's ``booktabs``."""
    lines = [" & ".join(map(_latex, row)) + r" \\" for row in (head, *rows)]
    columns = "l" * named + "r" * (len(head) - named)
    return "\n".join(
        [
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            lines[0],
            r"\midrule",
            *lines[1:],
            r"\bottomrule",
            r"\end{tabular}",
        ]
    )


def _latex(text: str) -> str:
    return "".join(_LATEX.get(mark, mark) for mark in text)


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as CSV."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([columns, *rows])
    return stream.getvalue()


def number(value: float) -> str:
    """With one decimal; empty for NaN."""
    return "" if math.isnan(value) else f"{value:.1f}"


def exact(value: float | None) -> str:
    """With six digits, for programs; empty for none and NaN."""
    return "" if value is None or math.isnan(value) else f"{value:.6g}"


def spread(found: Estimate, digits: int = 1) -> str:
    """Mean and, of several values, standard deviation."""
    if not found.n:
        return ""
    mean = f"{found.mean:.{digits}f}"
    return mean if math.isnan(found.std) else f"{mean} ± {found.std:.{digits}f}"


def interval(found: Estimate) -> str:
    """A difference and, of several values, its interval."""
    if not found.n:
        return ""
    return f"{found.mean:+.1f}" + ("" if math.isnan(found.std) else f" [{found.low:+.1f}, {found.high:+.1f}]")
