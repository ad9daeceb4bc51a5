"""Localization of a dataset's videos with a trained run: features in, scores and segments out."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from weaktal.data.annotations import Annotations, Video, read_tags
from weaktal.data.features import Features
from weaktal.data.known_tags import TagsUse, known_tags
from weaktal.data.results import Results, VideoFile
from weaktal.data.usable import usable
from weaktal.data.video_files import dataset_videos
from weaktal.errors import InputError
from weaktal.evaluation.classification import classification_map
from weaktal.progress import OnProgress
from weaktal.runs.folder import RunInfo
from weaktal.runs.video_file import video_file

if TYPE_CHECKING:
    from weaktal.runs.trained import Trained

log = logging.getLogger("weaktal")


def localize_dataset(
    info: RunInfo,
    load: Callable[[], Trained],
    dataset: Path,
    *,
    subset: str | None = None,
    features: str | None = None,
    vlp_features: str | None = None,
    seconds_per_snippet: float | None = None,
    seconds_per_window: float | None = None,
    scores: Path | None = None,
    skip_broken: bool = False,
    batch_size: int = 8,
    tags: TagsUse | None = None,
    on_progress: OnProgress | None = None,
) -> Results:
    """Finds the segments of a dataset's videos; arguments as of :func:`weaktal.runs.localize.localize`.

    The run, which is what ``info`` says, is loaded once dataset and features have been found.

    Where the dataset has tags of the run's classes, ``external["classification_map"]`` of the results is the mean
    average precision of the video scores against them, as a fraction.
    """
    annotations = read_tags(dataset)
    chosen = annotations.subset(subset or annotations.test_subset)
    known = known_tags(chosen.values(), tags, info.classes)
    main = Features.open(
        dataset,
        features or info.features,
        seconds_per_snippet or info.seconds_per_snippet,
        seconds_per_window or info.seconds_per_window,
    )
    check_kind(main, info)
    trained = load()
    vlp_name = vlp_features or info.vlp_features
    with trained.opening_vlp():
        vlp = Features.open(dataset, vlp_name) if vlp_name and trained.needs_vlp else None
    videos, skipped = usable(chosen, [main, vlp] if vlp else [main], skip_broken=skip_broken)
    for error in skipped.values():
        log.warning("skipped: %s", error)
    found, by_video = trained.segments(
        videos, main, vlp, scores=scores, batch_size=batch_size, known=known, on_progress=on_progress
    )
    external = dict(found.external)
    share = _classification(videos, annotations, info.classes, by_video)
    if share is not None:
        external["classification_map"] = share
    return replace(found, external=external, files=_files(dataset, videos), skipped=skipped)


def _files(dataset: Path, videos: Sequence[Video]) -> Mapping[str, VideoFile]:
    """Which file each video is, as far as the dataset has them."""
    paths = dataset_videos(dataset)
    return {video.name: video_file(paths.get(video.name), video.duration) for video in videos}


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
