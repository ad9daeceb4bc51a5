"""The tables of an ablation: Markdown for people, CSV for programs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from weaktal.studies.cells import as_csv, escaped, exact, line, number, spread
from weaktal.studies.seeded import Measured
from weaktal.studies.statistics import Estimate, estimate, paired_difference
from weaktal.studies.tables import Line, Sign, Table

ErrorKind = Literal["misses", "false_alarms"]
Found = Mapping[str, Mapping[int, Measured]]
"""What was measured, by reading and seed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a table, filled.

    Attributes:
        line: what was asked for.
        map: mAP at each threshold, over the seeds.
        average: mean mAP over the thresholds.
        misses, false_alarms: shares of snippets.
        difference: of the mean mAP to the reading that the line is held against, paired by seed; None without one.
        same: both are one training read alike, so that there is nothing to compare.
    """

    line: Line
    map: tuple[Estimate, ...]
    average: Estimate
    misses: Estimate
    false_alarms: Estimate
    difference: Estimate | None
    same: bool

    @property
    def verdict(self) -> str:
        """Whether the sign is the paper's; empty where there is nothing to say."""
        if self.line.paper is None or self.difference is None or self.same:
            return ""
        return verdict(self.difference, self.line.paper)


def verdict(difference: Estimate, paper: Sign) -> str:
    """The sign beside the paper's, and whether the interval leaves out 0."""
    if not difference.n or difference.mean == 0:
        return "no difference" if difference.n else ""
    agrees = (difference.mean > 0) == (paper == "above")
    if difference.certain:
        return "as in the paper" if agrees else "NOT as in the paper"
    return "as in the paper, uncertain" if agrees else "not as in the paper, uncertain"


def filled(table: Table, found: Found) -> list[Entry]:
    """The table's lines with what was measured, in percent for mAP."""
    return [_entry(one, found) for one in table.lines]


def _entry(one: Line, found: Found) -> Entry:
    mine = found.get(one.reading.name, {})
    others = found.get(one.versus, {}) if one.versus else {}
    average = {seed: 100 * cell.average_map for seed, cell in mine.items()}
    against = {seed: 100 * cell.average_map for seed, cell in others.items()}
    thresholds = len(next(iter(mine.values())).tiou) if mine else 0
    return Entry(
        line=one,
        map=tuple(estimate([100 * cell.map[k] for cell in mine.values()]) for k in range(thresholds)),
        average=estimate(list(average.values())),
        misses=estimate(list(error_shares(mine, "misses").values())),
        false_alarms=estimate(list(error_shares(mine, "false_alarms").values())),
        difference=paired_difference(average, against) if one.versus else None,
        same=bool(mine) and all(seed in others and _same(mine[seed], others[seed]) for seed in mine),
    )


def _same(one: Measured, other: Measured) -> bool:
    return (one.settings, one.after, one.branch) == (other.settings, other.after, other.branch)


def markdown(table: Table, entries: Sequence[Entry], tious: Sequence[float]) -> str:
    """A table as Markdown: percent of mAP, mean and standard deviation over seeds, 95 % interval of the difference."""
    head = ["", *(f"{tiou:g}" for tiou in tious), "mean ± std", "misses", "false alarms", "difference", "n", ""]
    rows = [_row(entry, tious) for entry in entries]
    lines = [f"## {table.title}", "", line(head), line(["---"] + ["---:"] * (len(head) - 2) + ["---"])]
    return "\n".join([*lines, *(line(row) for row in rows), ""])


# The paper's Figure 1 in numbers: what the whole method does to each kind of error; reading before, reading after, and
# where the paper finds the latter.
REPAIRS: tuple[tuple[str, ErrorKind, str, str, Sign | None], ...] = (
    ("CBP: misses", "misses", "cbp-warm-up", "whole", "below"),
    ("CBP: false alarms", "false_alarms", "cbp-warm-up", "whole", None),
    ("VLP: misses", "misses", "vlp-vanilla", "whole-vlp", None),
    ("VLP: false alarms", "false_alarms", "vlp-vanilla", "whole-vlp", "below"),
)


def errors_markdown(found: Found) -> str:
    """Each branch's errors before and after the whole method; empty where a reading is not there."""
    if any(not found.get(name) for _, _, *names, _ in REPAIRS for name in names):
        return ""
    lines = [
        "### What the whole method does to each kind of error",
        "",
        line(["", "before", "after", "difference", "n", ""]),
        line(["---", "---:", "---:", "---:", "---:", "---"]),
    ]
    for title, kind, before, after, paper in REPAIRS:
        first, second = error_shares(found[before], kind), error_shares(found[after], kind)
        change = paired_difference(second, first)
        interval = "" if math.isnan(change.low) else f" [{change.low:+.3f}, {change.high:+.3f}]"
        cells = [title, _share(estimate(list(first.values()))), _share(estimate(list(second.values())))]
        said = verdict(change, paper) if paper else ""
        lines.append(line([*cells, f"{change.mean:+.3f}{interval}" if change.n else "", str(change.n), said]))
    return "\n".join([*lines, ""])


def error_shares(cells: Mapping[int, Measured], kind: ErrorKind) -> dict[int, float]:
    """Misses or false alarms by seed, where there are any snippets to count."""
    shares = {seed: getattr(cell, kind) for seed, cell in cells.items()}
    return {seed: share for seed, share in shares.items() if share is not None}


def _row(entry: Entry, tious: Sequence[float]) -> list[str]:
    at = [number(e.mean) for e in entry.map] or [""] * len(tious)
    return [
        escaped(f"{entry.line.reading.title} (`{entry.line.reading.name}`)"),
        *at,
        spread(entry.average),
        _share(entry.misses),
        _share(entry.false_alarms),
        _difference(entry),
        str(entry.average.n),
        entry.verdict,
    ]


def _difference(entry: Entry) -> str:
    versus, difference = entry.line.versus, entry.difference
    if versus is None or difference is None or not difference.n:
        return ""
    if entry.same:
        return f"is `{versus}`"
    interval = "" if math.isnan(difference.low) else f" [{difference.low:+.1f}, {difference.high:+.1f}]"
    return f"{difference.mean:+.1f}{interval} to `{versus}`"


def _share(found: Estimate) -> str:
    return f"{found.mean:.3f}" if found.n else ""


SUMMARY_COLUMNS = (
    "table", "reading", "title", "overrides", "after", "branch", "n", "mean_map", "std", "low", "high",
    "misses", "false_alarms", "versus", "difference", "difference_low", "difference_high", "paper", "verdict",
)  # fmt: skip


def summary_csv(filled_tables: Sequence[tuple[Table, Sequence[Entry]]]) -> str:
    """One row a line of a table; mAP in percent, empty where there is no number."""
    rows = []
    for table, entries in filled_tables:
        for entry in entries:
            reading, difference = entry.line.reading, entry.difference or estimate([])
            numbers = [entry.average.mean, entry.average.std, entry.average.low, entry.average.high]
            rows.append(
                [
                    table.key, reading.name, reading.title, " ".join(reading.overrides), reading.after, reading.branch,
                    entry.average.n, *map(exact, [*numbers, entry.misses.mean, entry.false_alarms.mean]),
                    entry.line.versus or "", *map(exact, [difference.mean, difference.low, difference.high]),
                    entry.line.paper or "", entry.verdict,
                ]
            )  # fmt: skip
    return as_csv(SUMMARY_COLUMNS, rows)


def cells_csv(found: Found) -> str:
    """One row a reading and seed; mAP in percent."""
    cells = [cell for by_seed in found.values() for _, cell in sorted(by_seed.items())]
    tious = cells[0].tiou if cells else ()
    at = [f"map_{tiou:g}" for tiou in tious]
    columns = ("reading", "seed", "after", "branch", "chosen", *at, "mean_map", "misses", "false_alarms")
    return as_csv(
        columns,
        [
            [c.reading, c.seed, c.after, c.branch, c.chosen or ""]
            + [exact(v) for v in (*(100 * m for m in c.map), 100 * c.average_map, c.misses, c.false_alarms)]
            for c in cells
        ],
    )
