"""Pseudo-labels of ``collab``: what one branch is sure of, for every training snippet."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from weaktal.arrays import UNCERTAIN
from weaktal.engine.batch import Batch, VideoSet
from weaktal.engine.method import State
from weaktal.losses.pseudo_labels import Untagged, hard_labels, presumed_share, quantiles
from weaktal.methods.collab.settings import ThresholdConfig
from weaktal.models.outputs import SnippetOutput

LABEL_BATCH = 8  # videos at full length that are scored at once; what each gets does not depend on it

WHOLE_SET = ("quantile", "share", "class_quantile")  # scales that rank the scores of all training videos

Branch = Callable[[Batch], SnippetOutput]


class Limits(NamedTuple):
    """The logits that stand at the ranks of a scale that ranks the whole training set, (C,) float64 each."""

    low: Tensor
    high: Tensor


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
    limits = _limits([(logits, tags) for _, logits, tags in scored], thresholds)
    labels: dict[str, Tensor] = {}
    for name, logits, tags in scored:
        whole = torch.ones(1, len(logits), dtype=torch.bool)
        labels[f"labels/{name}"] = label_batch(logits[None], tags[None], whole, thresholds, limits, untagged)[0]
    return labels


def agreed(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Labels that two teachers share, by video; all others are uncertain, those of which one teacher is unsure too."""
    return {name: torch.where(rows == second[name], rows, UNCERTAIN) for name, rows in first.items()}


def shuffled(labels: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Each video's labels in another order in time, the same for every seed: they tell what it holds, and not when."""
    return {name: rows[_another_order(name, len(rows))] for name, rows in labels.items()}


def _another_order(name: str, length: int) -> Tensor:
    return torch.randperm(length, generator=torch.Generator().manual_seed(zlib.crc32(name.encode())))


def rank_limits(videos: VideoSet, teacher: Branch, thresholds: ThresholdConfig, device: torch.device) -> Limits | None:
    """Where the ranks lie among the teacher's training scores for tags; None for scales that need no whole set."""
    if thresholds.scale not in WHOLE_SET:
        return None
    return _limits([(logits, tags) for _, logits, tags in tagged_logits(videos, teacher, device)], thresholds)


def label_batch(
    logits: Tensor, tags: Tensor, mask: Tensor, thresholds: ThresholdConfig, limits: Limits | None, untagged: Untagged
) -> Tensor:
    """Labels (B, T, C) int8 out of a teacher's logits (B, T, C); where the whole set is ranked, by ``limits``."""
    low, high = thresholds.low, thresholds.high
    # Ranks are of logits, which rank as probabilities do but never become 1.
    if limits is not None:
        return hard_labels(logits, tags, mask, low=limits.low, high=limits.high, scale="raw", untagged=untagged)
    if thresholds.scale == "video_quantile":
        return hard_labels(logits, tags, mask, low=low, high=high, scale="video_quantile", untagged=untagged)
    assert thresholds.scale == "raw" or thresholds.scale == "video_max"
    return hard_labels(torch.sigmoid(logits), tags, mask, low=low, high=high, scale=thresholds.scale, untagged=untagged)


def stored_labels(batch: Batch, state: State) -> Tensor:
    """The stored labels of a batch's snippets, (B, T, C) int8, uncertain in the padding."""
    shape = (*batch.mask.shape, batch.labels.shape[1])
    rows = torch.full(shape, UNCERTAIN, dtype=torch.int8, device=batch.features.device)
    for row, (name, start, length) in enumerate(
        zip(batch.videos, batch.starts.tolist(), batch.lengths.tolist(), strict=True)
    ):
        rows[row, :length] = state[f"labels/{name}"][start : start + length]
    return rows


def hard_labels_in(state: State) -> dict[str, Tensor]:
    """The labels of a phase's state by video, (T, C) int8; MMSD stores soft ones under the same names, which stay."""
    prefix = "labels/"
    return {
        key.removeprefix(prefix): rows
        for key, rows in state.items()
        if key.startswith(prefix) and rows.dtype == torch.int8
    }


def tagged_logits(videos: VideoSet, branch: Branch, device: torch.device) -> Iterator[tuple[str, Tensor, Tensor]]:
    """Name, logits (T, C) and tags (C,) of each video at full length, on the CPU."""
    for batch in videos.whole(LABEL_BATCH):
        logits = branch(batch.to(device)).logits.float().cpu()
        for row, (name, length) in enumerate(zip(batch.videos, batch.lengths.tolist(), strict=True)):
            yield name, logits[row, :length], batch.labels[row]


def _ranks(tagged: Sequence[Tensor], thresholds: ThresholdConfig) -> tuple[float, float]:
    """The ranks below which the teacher says background, and above which foreground; ``tagged`` are logits (T, "
    "tags)."""
    if thresholds.scale != "share":
        return thresholds.low, thresholds.high
    background = 1 - presumed_share([curve for logits in tagged for curve in logits.unbind(dim=1)])
    return background * thresholds.low, background + (1 - background) * thresholds.high


def _limits(scored: Sequence[tuple[Tensor, Tensor]], thresholds: ThresholdConfig) -> Limits | None:
    """Of logits (T, C) and tags (C,) of all training videos. A class without a tag has no limits: NaN."""
    if thresholds.scale not in WHOLE_SET:
        return None
    classes = len(scored[0][1])
    if thresholds.scale in ("quantile", "share"):
        tagged = [logits[:, tags > 0] for logits, tags in scored]
        low, high = quantiles(tagged, *_ranks(tagged, thresholds))
        return Limits(*(torch.full((classes,), limit, dtype=torch.float64) for limit in (low, high)))
    found = torch.full((2, classes), torch.nan, dtype=torch.float64)
    for index in range(classes):
        entries = [logits[:, index] for logits, tags in scored if tags[index] > 0]
        if entries:
            found[:, index] = torch.tensor(quantiles(entries, thresholds.low, thresholds.high), dtype=torch.float64)
    return Limits(*found)
