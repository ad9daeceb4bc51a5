"""What can be said of a step's outcome without any segment, from the training videos and their tags alone.

They are stored with the run after each phase, and :mod:`weaktal.methods.collab.selection` chooses by them. Pure
functions of scores and tags; V videos, T snippets, C classes.

Statistics of a branch look at entries (video, class) that the tags name, unless they say otherwise. A snippet is called
active for a class where its score exceeds half of the class's highest in the video.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from weaktal.arrays import UNCERTAIN
from weaktal.engine.batch import Batch, VideoSet
from weaktal.evaluation.classification import classification_map

Floats = npt.NDArray[np.floating[Any]]
Bools = npt.NDArray[np.bool_]
Localize = Callable[[Batch, str | None], tuple[Tensor, Tensor]]

BATCH = 8  # videos at full length that are scored at once; what each gets does not depend on it
TINY = 1e-7  # probabilities are kept so far from 0 and 1 where a logarithm is taken


@dataclass(frozen=True, slots=True)
class BranchStatistics:
    """How a branch looks on the training videos; None where nothing can be said.

    Attributes:
        tag_bce: cross-entropy of video scores with the tags, mean over videos and all classes, nats.
        tag_map: mean average precision of the video scores against the tags.
        tagged_score: mean video score of the classes that the tags name.
        untagged_score: mean video score of all others.
        margin: by how much the former is higher.
        activity: share of active snippets. Small where only the most telling ones are found, large where whole videos
            are.
        runs: mean number of stretches of active snippets in a video.
        contrast: mean score of the active snippets minus that of the others, in shares of the highest.
        entropy: mean entropy of the scores as probabilities of one class, nats; small where scores sit at 0 and 1.
    """

    tag_bce: float
    tag_map: float | None
    tagged_score: float | None
    untagged_score: float | None
    margin: float | None
    activity: float | None
    runs: float | None
    contrast: float | None
    entropy: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How alike two branches see the training videos.

    Attributes:
        correlation: of the scores over time, mean over entries in which neither is constant.
        iou: active snippets of both over active snippets of either, mean over entries.
    """

    correlation: float | None
    iou: float | None


@dataclass(frozen=True, slots=True)
class LabelStatistics:
    """What the labels of a step looked like.

    Attributes:
        foreground: share of the snippets that are labelled foreground.
        background: share of them labelled background.
        covered: share of the tags with at least one foreground snippet in their video.
    """

    foreground: float | None
    background: float | None
    covered: float | None


class StoredStatistics(BaseModel):
    """What ``statistics.json`` holds as far as it is looked at; see :func:`statistics`.

    Each value is a finite number, or None where nothing can be said.

    Attributes:
        branches: statistics by name, of each branch.
        agreement: of each pair of branches.
        labels: of the pseudo-labels that taught the phase; None without any.
        network: which network CBP has, where it is picked in training.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)

    branches: dict[str, dict[str, float | None]] = {}
    agreement: dict[str, dict[str, float | None]] = {}
    labels: dict[str, float | None] | None = None
    network: str | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """A branch's scores in [0, 1]: ``snippets``, (T, C) of each video, and ``videos``, (V, C)."""

    snippets: Sequence[Floats]
    videos: Floats


def score_branches(
    videos: VideoSet, localize: Localize, branches: Sequence[str], device: torch.device
) -> dict[str, Scored]:
    """The scores of all videos at full length, by branch.

    Args:
        videos: V of them.
        localize: what :meth:`weaktal.engine.method.Method.localize` is.
        branches: its branches.
        device: of the method.
    """
    found: dict[str, tuple[list[Floats], list[Floats]]] = {branch: ([], []) for branch in branches}
    for batch in videos.whole(BATCH):
        batch = batch.to(device)
        lengths = batch.lengths.tolist()
        for branch, (snippets, whole) in found.items():
            by_snippet, by_video = (scores.float().cpu().numpy() for scores in localize(batch, branch))
            snippets += [rows[:length] for rows, length in zip(by_snippet, lengths, strict=True)]
            whole.append(by_video)
    return {branch: Scored(snippets, np.concatenate(whole)) for branch, (snippets, whole) in found.items()}


def statistics(
    branches: Mapping[str, Scored], tags: Bools, labels: Sequence[npt.NDArray[np.int8]] | None
) -> dict[str, Any]:
    """All statistics of a phase, as they are stored.

    Args:
        branches: scores by branch.
        tags: (V, C).
        labels: (T, C) of each video, 1 foreground, 0 background, -1 uncertain, where the phase was taught by such.
    """
    return {
        "branches": {name: asdict(branch_statistics(scored, tags)) for name, scored in branches.items()},
        "agreement": {
            f"{one}-{other}": asdict(agreement(branches[one].snippets, branches[other].snippets, tags))
            for one, other in combinations(branches, 2)
        },
        "labels": None if labels is None else asdict(label_statistics(labels, tags)),
    }


def branch_statistics(scored: Scored, tags: Bools) -> BranchStatistics:
    """Statistics of one branch; ``tags`` is (V, C)."""
    videos = np.asarray(scored.videos, dtype=np.float64)
    safe = videos.clip(TINY, 1 - TINY)
    tagged, untagged = _mean(videos[tags]), _mean(videos[~tags])
    curves = _curves(scored.snippets, tags)
    active = [_active(curve) for curve in curves]
    return BranchStatistics(
        tag_bce=float(-np.where(tags, np.log(safe), np.log1p(-safe)).mean()),
        tag_map=classification_map(videos, tags) if tags.any() else None,
        tagged_score=tagged,
        untagged_score=untagged,
        margin=None if tagged is None or untagged is None else tagged - untagged,
        activity=_mean([rows.mean() for rows in active]),
        runs=_mean([np.diff(rows.astype(np.int8), prepend=0).clip(min=0).sum() for rows in active]),
        contrast=_mean(
            [
                (curve[rows].mean() - curve[~rows].mean()) / curve.max()
                for curve, rows in zip(curves, active, strict=True)
                if rows.any() and not rows.all()
            ]
        ),
        entropy=_mean([_entropy(curve).mean() for curve in curves]),
    )


def agreement(one: Sequence[Floats], other: Sequence[Floats], tags: Bools) -> Agreement:
    """Agreement of two branches' snippet scores; ``tags`` is (V, C)."""
    correlations, overlaps = [], []
    for first, second in zip(_curves(one, tags), _curves(other, tags), strict=True):
        if first.std() > 0 and second.std() > 0:
            correlations.append(np.corrcoef(first, second)[0, 1])
        either = _active(first) | _active(second)
        if either.any():
            overlaps.append((_active(first) & _active(second)).sum() / either.sum())
    return Agreement(_mean(correlations), _mean(overlaps))


def label_statistics(labels: Sequence[npt.NDArray[np.int8]], tags: Bools) -> LabelStatistics:
    """Shares of the labels among the entries of tagged classes; ``tags`` is (V, C)."""
    columns = [rows[:, column] for rows, held in zip(labels, tags, strict=True) for column in np.flatnonzero(held)]
    entries = np.concatenate(columns) if columns else np.zeros(0, np.int8)
    assert np.isin(entries, (UNCERTAIN, 0, 1)).all()
    return LabelStatistics(
        foreground=_mean(entries == 1),
        background=_mean(entries == 0),
        covered=_mean([(column == 1).any() for column in columns]),
    )


def _curves(snippets: Sequence[Floats], tags: Bools) -> list[npt.NDArray[np.float64]]:
    """The scores over time of each video's tagged classes."""
    return [
        np.asarray(rows[:, column], dtype=np.float64)
        for rows, held in zip(snippets, tags, strict=True)
        for column in np.flatnonzero(held)
    ]


def _active(curve: npt.NDArray[np.float64]) -> Bools:
    return np.asarray(curve > 0.5 * curve.max(), dtype=np.bool_)


def _entropy(curve: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    p = curve.clip(TINY, 1 - TINY)
    return np.asarray(-(p * np.log(p) + (1 - p) * np.log1p(-p)), dtype=np.float64)


def _mean(values: npt.ArrayLike) -> float | None:
    array = np.asarray(values, dtype=np.float64)
    return float(array.mean()) if array.size else None
