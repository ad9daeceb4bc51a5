"""Which videos are set aside: never trained on, so that the tags found for them tell how far to trust a run."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence


def hold_out(
    tags: Mapping[str, Sequence[str]], share: float, *, seed: int = 0, before: Mapping[str, bool] | None = None
) -> set[str]:
    """Videos to hold out, so that of each class about the same share is.

    The rarest class is served first. A class always keeps at least one video to train on, and two where it has three.
    The same names, share and seed give the same videos, and what was decided before stays.

    Args:
        tags: of each video.
        share: of the videos of a class, from 0 to below 1.
        seed: of the choice.
        before: videos of which it was decided already, and whether they are held out.
    """
    decided = dict(before or {})
    out = {video for video, held in decided.items() if held}
    if share <= 0:
        return out
    order = sorted(tags, key=lambda video: hashlib.sha256(f"{seed} {video}".encode()).digest())
    count = Counter(label for labels in tags.values() for label in set(labels))
    held = Counter(label for video in out & tags.keys() for label in set(tags[video]))
    for label in sorted(count, key=lambda each: (count[each], each)):
        for video in order:
            if held[label] >= _wanted(count[label], share):
                break
            if video in decided or video in out or label not in tags[video]:
                continue
            if all(_kept(count[each], held[each] + 1) for each in set(tags[video])):
                out.add(video)
                held.update(set(tags[video]))
    plain = [video for video in order if not tags[video]]
    out |= set(_some(plain, decided, round(share * len(plain))))
    return out


def _wanted(count: int, share: float) -> int:
    return 0 if count < 2 else max(1, round(share * count))


def _kept(count: int, held: int) -> bool:
    """Whether enough videos of a class are left to train on."""
    return count - held >= min(2, count - 1) and count > 1


def _some(videos: Sequence[str], decided: Mapping[str, bool], number: int) -> Collection[str]:
    free = [video for video in videos if video not in decided]
    return free[: max(0, number - sum(decided.get(video, False) for video in videos))]
