"""The tables of a report."""

from __future__ import annotations

import math
from collections.abc import Sequence

from weaktal.report.content import Branch, Step
from weaktal.report.markup import Markup, element, number


def score_table(branches: Sequence[Branch]) -> Markup | None:
    """mAP in percent at each tIoU, a row a branch; the highest of each column stands out. None without scores."""
    scored = [(branch.name, branch.scores) for branch in branches if branch.scores is not None]
    if not scored:
        return None
    tious = scored[0][1].tious
    values = [[*(scores.map * 100).tolist(), scores.average_map * 100] for _, scores in scored]
    best = [max(column) if len(values) > 1 else None for column in zip(*values, strict=True)]
    head = ["mAP (%) at tIoU", *(f"{tiou:g}" for tiou in tious), "mean"]
    rows = [
        [element("th", name, scope="row"), *(_bar(v, strong=v == top) for v, top in zip(row, best, strict=True))]
        for (name, _), row in zip(scored, values, strict=True)
    ]
    return _table(head, rows, "scores")


def class_table(branches: Sequence[Branch]) -> Markup | None:
    """AP in percent of each class, the mean over all tIoU, a column a branch. None without scores."""
    scored = [(branch.name, branch.scores) for branch in branches if branch.scores is not None]
    if not scored:
        return None
    rows = [
        [
            element("th", label, scope="row"),
            *(_bar(100 * float(scores.ap[index].mean())) for _, scores in scored),
        ]
        for index, label in enumerate(scored[0][1].classes)
    ]
    return _table(["AP (%), mean over tIoU", *(name for name, _ in scored)], rows, "scores")


def error_table(branches: Sequence[Branch]) -> Markup | None:
    """Misses and false alarms in percent of the snippets, a row a branch. None where no branch has them."""
    head = ["", "missed, of action snippets (%)", "false alarms, of background snippets (%)", "snippets"]
    rows = []
    for branch in branches:
        errors = branch.errors
        if errors is not None:
            rows.append(
                [
                    element("th", branch.name, scope="row"),
                    _share(errors.miss_rate),
                    _share(errors.false_alarm_rate),
                    element("td", f"{errors.action + errors.background:,}"),
                ]
            )
    return _table(head, rows, "scores") if rows else None


def branch_list(branches: Sequence[Branch]) -> Markup | None:
    """What each branch is, in words."""
    parts = [part for b in branches if b.about for part in (element("dt", b.name), element("dd", b.about))]
    return element("dl", *parts, class_="branches") if parts else None


def step_table(steps: Sequence[Step]) -> Markup | None:
    """What was done, how to do it again, and how long it took."""
    if not steps:
        return None
    rows = [
        [
            element("th", step.what, scope="row"),
            element("td", element("code", step.command) if step.command else None),
            element("td", step.note, class_="words"),
            element("td", "" if step.seconds is None else f"{step.seconds:.1f}"),
        ]
        for step in steps
    ]
    total = sum(step.seconds or 0.0 for step in steps)
    if total:
        blank = element("td")
        rows.append([element("th", "together", scope="row"), blank, blank, element("td", f"{total:.1f}")])
    return _table(["", "the same by hand", "what came of it", "seconds"], rows, "steps")


def fact_table(facts: Sequence[tuple[str, str]]) -> Markup | None:
    """Names and values."""
    if not facts:
        return None
    rows = [[element("th", name, scope="row"), element("td", value, class_="words")] for name, value in facts]
    return element("div", element("table", element("tbody", *(element("tr", *row) for row in rows))), class_="scroll")


def _table(head: Sequence[str], rows: Sequence[Sequence[Markup]], kind: str) -> Markup:
    table = element(
        "table",
        element("thead", element("tr", *(element("th", text, scope="col") for text in head))),
        element("tbody", *(element("tr", *row) for row in rows)),
        class_=kind,
    )
    return element("div", table, class_="scroll", tabindex=0, role="region", aria_label=head[0] or kind)


def _bar(percent: float, *, strong: bool = False) -> Markup:
    text = f"{percent:.1f}"
    filled = number(min(max(percent, 0.0), 100.0))
    return element("td", element("b", text) if strong else text, class_="bar-cell", style=f"--share:{filled}%")


def _share(value: float) -> Markup:
    return element("td", "none there") if math.isnan(value) else _bar(100 * value)
