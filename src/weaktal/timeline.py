"""Frames, snippets and seconds: the one place that converts between them.

A feature file holds one row a *snippet*. Snippet ``i`` comes from the frames ``[i*stride, i*stride + window)`` of
the video at ``fps`` frames a second. In proposals it stands for the *cell*: the ``stride/fps`` seconds centred on that
window, clipped to the video, so that the cells of neighbouring snippets touch and never overlap.

Worked example, the field's usual I3D grid (25 fps, window 16, stride 16): snippet 3 covers frames 48 to 63, its centre
is (48 + 8) / 25 = 2.24 s, its cell is [1.92, 2.56] s. With stride 8 the window stays [1.92, 2.56] for snippet 6 while
its cell shrinks to [2.08, 2.40].

>>> grid = SnippetGrid(fps=25.0, window=16, stride=16)
>>> grid.span(3, 3, duration=10.0)
(1.92, 2.56)
>>> SnippetGrid(fps=25.0, window=16, stride=8).span(6, 6, duration=10.0)
(2.08, 2.4)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from weaktal.arrays import Bools, Floats, Integers

MOST_FRAMES = 2**31 - 1  # that a snippet may cover, or lie from the next
_PARTS = 1000  # of a spacing, in which a window is measured


@dataclass(frozen=True, slots=True)
class SnippetGrid:
    """How snippets lie on a video's time.

    Attributes:
        fps: frames a second of the video as the encoder saw it.
        window: frames that one snippet covers.
        stride: frames from the start of one snippet to the start of the next.

    Raises:
        ValueError: if a value is not positive and finite, or a number of frames above ``MOST_FRAMES``.
    """

    fps: float
    window: int
    stride: int

    def __post_init__(self) -> None:
        if not (math.isfinite(self.fps) and self.fps > 0 and self.window > 0 and self.stride > 0):
            raise ValueError(f"fps, window and stride must be positive, not {self.fps}, {self.window}, {self.stride}")
        if max(self.window, self.stride) > MOST_FRAMES:
            raise ValueError(f"window and stride must be at most {MOST_FRAMES} frames")

    @classmethod
    def from_seconds(cls, seconds_per_snippet: float, seconds_per_window: float | None = None) -> SnippetGrid:
        """The grid of features of which only their spacing is known, and how long a window is where windows overlap.

        Without ``seconds_per_window``, windows touch. With it, it is kept to a thousandth of the spacing.

        >>> SnippetGrid.from_seconds(0.64, 2.56).centers(2)
        array([1.28, 1.92])

        Raises:
            ValueError: if a value is not positive and finite.
        """
        if not (math.isfinite(seconds_per_snippet) and seconds_per_snippet > 0):
            raise ValueError(f"seconds per snippet must be positive, not {seconds_per_snippet}")
        if seconds_per_window is None or seconds_per_window == seconds_per_snippet:
            return cls(fps=1.0 / seconds_per_snippet, window=1, stride=1)
        window = _PARTS * seconds_per_window / seconds_per_snippet
        if not (math.isfinite(window) and window >= 1):
            raise ValueError(f"seconds per window must be positive, not {seconds_per_window}")
        return cls(fps=_PARTS / seconds_per_snippet, window=round(window), stride=_PARTS)

    @property
    def seconds_per_snippet(self) -> float:
        """Length of an unclipped cell."""
        return self.stride / self.fps

    def centers(self, count: int) -> Floats:
        """Centres of the windows of snippets 0 to ``count - 1`` in seconds, shape (count,)."""
        return (np.arange(count, dtype=np.float64) * self.stride + self.window / 2) / self.fps

    def edges(self, positions: npt.ArrayLike, duration: float) -> Floats:
        """Where cells begin in seconds, clipped to ``[0, duration]``, shape as ``positions``.

        Position 3 is the start of snippet 3's cell and the end of snippet 2's, position 3.5 the middle of snippet 3's.
        """
        shift = (self.window - self.stride) / 2
        return np.clip((np.asarray(positions, dtype=np.float64) * self.stride + shift) / self.fps, 0.0, duration)

    def cells(self, count: int, duration: float) -> Floats:
        """Start and end of each snippet's cell in seconds, clipped to ``[0, duration]``, shape (count, 2)."""
        edges = self.edges(np.arange(count + 1), duration)
        return np.stack([edges[:-1], edges[1:]], axis=1)

    def span(self, first: int, last: int, duration: float) -> tuple[float, float]:
        """Start of the cell of snippet ``first`` and end of the cell of snippet ``last``, in seconds."""
        start, end = self.edges([first, last + 1], duration).tolist()
        return start, end

    def snippet_at(self, seconds: float) -> int:
        """The snippet whose unclipped cell holds the moment; negative before the first."""
        return math.floor((seconds * self.fps - (self.window - self.stride) / 2) / self.stride)

    def count(self, duration: float) -> int:
        """Snippets of a video this long when a last, partial window still makes one; at least 1."""
        frames = round(duration * self.fps)
        return max(1, math.ceil((frames - self.window) / self.stride) + 1)

    def inside(self, spans: npt.ArrayLike, count: int) -> Bools:
        """Which snippets have their centre in one of the ``spans`` (start, end in seconds), shape (count,).

        For diagnosis and made-up worlds only: training never sees spans.
        """
        centers = self.centers(count)
        array = np.asarray(spans, dtype=np.float64).reshape(-1, 2)
        return np.asarray(((array[:, :1] <= centers) & (centers < array[:, 1:])).any(axis=0), dtype=np.bool_)

    def nearest(self, count: int, other: SnippetGrid, other_count: int) -> Integers:
        """For each of this grid's snippets the one of ``other`` whose centre is nearest in time, shape (count,).

        Aligns features of another rate to this grid, such as CLIP frames to I3D snippets.
        """
        position = (self.centers(count) * other.fps - other.window / 2) / other.stride
        return np.clip(np.rint(position), 0, other_count - 1).astype(np.int64)
