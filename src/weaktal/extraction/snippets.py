"""A stream of frames cut into the windows of its snippets, holding no more of it than the next windows need.

The number of snippets and the frames of each are those of :class:`weaktal.timeline.SnippetGrid`: a last, partial window
makes a snippet too, padded by repeating the last frame.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

Frame = TypeVar("Frame")


def spread(window: int, frames: int) -> tuple[int, ...]:
    """Which frames of a window a network looks at that wants ``frames`` of them: the middles of as many equal parts.

    >>> spread(16, 4), spread(4, 4), spread(2, 4)
    ((2, 6, 10, 14), (0, 1, 2, 3), (0, 0, 1, 1))
    """
    return tuple((2 * index + 1) * window // (2 * frames) for index in range(frames))


class Windows(Generic[Frame]):
    """Cuts frames into snippets.

    Args:
        window: frames that a snippet covers.
        stride: frames from one snippet to the next.
        offsets: which frames of a window the encoder looks at, rising; all of them without it.
    """

    def __init__(self, window: int, stride: int, offsets: Sequence[int] | None = None) -> None:
        self.window = window
        self.stride = stride
        self.offsets = tuple(range(window)) if offsets is None else tuple(offsets)
        self._held: deque[Frame] = deque()
        self._first = 0  # index of the first frame held
        self._count = 0  # frames seen
        self._next = 0  # snippet to come

    def push(self, frame: Frame) -> Iterator[list[Frame]]:
        """Takes the next frame; gives the snippet that it completes, if any."""
        self._held.append(frame)
        self._count += 1
        self._forget()
        if self._next * self.stride + self.window <= self._count:
            yield self._take()

    def finish(self) -> Iterator[list[Frame]]:
        """Gives what is left after the last frame: at most one partial window."""
        while self._count and (self._next == 0 or (self._next - 1) * self.stride + self.window < self._count):
            yield self._take()

    def _take(self) -> list[Frame]:
        start = self._next * self.stride
        last = self._count - 1
        snippet = [self._held[min(start + offset, last) - self._first] for offset in self.offsets]
        self._next += 1
        self._forget()
        return snippet

    def _forget(self) -> None:
        """Drops what no later snippet needs; the last frame stays, for padding."""
        needed = min(self._next * self.stride + self.offsets[0], self._count - 1)
        while self._first < needed:
            self._held.popleft()
            self._first += 1
