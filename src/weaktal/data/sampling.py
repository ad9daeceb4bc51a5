"""Which videos, and which snippets of them, an update sees: pure functions of the seed and the update's number.

Nothing is drawn from a running generator, so a run that was stopped and resumed sees what it would have seen.
"""

from __future__ import annotations

import numpy as np


def batch_members(seed: int, update: int, batch_size: int, count: int) -> list[int]:
    """The videos of an update, as positions 0 to ``count - 1``.

    Updates walk through one shuffled pass over the videos after another; a batch that reaches the end of a pass goes on
    into the next. A batch larger than the set holds some videos twice, each time with another crop.
    """
    first = update * batch_size
    members: list[int] = []
    for position in range(first, first + batch_size):
        epoch, place = divmod(position, count)
        if not members or place == 0:
            order = np.random.default_rng([seed, epoch]).permutation(count)
        members.append(int(order[place]))
    return members


def crop(length: int, longest: int, seed: int, update: int, place: int) -> tuple[int, int]:
    """``longest`` consecutive snippets of a video, or all of a shorter one, as a half-open range.

    Args:
        length: snippets of the video.
        longest: snippets that a batch row holds (T of the paper).
        seed, update, place: what the draw depends on; ``place`` is the video's place in the batch.
    """
    if length <= longest:
        return 0, length
    # The leading word keeps this stream apart from the one that shuffles.
    start = int(np.random.default_rng([1, seed, update, place]).integers(length - longest + 1))
    return start, start + longest
