"""How precise predictions are, by what a person said of some of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from weaktal.data.corrections import Judgement, read_corrections
from weaktal.data.results import Results, read_results
from weaktal.errors import counted
from weaktal.evaluation.tiou import tiou
from weaktal.segments import Segment

FILE = "corrections.json"  # what a page saves, looked for beside the results
_SHOWN = "shown"


@dataclass(frozen=True, slots=True)
class Precision:
    """How many of a row's judged segments were right.

    Attributes:
        row: of the page; "shown" for the segments that results show, whatever row they were judged in.
        right: as they were, or changed so little that they still overlap what they became.
        judged: all that a person looked at.
        low, high: Wilson's interval of 95 % for the share that is right.
        more: how many more would have to be judged to know the share to 5 points.
    """

    row: str
    right: int
    judged: int
    low: float
    high: float
    more: int

    def __str__(self) -> str:
        said = (
            f"{self.right:,} of {counted(self.judged, 'judged segment')} right: {self.right / self.judged:.0%} "
            f"(95 % interval {self.low:.0%} to {self.high:.0%})"
        )
        return f"{said}; about {self.more:,} more would tell it to 5 points" if self.more else said


def judged(
    corrections: str | PathLike[str], results: str | PathLike[str] | Results | None = None, *, tiou: float = 0.5
) -> list[Precision]:
    """How precise predictions are, by what a person said of some of them on a page of ``weaktal view``.

    The interval holds for all segments if those that were judged are like the others: judge whole videos, or what comes
    next, rather than what looks odd.

    Args:
        corrections: the ``corrections.json`` that the page saved.
        results: count only segments that these results show: their final set where they have one, else all.
        tiou: from which on a segment whose ends were moved was right enough.

    Returns:
        One for each row of the page that was judged; with ``results`` one at most.

    Raises:
        InputError: if a file is missing or not as it should be.
    """
    said = read_corrections(Path(corrections)).judgements
    if results is None:
        return precisions(said, threshold=tiou)
    found = results if isinstance(results, Results) else read_results(Path(results))
    of_shown = precision_of(said, found.shown(), threshold=tiou)
    return [] if of_shown is None else [of_shown]


def precision_of(
    judgements: Sequence[Judgement], shown: Mapping[str, Sequence[Segment]], *, threshold: float = 0.5
) -> Precision | None:
    """Of the segments that are shown, by video, the share of the judged ones that was right; None if none was judged.

    A segment is the same as a judged one if video, label and ends are, as a page writes them. Of several judgements of
    one the last counts.
    """
    there = {_key(video, s.label, s.start, s.end) for video, segments in shown.items() for s in segments}
    right: dict[_Key, bool] = {}
    for judgement in judgements:
        if judgement.predicted is None:
            continue
        key = _key(judgement.video, judgement.predicted.label, *judgement.predicted.segment)
        if key in there:
            right[key] = _right(judgement, threshold)
    return _precision(_SHOWN, sum(right.values()), len(right)) if right else None


_Key = tuple[str, str, float, float]


def _key(video: str, label: str, start: float, end: float) -> _Key:
    return video, label, round(start, 4), round(end, 4)  # as in the page's data


def precisions(judgements: Sequence[Judgement], *, threshold: float = 0.5) -> list[Precision]:
    """Of each row that somebody judged, the share that was right.

    Args:
        judgements: of single segments.
        threshold: tIoU from which on a changed segment was right enough.
    """
    rows: dict[str, list[bool]] = {}
    for judgement in judgements:
        if judgement.row is not None and judgement.predicted is not None:
            rows.setdefault(judgement.row, []).append(_right(judgement, threshold))
    return [_precision(row, sum(right), len(right)) for row, right in rows.items()]


def _right(judgement: Judgement, threshold: float) -> bool:
    before, after = judgement.predicted, judgement.segment
    if judgement.verdict == "right" or before is None:
        return judgement.verdict == "right"
    close = float(tiou(before.segment, after.segment)) >= threshold
    return judgement.verdict == "changed" and before.label == after.label and close


_Z = 1.959964  # of a normal distribution's middle 95 %
_WISH = 0.05  # half of the interval that "to 5 points" means


def _precision(row: str, right: int, judged: int) -> Precision:
    share, wide = right / judged, 1 + _Z**2 / judged
    middle = (share + _Z**2 / (2 * judged)) / wide
    half = _Z / wide * math.sqrt(share * (1 - share) / judged + _Z**2 / (4 * judged**2))
    unsure = min(max(middle, 0.05), 0.95)
    more = max(0, math.ceil(_Z**2 * unsure * (1 - unsure) / _WISH**2) - judged)
    return Precision(row, right, judged, max(0.0, middle - half), min(1.0, middle + half), more)
