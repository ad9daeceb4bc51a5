"""From the scores of a video, or of a whole file of them, to segments."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from weaktal.arrays import Floats, Integers
from weaktal.data.results import Results
from weaktal.data.scores import StoredScores, VideoScores, writing_scores
from weaktal.data.spool import SpooledSegments
from weaktal.decoding.config import DecodeConfig
from weaktal.decoding.proposals import Proposals, find_proposals, kept_classes, upsampled
from weaktal.decoding.suppression import suppress
from weaktal.segments import Segment, by_score
from weaktal.timeline import SnippetGrid

log = logging.getLogger("weaktal")


def decode_scores(
    stored: StoredScores, config: DecodeConfig, *, known: Mapping[str, Collection[str]] | None = None
) -> Results:
    """Segments of every video of a scores file; needs no model. ``known`` is as of :func:`decode_scored`.

    Raises:
        InputError: if the file is damaged.
    """
    scored = ((video, stored.durations[video.name]) for video in stored)
    return decode_scored(scored, stored.classes, stored.grid, config, origin=stored.origin, known=known)


def decode_scored(
    scored: Iterable[tuple[VideoScores, float]],
    classes: Sequence[str],
    grid: SnippetGrid,
    config: DecodeConfig,
    *,
    origin: Mapping[str, Any],
    keep: Path | None = None,
    known: Mapping[str, Collection[str]] | None = None,
) -> Results:
    """Segments of videos, each decoded as soon as it is scored. Where none has any, a warning says what was too low.

    Args:
        scored: scores and length in seconds of each video.
        classes: in the order of the scores.
        grid: how snippets lie on time.
        config: settings.
        origin: where the scores come from; kept with the results.
        keep: also keep the scores in this file.
        known: the only classes that may be found, by video; any class in a video that is not there.

    Raises:
        InputError: if the file cannot be written.
    """
    found = SpooledSegments(classes)
    count = empty = 0
    highest_class = highest_snippet = 0.0
    with writing_scores(keep, classes, grid, origin) if keep is not None else contextlib.nullcontext() as writer:
        for video, duration in scored:
            if writer is not None:
                writer.add(video.name, duration, video.snippets, video.video)
            allowed = (known or {}).get(video.name)
            segments = decode_video(video.snippets, video.video, classes, grid, duration, config, allowed)
            found.add(video.name, segments)
            count, empty = count + 1, empty + (not segments)
            highest_class = max(highest_class, float(video.video.max(initial=0)))
            highest_snippet = max(highest_snippet, float(video.snippets.max(initial=0)))
    if count and empty == count:
        log.warning(
            "no segment in any of %d videos: a whole video's class scores at most %.3g (theta_cls is %g, keep_top %d), "
            "a snippet's at most %.3g (theta_loc begins at %g, threshold_scale %s)",
            count, highest_class, config.theta_cls, config.keep_top,
            highest_snippet, min(config.theta_loc), config.threshold_scale,
        )  # fmt: skip
    tags = {"tags": "known"} if known else {}
    return Results(found, external={**origin, **tags, "decode": config.model_dump(mode="json")})


def decode_video(
    snippets: npt.NDArray[np.floating],
    video: npt.NDArray[np.floating],
    classes: Sequence[str],
    grid: SnippetGrid,
    duration: float,
    config: DecodeConfig,
    allowed: Collection[str] | None = None,
) -> list[Segment]:
    """Segments of one video, by falling score.

    Args:
        snippets: score of each class in each snippet, in [0, 1], shape (T, C).
        video: score of each class in the whole video, in [0, 1], shape (C,).
        classes: names, in the order of the scores.
        grid: how snippets lie on time.
        duration: of the video, in seconds; no segment reaches beyond it.
        config: settings.
        allowed: the only classes that may be found; None for any.
    """
    if snippets.ndim != 2 or snippets.shape[1] != len(classes) or video.shape != (len(classes),):
        raise ValueError(f"scores have shapes {snippets.shape} and {video.shape} for {len(classes)} classes")
    whole = video.astype(np.float64)
    possible = np.array([allowed is None or label in allowed for label in classes], dtype=np.bool_)  # (C,)
    kept = kept_classes(whole, config.theta_cls, config.keep_top, possible)  # (K,)
    if not len(kept) or not len(snippets):
        return []
    scores = np.ascontiguousarray(snippets[:, kept].T, dtype=np.float64)  # (K, T)
    scores = upsampled(scores, config.upsample)  # (K, T * upsample)
    edges = grid.edges(np.arange(scores.shape[1] + 1) / config.upsample, duration)  # (T * upsample + 1,) seconds
    # Features may be longer than their video: what has no time in it says nothing about it.
    within = np.flatnonzero(edges[1:] > edges[:-1])
    if not len(within):
        return []
    scores, edges = scores[:, within[0] : within[-1] + 1], edges[within[0] : within[-1] + 2]
    proposals = find_proposals(scores, config)
    values = proposals.scores * (whole[kept][proposals.classes] if config.weight_by_video else 1.0)
    spans = np.stack([edges[proposals.starts], edges[proposals.stops]], axis=1)  # (N, 2) seconds
    rows, values = _suppressed(proposals, spans, values, config)
    found = [
        Segment(start, end, classes[kept[label]], score)
        for (start, end), label, score in zip(
            spans[rows].tolist(), proposals.classes[rows].tolist(), values.tolist(), strict=True
        )
    ]
    return by_score(found)[: config.max_per_video]


def _suppressed(proposals: Proposals, spans: Floats, scores: Floats, config: DecodeConfig) -> tuple[Integers, Floats]:
    """Rows of what is left and their scores, class after class."""
    good = scores > config.score_floor
    if config.nms == "none":
        return np.flatnonzero(good), scores[good]
    rows, values = [np.empty(0, dtype=np.int64)], [np.empty(0)]
    for label in np.unique(proposals.classes[good]):
        chosen = np.flatnonzero(good & (proposals.classes == label))
        left, new = suppress(
            spans[chosen],
            scores[chosen],
            method=config.nms,
            sigma=config.sigma,
            threshold=config.nms_overlap,
            overlap=config.overlap,
            floor=config.score_floor,
            limit=config.max_per_video,
        )
        rows.append(chosen[left])
        values.append(new)
    return np.concatenate(rows), np.concatenate(values)
