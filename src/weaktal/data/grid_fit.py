"""Whether features lie on the grid that they are said to lie on: the lengths of all videos together tell.

Features that were made at 30 frames a second and are described as made at 25 have a fifth more snippets than belong to
every one of their videos. One video proves nothing, since published features are often a few snippets short; that all
videos agree on the same ratio does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from weaktal.arrays import Floats
from weaktal.timeline import SnippetGrid

OFF = 0.025  # share of the snippets by which all lengths must be off; 24 for 25 frames a second are .04
AGREED = 0.01  # how far from the common ratio the lengths of most videos may be
SHORT = 4.0  # snippets that features may be short of: cut at the end, or of overlapping windows
LONG = 2.0  # snippets that they may have too many
FEWEST = 3  # videos that can agree
APART = 0.06  # between the ratios of two groups of videos: 24 for 25 frames a second cannot be told from noise
LONG_ENOUGH = 40.0  # snippets of a video whose own ratio says something
MOST_SHORT = 1.75  # snippets that are missing on average where windows do not overlap: half of one

# What the field extracts with: frames a snippet, and frames a second.
_STRIDES = (16, 8, 4, 24, 32, 64, 15, 10, 5, 6, 12, 1)
_RATES = (25.0, 30.0, 24.0, 15.0, 12.5, 10.0, 50.0, 60.0, 20.0, 5.0, 1.0)


@dataclass(frozen=True, slots=True)
class Fit:
    """How the lengths of features go with the durations of their videos.

    Attributes:
        videos: how many were looked at.
        ratio: snippets over those that durations and grid make, the common one.
        agreed: whether most videos agree on it.
        short: snippets that are missing at the end of most videos, where the ratio is right.
        grid: the grid that was said.
        example: a video in words.
        groups: a sentence where the videos fall into two groups, each with a ratio of its own.
    """

    videos: int
    ratio: float
    agreed: bool
    short: float
    grid: SnippetGrid
    example: str
    groups: str | None = None

    @property
    def wrong(self) -> bool:
        """Whether all lengths are off by one and the same ratio."""
        return self.agreed and abs(self.ratio - 1) > OFF

    @property
    def spacing(self) -> float:
        """Seconds from snippet to snippet that would fit."""
        return self.grid.seconds_per_snippet / self.ratio

    @property
    def problem(self) -> str:
        """What is wrong, where the grid is."""
        whom = "all" if self.videos > 1 else "the"
        count = f"{self.videos:,} videos" if self.videos > 1 else "video"
        return (
            f"{whom} {count} {'have' if self.videos > 1 else 'has'} about {self.ratio:.3g} times the snippets that "
            f"their durations make: {self.example}"
        )

    @property
    def advice(self) -> str:
        """The grid that would fit, in words."""
        usual = _usual(self.spacing, self.grid.stride)
        return f"{self.spacing:.4g} s from snippet to snippet, which these durations fit" + (
            f" ({usual[1]} frames at {usual[0]:g} fps)" if usual else ""
        )

    @property
    def overlap(self) -> str | None:
        """A sentence where features end too early in all videos alike, as those of overlapping windows do."""
        if not self.agreed or self.wrong or self.short < MOST_SHORT or self.grid.window > self.grid.stride:
            return None
        window = (self.short + 0.5) * self.grid.seconds_per_snippet
        return (
            f"the features of all {self.videos:,} videos end about {self.short:.1f} snippets before their video, such "
            f"as {self.example}: if windows overlap, say how long a window is (about {window:.3g} s), or all times "
            "come too early"
        )


def fit(lengths: Mapping[str, int], durations: Mapping[str, float], grid: SnippetGrid) -> Fit | None:
    """Looks at all videos together.

    Args:
        lengths: snippets by video; at least one.
        durations: seconds, of these videos and perhaps others.
        grid: how the snippets are said to lie on time.

    Returns:
        None where there is nothing to look at, or videos are too short to tell.
    """
    names = list(lengths)
    if not names:
        return None
    rows = np.array([lengths[name] for name in names], dtype=np.float64)  # (N,)
    seconds = np.array([durations[name] for name in names])
    wanted = np.maximum((seconds * grid.fps - grid.window) / grid.stride + 1, 1.0)  # with a part of a last one
    ratio = _ratio(rows, seconds, wanted)
    # A ratio by itself must move lengths by more than features are short of anyway, unless many lengths vary alike.
    # Overlapping windows may have been padded at both ends of a video.
    padding = (grid.window - grid.stride) / grid.stride if grid.window > grid.stride else 0.0
    if -SHORT <= np.median(rows - wanted) <= LONG + padding and not _varied(rows, seconds):
        ratio = 1.0
    if abs(ratio - 1) <= OFF:
        ratio = 1.0
    off = rows - wanted * ratio
    tolerated = np.maximum(AGREED * rows, 2.0)
    agreed = bool((np.abs(off - np.median(off)) <= tolerated).mean() >= 0.8) and len(names) >= FEWEST
    index = int(np.argsort(seconds)[len(seconds) // 2])
    example = f"{names[index]} has {lengths[names[index]]}, and {seconds[index]:g} s make {grid.count(seconds[index])}"
    groups = _groups(names, rows, wanted)
    return Fit(len(names), float(ratio), agreed, float(-np.median(off)), grid, example, groups)


def _groups(names: Sequence[str], rows: Floats, wanted: Floats) -> str | None:
    """A sentence where long videos fall into two groups by their ratio, as in a package made at two frame rates."""
    long = np.flatnonzero(wanted >= LONG_ENOUGH)
    order = long[np.argsort(rows[long] / wanted[long], kind="stable")]
    ratios = rows[order] / wanted[order]  # ascending
    if len(order) < 2 * FEWEST:
        return None
    cut = int(np.argmax(np.diff(ratios))) + 1
    sides = [(order[:cut], ratios[:cut]), (order[cut:], ratios[cut:])]
    low, high = (float(np.median(of)) for _, of in sides)
    alike = all(
        len(of) >= FEWEST and float((np.abs(of / np.median(of) - 1) <= 2 * AGREED).mean()) >= 0.8 for _, of in sides
    )
    if not alike or high / low - 1 < APART:
        return None
    first, second = (names[int(group[0])] for group, _ in sides)
    return (
        f"{cut:,} videos, such as {first}, have about {low:.3g} times the snippets that their durations make, and "
        f"{len(order) - cut:,}, such as {second}, about {high:.3g} times: were they made at two frame rates? The times "
        "of one group come out wrong"
    )


def _varied(rows: Floats, seconds: Floats) -> bool:
    """Whether durations differ enough for the slope of lengths over durations to tell a ratio from an offset."""
    if len(rows) < 8:
        return False
    low, middle, high = np.percentile(seconds, [10, 50, 90])
    return bool(high - low > 0.5 * middle and np.ptp(np.percentile(rows, [10, 90])) > 20)


def _ratio(rows: Floats, seconds: Floats, wanted: Floats) -> float:
    """Snippets over wanted snippets: the slope where durations vary, which features cut short do not change."""
    ratio = float(np.median((rows + 0.5) / wanted))
    if not _varied(rows, seconds) or abs(ratio - 1) <= OFF / 2:
        return ratio
    # The median of the slopes between videos that are half a dataset apart (Theil, 1950), which outliers do not move.
    order = np.argsort(wanted)
    half = len(order) // 2
    near, far = order[: len(order) - half], order[half:]
    apart = wanted[far] - wanted[near]
    return float(np.median((rows[far] - rows[near])[apart > 0] / apart[apart > 0]))


def _usual(spacing: float, stride: int) -> tuple[float, int] | None:
    """Frames a second and frames a snippet in common use that give this spacing; the same stride first."""
    for frames in (stride, *_STRIDES) if stride > 1 else _STRIDES:
        for rate in _RATES:
            if abs(frames / rate / spacing - 1) < 0.008:
                return rate, frames
    return None
