"""How stored scores err, snippet by snippet, against the truth. For looking, never for choosing: training sees none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from weaktal.arrays import Bools
from weaktal.data.annotations import Video, read_annotations
from weaktal.data.scores import StoredScores, read_scores
from weaktal.errors import InputError
from weaktal.evaluation.diagnosis import SnippetErrors, snippet_errors
from weaktal.timeline import SnippetGrid


def diagnose(annotations: Path, scores: Path, *, threshold: float = 0.5) -> SnippetErrors:
    """Misses and false alarms of all videos in a scores file, over the classes that each video holds.

    See :func:`diagnose_videos`.

    Args:
        annotations: annotations file or dataset folder, with segments.
        scores: scores file, as ``weaktal localize --scores`` keeps it.
        threshold: share of the maximum, in [0, 1).

    Raises:
        InputError: if a file is bad, or a video of the scores is not annotated.
    """
    truth = read_annotations(annotations)
    stored = read_scores(scores)
    for name in stored.durations:
        if name not in truth.videos:
            raise InputError(f"video {name!r} is not annotated", source=scores, expected=f"videos of {truth.source}")
    return diagnose_videos(truth.videos, stored, threshold=threshold)


def diagnose_videos(truth: Mapping[str, Video], stored: StoredScores, *, threshold: float = 0.5) -> SnippetErrors:
    """Misses and false alarms of those videos of a scores file whose truth is known.

    A snippet belongs to an action if its centre lies in one; it is called action if its score exceeds ``threshold``
    times the class's highest score in the video.

    Args:
        truth: annotated videos by name.
        stored: scores.
        threshold: share of the maximum, in [0, 1).

    Raises:
        InputError: if the scores are damaged, or negative so that a share of them means nothing.
    """
    total = SnippetErrors()
    for video in stored:
        if video.name in truth:
            action = action_snippets(truth[video.name], stored.classes, stored.grid, len(video.snippets))
            try:
                total += snippet_errors(video.snippets, action, relative_threshold=threshold)
            except ValueError as error:
                raise InputError(str(error), source=stored.source, place=video.name) from None
    return total


def action_snippets(video: Video, classes: Sequence[str], grid: SnippetGrid, count: int) -> Bools:
    """Whether the centre of each of the first ``count`` snippets lies in an action of each class, (T, C)."""
    spans = ([(s.start, s.end) for s in video.segments if s.label == label] for label in classes)
    return np.stack([grid.inside(inside, count) for inside in spans], axis=1)
