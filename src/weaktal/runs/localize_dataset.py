"""Localization with a trained run: features in, scores and segments out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from weaktal.data.annotations import Annotations, Video, read_tags
from weaktal.data.features import Features
from weaktal.data.results import Results, write_results
from weaktal.data.usable import usable
from weaktal.engine.run import RunInfo
from weaktal.errors import InputError
from weaktal.evaluation.classification import classification_map
from weaktal.files import check_writable
from weaktal.runs.trained import Trained


@dataclass(frozen=True, slots=True)
class Localized:
    """What :func:`localize` found.

    Attributes:
        results: segments by video.
        classification_map: mean average precision of the video scores against the tags, as a fraction; None where the
            dataset has no tags for these videos.
        skipped: videos left out for their features, with the reason.
    """

    results: Results
    classification_map: float | None
    skipped: dict[str, str]


def localize(
    run: Path,
    dataset: Path,
    out: Path,
    *,
    subset: str | None = None,
    branch: str | None = None,
    features: str | None = None,
    vlp_features: str | None = None,
    seconds_per_snippet: float | None = None,
    scores: Path | None = None,
    overrides: Sequence[str] = (),
    skip_broken: bool = False,
    batch_size: int = 8,
    console: Console | None = None,
) -> Localized:
    """Finds the segments of a dataset's videos and writes them to ``out``.

    Args:
        run: a finished run's folder.
        dataset: folder with annotations.json and the features that the run was trained on; segments are not read.
        out: results file.
        subset: of the videos; the dataset's own test subset where it is None.
        branch: which branch of the method scores; its default where it is None.
        features, vlp_features: other folder names than those of the run.
        seconds_per_snippet: for features without a manifest; that of the training features where it is None.
        scores: also keep the scores there, for ``weaktal decode``.
        overrides: single settings of decoding, such as ``"theta_cls=0.2"``.
        skip_broken: go on without the videos whose features cannot be used.
        batch_size: videos scored at once.
        console: where progress goes; standard error where it is None.

    Raises:
        InputError: for bad input, before anything is written.
    """
    console = console or Console(stderr=True)
    check_writable(out, scores)
    trained = Trained.load(run, branch, overrides)
    info = trained.info
    annotations = read_tags(dataset)
    chosen = annotations.subset(subset or annotations.test_subset)
    cbp = Features.open(dataset, features or info.features, seconds_per_snippet or info.seconds_per_snippet)
    check_kind(cbp, info)
    vlp_name = vlp_features or info.vlp_features
    with trained.opening_vlp():
        vlp = Features.open(dataset, vlp_name) if vlp_name and trained.needs_vlp else None
    videos, skipped = usable(chosen, [cbp, vlp] if vlp else [cbp], skip_broken=skip_broken)
    for reason in skipped.values():
        console.print(f"skipped: {reason}", highlight=False, markup=False, soft_wrap=True)
    results, by_video = trained.segments(videos, cbp, vlp, scores=scores, batch_size=batch_size, console=console)
    write_results(out, results)
    return Localized(results, _classification(videos, annotations, info.classes, by_video), skipped)


def check_kind(features: Features, info: RunInfo) -> None:
    """Refuses features whose snippets are longer, shorter or further apart than those that the run learned from."""
    ours, theirs = features.grid, info.grid
    same = ours.stride * theirs.window == ours.window * theirs.stride
    if not same or not math.isclose(ours.seconds_per_snippet, theirs.seconds_per_snippet, rel_tol=0.05):
        raise InputError(
            f"features have {ours}",
            source=next(iter(features.folders.values())).folder,
            expected=f"{theirs}, as the run was trained on",
        )


def _classification(
    videos: Sequence[Video], annotations: Annotations, classes: Sequence[str], scores: Sequence[np.ndarray]
) -> float | None:
    """Classification mAP against the tags, where there are tags and the run knows their classes."""
    labels = np.array([[label in video.labels for label in classes] for video in videos])
    if not labels.any() or not set(annotations.classes) <= set(classes):
        return None
    return classification_map(np.stack(scores), labels)
