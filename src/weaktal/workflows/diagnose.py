"""How stored scores err, snippet by snippet, against the truth. For looking, never for choosing: training sees none."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from weaktal.data.annotations import read_annotations
from weaktal.data.scores import read_scores
from weaktal.errors import InputError
from weaktal.evaluation.diagnosis import SnippetErrors, snippet_errors


def diagnose(annotations: Path, scores: Path, *, threshold: float = 0.5) -> SnippetErrors:
    """Misses and false alarms of all videos in a scores file, over the classes that each video holds.

    A snippet belongs to an action if its centre lies in one; it is called action if its score exceeds ``threshold``
    times the class's highest score in the video.

    Args:
        annotations: annotations file or dataset folder, with segments.
        scores: scores file, as ``weaktal localize --scores`` keeps it.
        threshold: share of the maximum, in [0, 1).

    Raises:
        InputError: if a file is bad, or a video of the scores is not annotated.
    """
    truth = read_annotations(annotations)
    stored = read_scores(scores)
    total = SnippetErrors()
    for video in stored:
        if video.name not in truth.videos:
            raise InputError(
                f"video {video.name!r} is not annotated", source=scores, expected=f"videos of {truth.source}"
            )
        segments = truth.videos[video.name].segments
        inside = [
            stored.grid.inside([(s.start, s.end) for s in segments if s.label == label], len(video.snippets))
            for label in stored.classes
        ]
        total += snippet_errors(video.snippets, np.stack(inside, axis=1), relative_threshold=threshold)
    return total
