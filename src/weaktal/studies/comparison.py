"""What a comparison found, and how it looks: a table as text, Markdown, LaTeX, CSV, JSON, or a picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from weaktal.arrays import Floats
from weaktal.errors import InputError, counted, shown
from weaktal.evaluation.protocols import tiou_grid
from weaktal.files import check_writable, write_json, write_text
from weaktal.packages import require
from weaktal.studies.bootstrap import interval
from weaktal.studies.cells import as_csv, as_latex, as_markdown, exact, number, spread
from weaktal.studies.comparison_plot import Shown, comparison_figure
from weaktal.studies.pictures import save_as
from weaktal.studies.published import Published
from weaktal.studies.statistics import Estimate, estimate

USUAL_RANGES = ("0.1:0.5", "0.3:0.7", "0.1:0.7")


def ranges_of(tious: Sequence[float]) -> dict[str, tuple[float, ...]]:
    """The tIoU ranges that the field averages over, and, last, that of the protocol, by name.

    >>> list(ranges_of((0.5, 0.75, 0.95)))
    ['0.1:0.5', '0.3:0.7', '0.1:0.7', '0.5:0.95']
    """
    ranges = {name: tiou_grid(f"{name}:0.1") for name in USUAL_RANGES}
    own = f"{tious[0]:g}:{tious[-1]:g}" if len(tious) > 1 else f"{tious[0]:g}"
    ranges.pop(own, None)
    return {**ranges, own: tuple(tious)}


@dataclass(frozen=True, slots=True)
class Row:
    """A method: one or more results of it.

    Attributes:
        name: for people.
        seeds: of its S results.
        ap: AP by seed, class and threshold, shape (S, C, K).
        resampled: mAP of each resampling at each threshold, shape (B, K).
    """

    name: str
    seeds: tuple[int, ...]
    ap: Floats
    resampled: Floats

    @property
    def map(self) -> Floats:
        """mAP of each seed at each threshold, shape (S, K)."""
        return np.asarray(self.ap.mean(axis=1), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Rows scored alike; values are fractions of 1, those that are shown are percent.

    Attributes:
        protocol, subset: that were scored.
        tious: thresholds that are shown.
        grid: all K thresholds that were scored.
        ranges: thresholds by the name of their average; the last is the protocol's own.
        classes: those with ground truth in the subset.
        videos, ground_truth: how many.
        resamples: behind the intervals; 0 for none.
        rows: what was compared; differences are to the first.
        published: what others published on this benchmark.
        warnings: what was ignored or looks wrong.
    """

    protocol: str
    subset: str
    tious: tuple[float, ...]
    grid: tuple[float, ...]
    ranges: Mapping[str, tuple[float, ...]]
    classes: tuple[str, ...]
    videos: int
    ground_truth: int
    resamples: int
    rows: tuple[Row, ...]
    published: tuple[Published, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def own(self) -> str:
        """The name of the protocol's own range."""
        return list(self.ranges)[-1]

    def at(self, row: Row, tiou: float) -> Estimate:
        """mAP in percent over the seeds."""
        return estimate((100 * row.map[:, self.grid.index(tiou)]).tolist())

    def average(self, row: Row, name: str) -> Estimate:
        """Mean mAP in percent over a range, over the seeds."""
        return estimate((100 * row.map[:, self._columns(name)].mean(axis=1)).tolist())

    def interval(self, row: Row) -> tuple[float, float] | None:
        """95 % interval of the protocol's own average, in percent; None without resampling."""
        return interval(100 * self._resampled(row)) if self.resamples else None

    def difference(self, row: Row) -> tuple[float, tuple[float, float] | None]:
        """The protocol's own average less that of the first row, in percent, and its paired interval."""
        first = self.rows[0]
        difference = self.average(row, self.own).mean - self.average(first, self.own).mean
        if not self.resamples:
            return difference, None
        return difference, interval(100 * (self._resampled(row) - self._resampled(first)))

    def _columns(self, name: str) -> list[int]:
        return [self.grid.index(tiou) for tiou in self.ranges[name]]

    def _resampled(self, row: Row) -> Floats:
        return np.asarray(row.resampled[:, self._columns(self.own)].mean(axis=1), dtype=np.float64)

    @property
    def head(self) -> list[str]:
        """Titles of the columns of :meth:`table`."""
        averages = [f"mean {name}" for name in self.ranges]
        return ["mAP % at tIoU", "n", *(f"{tiou:g}" for tiou in self.tious), *averages, "95 %", "to the first", "95 %"]

    def table(self) -> list[list[str]]:
        """Rows as text: mAP over the seeds, averages with their spread, intervals; then what others published."""
        rows = []
        for row in self.rows:
            difference, between = self.difference(row)
            compared = ["", ""] if row is self.rows[0] else [f"{difference:+.1f}", _between(between, "+.1f")]
            at = [number(self.at(row, tiou).mean) for tiou in self.tious]
            averages = [spread(self.average(row, name)) for name in self.ranges]
            rows.append([row.name, str(len(row.seeds)), *at, *averages, _between(self.interval(row), ".1f"), *compared])
        for other in self.published:
            at = [number(other.map.get(tiou, math.nan)) for tiou in self.tious]
            averages = [number(other.means.get(name, math.nan)) for name in self.ranges]
            rows.append([other.title, "", *at, *averages, "", "", ""])
        return rows

    def by_class(self) -> tuple[list[str], list[list[str]]]:
        """Head and rows: AP of each class, mean over the protocol's own thresholds and the seeds, in percent."""
        columns = self._columns(self.own)
        values = [100 * row.ap[:, :, columns].mean(axis=(0, 2)) for row in self.rows]  # (C,) each
        rows = [[label, *(number(float(ap[c])) for ap in values)] for c, label in enumerate(self.classes)]
        return [f"AP %, mean {self.own}", *(row.name for row in self.rows)], rows

    @property
    def said(self) -> str:
        """What the table shows, in a paragraph."""
        intervals = (
            f" Intervals: {self.resamples} resamplings of the videos, and of the seeds where there are several; "
            "differences are paired."
            if self.resamples
            else ""
        )
        beside = (
            " Published rows are as their authors report them; ours are last checkpoints." if self.published else ""
        )
        return (
            f"Protocol {self.protocol}, subset {self.subset}: {counted(self.videos, 'video')}, "
            f"{counted(self.ground_truth, 'segment')} of {counted(len(self.classes), 'class', 'classes')}. "
            "mAP in percent, mean over n seeds, ± their standard deviation."
            f"{intervals}{beside}"
        )

    def markdown(self, *, per_class: bool = False) -> str:
        """The paragraph and the table in Markdown."""
        parts = [self.said, "", as_markdown(self.head, self.table()), ""]
        if per_class:
            parts += [as_markdown(*self.by_class()), ""]
        return "\n".join(parts)

    def latex(self, *, per_class: bool = False) -> str:
        """The table for LaTeX's ``booktabs``, the paragraph as a comment."""
        parts = [f"% {self.said}", as_latex(self.head, self.table()), ""]
        return "\n".join([*parts, as_latex(*self.by_class()), ""] if per_class else parts)

    def csv(self, *, per_class: bool = False) -> str:
        """A line for each row, in percent; with ``per_class`` also columns of each class's AP."""
        classes = self.classes if per_class else ()
        columns = [
            "name", "kind", "n", *(f"map_{tiou:g}" for tiou in self.tious),
            *(f"mean_{name}{what}" for name in self.ranges for what in ("", "_std")),
            "low", "high", "difference", "difference_low", "difference_high", "source", "picked_on_test",
            *(f"ap_{label}" for label in classes),
        ]  # fmt: skip
        own = self._columns(self.own)
        lines: list[list[object]] = []
        for row in self.rows:
            difference, between = self.difference(row)
            averages = [self.average(row, name) for name in self.ranges]
            ends = [*(self.interval(row) or (None, None)), difference, *(between or (None, None))]
            ap = 100 * row.ap[:, :, own].mean(axis=(0, 2)) if per_class else ()
            numbers = [self.at(row, tiou).mean for tiou in self.tious]
            numbers += [value for found in averages for value in (found.mean, found.std)]
            lines.append([row.name, "ours", len(row.seeds), *map(exact, [*numbers, *ends]), "", "", *map(exact, ap)])
        for other in self.published:
            numbers = [other.map.get(tiou, math.nan) for tiou in self.tious]
            numbers += [value for name in self.ranges for value in (other.means.get(name, math.nan), math.nan)]
            picked = "" if other.picked_on_test is None else other.picked_on_test
            blank = ["" for _ in classes]
            lines.append([other.method, "published", "", *map(exact, numbers), *[""] * 5, other.source, picked, *blank])
        return as_csv(columns, lines)

    def as_json(self) -> dict[str, Any]:
        """The object that ``weaktal compare --json`` writes; mAP as fractions of 1."""
        rows = []
        for row in self.rows:
            difference, between = self.difference(row)
            rows.append(
                {
                    "name": row.name,
                    "seeds": list(row.seeds),
                    "map": row.map[:, [self.grid.index(tiou) for tiou in self.tious]].tolist(),
                    "averages": {name: _as_json(self.average(row, name)) for name in self.ranges},
                    "interval": _fractions(self.interval(row)),
                    "difference": difference / 100,
                    "difference_interval": _fractions(between),
                    "ap": {label: row.ap[:, c].tolist() for c, label in enumerate(self.classes)},
                }
            )
        return {
            "protocol": self.protocol,
            "subset": self.subset,
            "tiou": list(self.tious),
            "ap_tiou": list(self.grid),
            "average": self.own,
            "videos": self.videos,
            "ground_truth": self.ground_truth,
            "resamples": self.resamples,
            "rows": rows,
            "published": [other.model_dump(mode="json") for other in self.published],
            "warnings": list(self.warnings),
        }

    def save(self, path: str | Path, *, per_class: bool = False) -> None:
        """Writes it in the format that the ending of the path says, whole or not at all.

        Raises:
            InputError: for another ending, or a picture without matplotlib.
        """
        path = Path(path)
        check_output(path)
        if path.suffix in PICTURES:
            save_as(comparison_figure(self._shown(), self.own), path)
        elif path.suffix == ".json":
            write_json(path, self.as_json())
        else:
            write_text(path, _TEXTS[path.suffix](self, per_class))

    def _shown(self) -> list[Shown]:
        columns = self._columns(self.own)
        ours = [
            Shown(
                row.name,
                {tiou: self.at(row, tiou).mean for tiou in self.tious},
                self.average(row, self.own).mean,
                self.interval(row),
                (100 * row.map[:, columns].mean(axis=1)).tolist(),
            )
            for row in self.rows
        ]
        others = [
            Shown(f"{other.method} ({other.picked})", other.map, other.means.get(self.own), ours=False)
            for other in self.published
        ]
        return [*ours, *others]


PICTURES = (".png", ".svg", ".pdf")
_TEXTS: Mapping[str, Callable[[Comparison, bool], str]] = {
    ".md": lambda found, per_class: found.markdown(per_class=per_class),
    ".tex": lambda found, per_class: found.latex(per_class=per_class),
    ".csv": lambda found, per_class: found.csv(per_class=per_class),
}


def check_output(path: Path) -> None:
    """Refuses an output that :meth:`Comparison.save` could not write, before any work.

    Raises:
        InputError: naming the path, and the endings that there are.
    """
    endings = [*_TEXTS, ".json", *PICTURES]
    if path.suffix not in endings:
        expected = f"one of {', '.join(endings)}"
        raise InputError(f"has the ending {shown(path.suffix)}", source=path, expected=expected)
    if path.suffix in PICTURES:
        require("matplotlib", source=path)
    check_writable(path)


def _between(ends: tuple[float, float] | None, form: str) -> str:
    return "" if ends is None else f"[{ends[0]:{form}}, {ends[1]:{form}}]"


def _fractions(ends: tuple[float, float] | None) -> list[float] | None:
    return None if ends is None else [end / 100 for end in ends]


def _as_json(found: Estimate) -> dict[str, float | None]:
    return {"mean": found.mean / 100, "std": None if math.isnan(found.std) else found.std / 100}
