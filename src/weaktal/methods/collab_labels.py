"""Pseudo-labels of ``collab``: what one branch is sure of, for every training snippet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from weaktal.engine.batch import Batch, VideoSet
from weaktal.engine.method import State
from weaktal.losses.pseudo_labels import UNCERTAIN, Untagged, hard_labels, quantiles
from weaktal.methods.collab_config import ThresholdConfig
from weaktal.models.outputs import SnippetOutput

LABEL_BATCH = 8  # videos at full length that are scored at once; what each gets does not depend on it

Branch = Callable[[Batch], SnippetOutput]


class Limits(NamedTuple):
    """The logits that stand at the ranks of a quantile scale."""

    low: float
    high: float


def label_videos(
    videos: VideoSet, teacher: Branch, thresholds: ThresholdConfig, untagged: Untagged, device: torch.device
) -> dict[str, Tensor]:
    """``labels/VIDEO``, (T, C) int8, for every training video: 1 foreground, 0 background, -1 uncertain.

    Args:
        videos: the training videos.
        teacher: what labels them.
        thresholds: when it is sure.
        untagged: what classes get that a video does not hold.
        device: of the teacher.
    """
    scored = list(tagged_logits(videos, teacher, device))
    limits = _limits([logits[:, tags > 0] for _, logits, tags in scored], thresholds)
    labels: dict[str, Tensor] = {}
    for name, logits, tags in scored:
        whole = torch.ones(1, len(logits), dtype=torch.bool)
        labels[f"labels/{name}"] = label_batch(logits[None], tags[None], whole, thresholds, limits, untagged)[0]
    return labels


def rank_limits(videos: VideoSet, teacher: Branch, thresholds: ThresholdConfig, device: torch.device) -> Limits | None:
    """Where the ranks of a quantile scale lie among all of the teacher's training scores for tags; else None."""
    if thresholds.scale != "quantile":
        return None
    return _limits([logits[:, tags > 0] for _, logits, tags in tagged_logits(videos, teacher, device)], thresholds)


def label_batch(
    logits: Tensor, tags: Tensor, mask: Tensor, thresholds: ThresholdConfig, limits: Limits | None, untagged: Untagged
) -> Tensor:
    """Labels (B, T, C) int8 out of a teacher's logits (B, T, C); for a quantile scale ``limits`` must be given."""
    if limits is not None:  # of logits, which rank as probabilities do but never become 1
        low, high = limits
        return hard_labels(logits, tags, mask, low=low, high=high, scale="raw", untagged=untagged)
    assert thresholds.scale != "quantile"
    low, high, scale = thresholds.low, thresholds.high, thresholds.scale
    return hard_labels(torch.sigmoid(logits), tags, mask, low=low, high=high, scale=scale, untagged=untagged)


def stored_labels(batch: Batch, state: State) -> Tensor:
    """The stored labels of a batch's snippets, (B, T, C) int8, uncertain in the padding."""
    shape = (*batch.mask.shape, batch.labels.shape[1])
    rows = torch.full(shape, UNCERTAIN, dtype=torch.int8, device=batch.features.device)
    for row, (name, start, length) in enumerate(
        zip(batch.videos, batch.starts.tolist(), batch.lengths.tolist(), strict=True)
    ):
        rows[row, :length] = state[f"labels/{name}"][start : start + length]
    return rows


def tagged_logits(videos: VideoSet, branch: Branch, device: torch.device) -> Iterator[tuple[str, Tensor, Tensor]]:
    """Name, logits (T, C) and tags (C,) of each video at full length, on the CPU."""
    for batch in videos.whole(LABEL_BATCH):
        logits = branch(batch.to(device)).logits.float().cpu()
        for row, (name, length) in enumerate(zip(batch.videos, batch.lengths.tolist(), strict=True)):
            yield name, logits[row, :length], batch.labels[row]


def _limits(entries: list[Tensor], thresholds: ThresholdConfig) -> Limits | None:
    if thresholds.scale != "quantile":
        return None
    return Limits(*quantiles(entries, thresholds.low, thresholds.high))
