"""From the scores of a video, or of a whole file of them, to segments."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from weaktal.arrays import Floats, Floats32, Integers
from weaktal.data.results import Results
from weaktal.data.scores import StoredScores, VideoScores, writing_scores
from weaktal.data.spool import SpooledSegments
from weaktal.decoding.agreement import fused, support
from weaktal.decoding.change_points import change_points
from weaktal.decoding.config import DecodeConfig
from weaktal.decoding.proposals import Proposals, find_proposals, kept_classes, upsampled
from weaktal.decoding.suppression import suppress
from weaktal.errors import InputError, counted, shown
from weaktal.segments import Segment, by_score
from weaktal.timeline import SnippetGrid

log = logging.getLogger("weaktal")


def decode_scores(
    stored: StoredScores,
    config: DecodeConfig,
    *,
    beside: Sequence[StoredScores] = (),
    known: Mapping[str, Collection[str]] | None = None,
) -> Results:
    """Segments of every video of a scores file; needs no model.

    Args:
        stored: scores.
        config: settings.
        beside: further scores of the same videos, such as another branch's, whose proposals are pooled with these.
        known: as of :func:`decode_scored`.

    Raises:
        InputError: if a file is damaged, the files do not belong together, or boundaries are to move and a file does
            not tell where to.
    """
    for other in beside:
        _check_alike(stored, other)
    if config.snap and (lacking := stored.durations.keys() - stored.with_changes):
        raise InputError(
            f"does not say where the features of {shown(min(lacking))} change",
            source=stored.source,
            expected="for snap, scores that weaktal localize kept since it notes that",
        )
    scored = ((video, stored.durations[video.name]) for video in stored)
    origin = {**stored.origin, **({"beside": [other.origin for other in beside]} if beside else {})}
    return decode_scored(scored, stored.classes, stored.grid, config, origin=origin, known=known, beside=beside)


def _check_alike(stored: StoredScores, other: StoredScores) -> None:
    """Refuses scores of other videos, other classes or another grid."""
    for what, one, two in (
        ("classes", stored.classes, other.classes),
        ("snippets on time", stored.grid, other.grid),
        ("videos", stored.durations.keys(), other.durations.keys()),
    ):
        if one != two:
            raise InputError(f"has other {what} than {stored.source}", source=other.source, expected="the same")


def _of_same_length(stored: StoredScores, video: VideoScores) -> VideoScores:
    """The scores of the same video in a further file.

    Raises:
        InputError: if they are damaged or of another number of snippets.
    """
    found = stored.read(video.name)
    if len(found.snippets) != len(video.snippets):
        raise InputError(
            f"has {counted(len(found.snippets), 'snippet')} of {shown(video.name)}",
            source=stored.source,
            expected=f"{len(video.snippets):,}, as in the first file",
        )
    return found


def decode_scored(
    scored: Iterable[tuple[VideoScores, float]],
    classes: Sequence[str],
    grid: SnippetGrid,
    config: DecodeConfig,
    *,
    origin: Mapping[str, Any],
    keep: Path | None = None,
    known: Mapping[str, Collection[str]] | None = None,
    beside: Sequence[StoredScores] = (),
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
        beside: further scores of the same videos.

    Raises:
        InputError: if the file cannot be written, or a further file has another number of snippets of a video.
    """
    found = SpooledSegments(classes)
    count = empty = 0
    highest_class = highest_snippet = 0.0
    with writing_scores(keep, classes, grid, origin) if keep is not None else contextlib.nullcontext() as writer:
        for video, duration in scored:
            if writer is not None:
                writer.add(video.name, duration, video.snippets, video.video, video.changes)
            views = [video, *(_of_same_length(stored, video) for stored in beside)]
            segments = decode_video(
                video.snippets,
                video.video,
                classes,
                grid,
                duration,
                config,
                (known or {}).get(video.name),
                changes=video.changes,
                beside=[(view.snippets, view.video) for view in views[1:]],
            )
            found.add(video.name, segments)
            count, empty = count + 1, empty + (not segments)
            highest_class = max(highest_class, float(_mean_of([view.video for view in views]).max(initial=0)))
            highest_snippet = max(highest_snippet, *(float(view.snippets.max(initial=0)) for view in views))
    if count and empty == count:
        log.warning(
            "no segment in any of %s: a whole video's class scores at most %.3g (theta_cls is %g, keep_top %d), "
            "a snippet's at most %.3g (theta_loc begins at %g, threshold_scale %s)",
            counted(count, "video"), highest_class, config.theta_cls, config.keep_top,
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
    *,
    changes: Floats32 | None = None,
    beside: Sequence[tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]] = (),
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
        changes: of the features at the start of each snippet, shape (T,); needed where boundaries move.
        beside: further scores of the same video as the first two; proposals of all are pooled, and a class's score in
            the whole video is the mean.
    """
    views = [(snippets, video), *beside]
    for by_snippet, of_video in views:
        if by_snippet.shape != (len(snippets), len(classes)) or of_video.shape != (len(classes),):
            raise ValueError(f"scores have shapes {by_snippet.shape} and {of_video.shape} for {len(classes)} classes")
    if config.snap and (changes is None or len(changes) != len(snippets)):
        raise ValueError("boundaries can move only where the changes of the features are known")
    whole = _mean_of([of_video for _, of_video in views])  # (C,)
    possible = np.array([allowed is None or label in allowed for label in classes], dtype=np.bool_)  # (C,)
    kept = kept_classes(whole, config.theta_cls, config.keep_top, possible)  # (K,)
    if not len(kept) or not len(snippets):
        return []
    edges = grid.edges(np.arange(len(snippets) * config.upsample + 1) / config.upsample, duration)  # seconds
    # Features may be longer than their video: what has no time in it says nothing about it.
    within = np.flatnonzero(edges[1:] > edges[:-1])
    if not len(within):
        return []
    first, last = int(within[0]), int(within[-1]) + 1
    edges = edges[first : last + 1]
    points, strengths = None, None
    if config.snap and changes is not None:
        where = change_points(changes)
        points, strengths = where * config.upsample - first, changes[where].astype(np.float64)
    parts = []
    for by_snippet, _ in views:
        scores = upsampled(np.ascontiguousarray(by_snippet[:, kept].T, dtype=np.float64), config.upsample)
        parts.append(find_proposals(scores[:, first:last], config, points, strengths))
    proposals = Proposals.pooled(parts)
    values = proposals.scores * (whole[kept][proposals.classes] if config.weight_by_video else 1.0)
    spans = np.stack([edges[proposals.starts], edges[proposals.stops]], axis=1)  # (N, 2) seconds
    spans, labels, values = _agreed(spans, proposals.classes, values, config)
    rows, values = _suppressed(labels, spans, values, config)
    found = [
        Segment(start, end, classes[kept[label]], score)
        for (start, end), label, score in zip(spans[rows].tolist(), labels[rows].tolist(), values.tolist(), strict=True)
    ]
    return by_score(found)[: config.max_per_video]


def _mean_of(whole: Sequence[npt.NDArray[np.floating]]) -> Floats:
    """Mean over several scores (C,) of whole videos."""
    return np.asarray(np.stack(whole).astype(np.float64).mean(axis=0))


def _agreed(spans: Floats, labels: Integers, scores: Floats, config: DecodeConfig) -> tuple[Floats, Integers, Floats]:
    """Spans, labels and scores above the floor, without what lacks support, with fused boundaries, as is set."""
    good = scores > config.score_floor
    spans, labels, scores = spans[good], labels[good], scores[good]
    if config.least_support == 0 and config.fusion == "none":
        return spans, labels, scores
    kept = np.ones(len(spans), dtype=np.bool_)
    spans = spans.copy()
    for label in np.unique(labels):
        chosen = np.flatnonzero(labels == label)
        if config.least_support > 0:
            held = support(spans[chosen])
            enough = held >= config.least_support * held.max()
            kept[chosen[~enough]] = False
            chosen = chosen[enough]
        if config.fusion == "gaussian":
            spans[chosen] = fused(spans[chosen], scores[chosen], sigma=config.fusion_sigma, least=config.fusion_overlap)
    return spans[kept], labels[kept], scores[kept]


def _suppressed(labels: Integers, spans: Floats, scores: Floats, config: DecodeConfig) -> tuple[Integers, Floats]:
    """Rows of what is left and their scores, class after class."""
    if config.nms == "none":
        return np.arange(len(scores)), scores
    rows, values = [np.empty(0, dtype=np.int64)], [np.empty(0)]
    for label in np.unique(labels):
        chosen = np.flatnonzero(labels == label)
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
