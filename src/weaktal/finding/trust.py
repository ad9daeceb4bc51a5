"""How far to trust a run where nobody knows the truth: held-out tags, and how far the branches agree."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from weaktal.arrays import Floats32
from weaktal.evaluation.classification import classification_ap
from weaktal.evaluation.tiou import tiou
from weaktal.finding.overlaps import without_overlaps
from weaktal.segments import Segment

FEW = 5  # videos of a class below which little can be learned, or known
AGREE = 0.5  # tIoU from which on two branches mean the same

Videos = Mapping[str, Sequence[Segment]]


@dataclass(frozen=True, slots=True)
class ClassTrust:
    """What is known of one class.

    Attributes:
        label: the class.
        videos: how many have its tag.
        learned: of these, how many training saw.
        unseen: of these, how many training did not see.
        recognised: of the unseen, in how many it was found without looking at their tags.
        elsewhere: unseen videos without its tag.
        mistaken: of these, in how many it was found all the same.
        ap: average precision of the video scores on the unseen videos; None where none of them has the tag.
    """

    label: str
    videos: int
    learned: int
    unseen: int
    recognised: int
    elsewhere: int
    mistaken: int
    ap: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many of the shown segments each branch finds by itself.

    Attributes:
        shown: segments of the final set.
        by: of these, how many each branch finds, by its name.
        all: how many every branch finds.
    """

    shown: int
    by: Mapping[str, int]
    all: int


@dataclass(frozen=True, slots=True)
class Trust:
    """All that is known without truth.

    Attributes:
        classes: by class, in class order.
        unseen: videos with tags that training did not see.
        agreement: of the branches; None where there is but one.
    """

    classes: tuple[ClassTrust, ...]
    unseen: int
    agreement: Agreement | None = None

    @property
    def few(self) -> tuple[ClassTrust, ...]:
        """The classes with fewer than five videos."""
        return tuple(each for each in self.classes if each.videos < FEW)

    def as_json(self) -> dict[str, Any]:
        """What results keep of it."""
        return {
            "unseen_videos": self.unseen,
            "classes": {each.label: {k: v for k, v in asdict(each).items() if k != "label"} for each in self.classes},
            **({"agreement": asdict(self.agreement)} if self.agreement is not None else {}),
        }


def trust(
    tags: Mapping[str, Collection[str]],
    classes: Sequence[str],
    learned: Collection[str],
    blind: Videos,
    scores: Mapping[str, Floats32],
    threshold: float,
    agreement: Agreement | None = None,
) -> Trust:
    """How well each class is recognised in videos that training did not see.

    Args:
        tags: of all videos.
        classes: the class list, C of them.
        learned: the videos that training saw.
        blind: segments of the unseen videos, found without their tags.
        scores: of the unseen videos as a whole, (C,) each.
        threshold: the score from which on a segment is shown.
        agreement: of the branches.
    """
    unseen = [name for name, labels in tags.items() if labels and name not in learned and name in blind]
    claimed = {name: {s.label for s in without_overlaps(blind[name]) if s.score >= threshold} for name in unseen}
    truth = np.array([[label in tags[name] for label in classes] for name in unseen], dtype=np.bool_)
    ap = np.full(len(classes), np.nan)
    if unseen:
        ap = classification_ap(np.stack([scores[name] for name in unseen]), truth)  # (C,)
    found = [
        ClassTrust(
            label=label,
            videos=sum(label in labels for labels in tags.values()),
            learned=sum(label in tags[name] for name in learned if name in tags),
            unseen=sum(label in tags[name] for name in unseen),
            recognised=sum(label in tags[name] and label in claimed[name] for name in unseen),
            elsewhere=sum(label not in tags[name] for name in unseen),
            mistaken=sum(label not in tags[name] and label in claimed[name] for name in unseen),
            ap=None if np.isnan(ap[column]) else round(float(ap[column]), 4),
        )
        for column, label in enumerate(classes)
    ]
    return Trust(tuple(found), len(unseen), agreement)


def agree(final: Videos, branches: Mapping[str, Videos]) -> Agreement | None:
    """How many of the final segments each branch finds alone, among as many of its surest as are shown of the class.

    Args:
        final: the segments that are shown.
        branches: what each branch found in the same videos, by its name; None comes of fewer than two.
    """
    if len(branches) < 2:
        return None
    alone = {
        name: {video: without_overlaps(found.get(video, ())) for video in final} for name, found in branches.items()
    }
    shown = both = 0
    by = dict.fromkeys(branches, 0)
    for video, segments in final.items():
        for segment in segments:
            shown += 1
            count = sum(other.label == segment.label for other in segments)
            meets = {name: _meets(segment, alone[name][video], count) for name in branches}
            both += all(meets.values())
            for name, found in meets.items():
                by[name] += found
    return Agreement(shown, by, both)


def _meets(segment: Segment, found: Sequence[Segment], count: int) -> bool:
    same = [[other.start, other.end] for other in found if other.label == segment.label][:count]
    return bool(same) and bool(tiou([segment.start, segment.end], same).max() >= AGREE)
