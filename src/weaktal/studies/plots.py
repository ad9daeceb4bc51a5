"""Pictures of the tables, as PNG and SVG. matplotlib is imported here only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weaktal.files import replacing
from weaktal.studies.report import Entry, ErrorKind, Found, error_shares
from weaktal.studies.statistics import Estimate, estimate
from weaktal.studies.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from weaktal.studies.comparison import Comparison

BLUE, ORANGE, GRAY = "#2b6cb0", "#dd7a1f", "#777777"
ROW = 0.34  # inches a line

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


def comparison_figure(found: Comparison) -> Figure:
    """Left mAP by tIoU of each row and of what others published, right the protocol's own average with its interval."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, max(3.6, 1.6 + ROW * (len(found.rows) + len(found.published)))), layout="constrained")
    left, right = figure.subplots(1, 2)
    for row in found.rows:
        at = [found.at(row, tiou).mean for tiou in found.tious]
        left.plot(found.tious, at, "o-", markersize=3, label=row.name)
    for other in found.published:
        if other.map:
            left.plot(list(other.map), list(other.map.values()), ":", color=GRAY, linewidth=1, label=other.method)
    left.set_xlabel("tIoU")
    left.set_ylabel("mAP, %")
    left.legend(fontsize=7)
    titles = [row.name for row in found.rows]
    for place, row in enumerate(found.rows):
        mean = found.average(row, found.own).mean
        ends = found.interval(row)
        error = None if ends is None else [[max(mean - ends[0], 0)], [max(ends[1] - mean, 0)]]
        right.errorbar(mean, place, xerr=error, fmt="D", color=BLUE, markersize=5, capsize=3)
        values = 100 * row.map[:, [found.grid.index(tiou) for tiou in found.ranges[found.own]]].mean(axis=1)
        right.plot(values, [place] * len(values), "o", color=GRAY, markersize=3, alpha=0.6)
    for other in found.published:
        if found.own in other.means:
            right.plot(other.means[found.own], len(titles), "s", color=GRAY, markersize=4)
            titles.append(f"{other.method} ({other.picked})")
    right.set_yticks(range(len(titles)), titles, fontsize=7)
    right.invert_yaxis()
    right.set_xlabel(f"mean mAP, tIoU {found.own}, %; bar: 95 % interval")
    for axes in (left, right):
        axes.grid(alpha=0.3)
    return figure


def save(figure: Figure, path: Path) -> list[Path]:
    """Writes ``path`` with the endings .png and .svg, each whole or not at all."""
    written = [path.with_name(path.name + ending) for ending in (".png", ".svg")]
    for file in written:
        save_as(figure, file)
    return written


# Without a date, and with names that do not change, equal figures are equal files.
_UNDATED = {".png": {"Software": None}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None, "Producer": None}}


def save_as(figure: Figure, path: Path) -> None:
    """Writes a picture in the format that the ending says, whole or not at all."""
    options: dict[str, Any] = {"format": path.suffix[1:], "dpi": 130, "metadata": _UNDATED[path.suffix]}
    with _fixed_names(), replacing(path) as temporary:
        figure.savefig(temporary, **options)


def _fixed_names() -> Any:
    import matplotlib as mpl

    return mpl.rc_context({"svg.hashsalt": "weaktal"})
