"""Which found segments are right, where the truth is known, and how many true ones were found."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from weaktal.evaluation.tiou import tiou as overlaps
from weaktal.segments import Segment


def matched(found: Sequence[Segment], truth: Sequence[Segment], tiou: float) -> list[bool]:
    """Whether each found segment of a video meets a true one of its class that no surer one took.

    Args:
        found: of one video.
        truth: of the same video.
        tiou: the overlap that is asked for.
    """
    taken: set[int] = set()
    right = [False] * len(found)
    for place in sorted(range(len(found)), key=lambda index: -found[index].score):
        segment = found[place]
        free = [i for i, true in enumerate(truth) if true.label == segment.label and i not in taken]
        if not free:
            continue
        shares = overlaps([segment.start, segment.end], [[truth[i].start, truth[i].end] for i in free])  # (F,)
        if shares.max() >= tiou:
            taken.add(free[int(shares.argmax())])
            right[place] = True
    return right


@dataclass(frozen=True, slots=True)
class Hits:
    """How a set of segments does against the truth.

    Attributes:
        right: found segments that meet a true one.
        found, true: how many there are.
        videos: how many have truth.
    """

    right: int
    found: int
    true: int
    videos: int

    @property
    def precision(self) -> float:
        """Share of the found segments that are right; NaN where nothing was found."""
        return self.right / self.found if self.found else math.nan

    @property
    def recall(self) -> float:
        """Share of the true segments that were found; NaN where there are none."""
        return self.right / self.true if self.true else math.nan


def hits(found: Mapping[str, Sequence[Segment]], truth: Mapping[str, Sequence[Segment]], tiou: float = 0.5) -> Hits:
    """Counts over the videos of ``truth``, of which some may hold nothing."""
    right = sum(sum(matched(found.get(name, ()), segments, tiou)) for name, segments in truth.items())
    shown = sum(len(found.get(name, ())) for name in truth)
    return Hits(right, shown, sum(map(len, truth.values())), len(truth))


def interval(right: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's interval of a share: where it may lie, in 95 of 100 cases.

    >>> low, high = interval(5, 6)
    >>> f"{low:.2f} to {high:.2f}"
    '0.44 to 0.97'
    """
    if count == 0:
        return 0.0, 1.0
    share = right / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    reach = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return max(0.0, middle - reach), min(1.0, middle + reach)
