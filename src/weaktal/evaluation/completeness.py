"""Which classes are found too short, and which too long: Figure 1 of Ju et al. (CVPR 2023) for any results.

Incomplete is the share of a class's action that no prediction covers; over-complete is the share of what is predicted
that lies outside of the class's actions. Both are shares of time, over the surest G predictions of the class, G being
its number of ground truths: as many as a perfect detector makes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from weaktal.arrays import Floats
from weaktal.evaluation.ap import SegmentTable
from weaktal.evaluation.scoring import Tables

EXAMPLES = 3  # videos named for each class and fault


@dataclass(frozen=True, slots=True)
class ClassCompleteness:
    """How much of a class's time is missed, and how much is too much.

    Attributes:
        incomplete: share of the action's time that is not predicted.
        over_complete: share of the predicted time that is no action of the class; None if nothing is predicted.
        most_missed, most_added: videos with the most seconds of either, the worst first.
    """

    incomplete: float
    over_complete: float | None
    most_missed: tuple[str, ...]
    most_added: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Completeness:
    """Of all classes together, and of each.

    Attributes:
        incomplete: mean over the classes.
        over_complete: mean over the classes with predictions; None if there are none.
        classes: by label.
    """

    incomplete: float
    over_complete: float | None
    classes: Mapping[str, ClassCompleteness]

    def as_json(self) -> dict[str, Any]:
        """As part of what ``weaktal diagnose --json`` writes."""
        return {
            "incomplete": self.incomplete,
            "over_complete": self.over_complete,
            "classes": {
                label: {
                    "incomplete": found.incomplete,
                    "over_complete": found.over_complete,
                    "most_missed": list(found.most_missed),
                    "most_added": list(found.most_added),
                }
                for label, found in self.classes.items()
            },
        }


def completeness(tables: Tables) -> Completeness:
    """Shares of missed and of added time of each class."""
    count = len(tables.classes)
    ranked = tables.predictions.take(np.lexsort((-tables.predictions.scores, tables.predictions.labels)))
    first = np.searchsorted(ranked.labels, np.arange(count))
    positives = np.bincount(tables.truth.labels, minlength=count)
    surest = ranked.take(np.arange(len(ranked)) - first[ranked.labels] < positives[ranked.labels])
    shape = (count, len(tables.videos))
    action, predicted = _covered(tables.truth, shape), _covered(surest, shape)
    either = _covered(_together(tables.truth, surest), shape)
    missed, added = either - predicted, either - action  # (C, V) seconds
    classes = {
        label: ClassCompleteness(
            incomplete=float(missed[c].sum() / action[c].sum()) if action[c].any() else 0.0,
            over_complete=float(added[c].sum() / predicted[c].sum()) if predicted[c].any() else None,
            most_missed=_worst(missed[c], tables),
            most_added=_worst(added[c], tables),
        )
        for c, label in enumerate(tables.classes)
    }
    over = [found.over_complete for found in classes.values() if found.over_complete is not None]
    mean = float(np.mean([found.incomplete for found in classes.values()]))
    return Completeness(mean, float(np.mean(over)) if over else None, classes)


def _together(one: SegmentTable, other: SegmentTable) -> SegmentTable:
    return SegmentTable(
        np.concatenate([one.spans, other.spans]),
        np.concatenate([one.videos, other.videos]),
        np.concatenate([one.labels, other.labels]),
        np.concatenate([one.scores, other.scores]),
    )


def _covered(table: SegmentTable, shape: tuple[int, int]) -> Floats:
    """Seconds of each class and video that lie in at least one segment, shape (C, V)."""
    group = table.labels * shape[1] + table.videos
    order = np.lexsort((table.spans[:, 0], group))
    group, spans = group[order], table.spans[order]
    covered = np.zeros(shape[0] * shape[1])
    if len(spans):
        # Each group on a stretch of the time line of its own, so that one running maximum does for all.
        offset = group * (float(spans.max()) + 1.0)
        latest = np.maximum.accumulate(spans[:, 1] + offset)
        before = np.concatenate([[0.0], latest[:-1]])
        new = np.maximum(spans[:, 1] + offset - np.maximum(before, spans[:, 0] + offset), 0.0)
        covered = np.bincount(group, weights=new, minlength=len(covered)).astype(np.float64)
    return np.asarray(covered.reshape(shape), dtype=np.float64)


def _worst(seconds: Floats, tables: Tables) -> tuple[str, ...]:
    order = np.argsort(-seconds, kind="stable")[:EXAMPLES]
    return tuple(tables.videos[video].name for video in order if seconds[video] > 1e-6)
