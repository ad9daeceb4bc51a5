"""How precise predictions are, by what a person said of some of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from weaktal.data.corrections import Judgement
from weaktal.evaluation.tiou import tiou


@dataclass(frozen=True, slots=True)
class Precision:
    """How many of a row's judged segments were right.

    Attributes:
        row: of the page.
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
    return Precision(row, right, judged, middle - half, middle + half, more)
