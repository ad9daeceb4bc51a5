"""Pictures of an ablation's tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from weaktal.studies.pictures import BLUE, GRAY, ORANGE, ROW
from weaktal.studies.report import Entry, ErrorKind, Found, error_shares
from weaktal.studies.statistics import Estimate, estimate
from weaktal.studies.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


# The paper's Figure 1 in numbers: each branch before and after the collaboration.
ERRORS = (
    ("CBP alone", "cbp-warm-up"),
    ("CBP, whole method", "whole"),
    ("vanilla VLP", "vlp-vanilla"),
    ("VLP, whole method", "whole-vlp"),
)


def table_figure(table: Table, entries: Sequence[Entry], found: Found) -> Figure:
    """Left the mean mAP of each line with its 95 % interval and its seeds, right the paired differences."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 1.5 + ROW * len(entries)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    for place, entry in enumerate(entries):
        seeds = [100 * cell.average_map for cell in found.get(entry.line.reading.name, {}).values()]
        left.plot(seeds, [place] * len(seeds), "o", color=GRAY, markersize=3, alpha=0.6)
        _interval(left, place, entry.average, BLUE)
        if entry.difference is not None and not entry.same:
            _interval(right, place, entry.difference, ORANGE if entry.verdict.lower().startswith("not") else BLUE)
            right.annotate(f" to {entry.line.versus}", (1.0, place), xycoords=("axes fraction", "data"), fontsize=7)
    left.set_yticks(range(len(entries)), [entry.line.reading.title for entry in entries], fontsize=8)
    left.invert_yaxis()
    left.set_xlabel("mean mAP, %; bar: 95 % interval")
    right.axvline(0, color=GRAY, linewidth=0.8)
    right.set_xlabel("difference, paired by seed")
    left.grid(axis="x", alpha=0.3)
    right.grid(axis="x", alpha=0.3)
    figure.suptitle(table.title, fontsize=10)
    return figure


def _interval(axes: Axes, place: int, found: Estimate, color: str) -> None:
    if not found.n:
        return
    half = 0.0 if math.isnan(found.low) else found.high - found.mean
    axes.errorbar(found.mean, place, xerr=half, fmt="D", color=color, markersize=5, capsize=3)


def errors_figure(found: Found) -> Figure | None:
    """Misses and false alarms of each branch before and after; None where a reading is not there."""
    from matplotlib.figure import Figure

    if any(not found.get(name) for _, name in ERRORS):
        return None
    figure = Figure(figsize=(7.5, 4), layout="constrained")
    axes = figure.subplots()
    kinds: tuple[tuple[ErrorKind, str], ...] = (("misses", BLUE), ("false_alarms", ORANGE))
    for offset, (kind, color) in enumerate(kinds):
        shares = [estimate(list(error_shares(found[name], kind).values())) for _, name in ERRORS]
        places = [place + 0.4 * offset - 0.2 for place in range(len(ERRORS))]
        halves = [0.0 if math.isnan(share.low) else share.high - share.mean for share in shares]
        means = [share.mean for share in shares]
        bars = axes.bar(places, means, 0.38, yerr=halves, color=color, label=kind.replace("_", " "), capsize=3)
        axes.bar_label(bars, [f"{mean:.3f}" for mean in means], fontsize=8, padding=2)
    axes.set_xticks(range(len(ERRORS)), [title for title, _ in ERRORS])
    axes.set_ylabel("share of action, of background snippets")
    axes.set_ylim(bottom=0)
    axes.legend()
    return figure
