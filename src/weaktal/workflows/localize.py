"""Localization with a trained run: features in, scores and segments out."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from weaktal.config import load_settings, parse_settings
from weaktal.data.annotations import Annotations, Video, read_tags
from weaktal.data.features import Features
from weaktal.data.results import Results, write_results
from weaktal.data.scores import read_scores, writing_scores
from weaktal.decode.decoder import decode_scores
from weaktal.engine.batch import VideoSet
from weaktal.engine.checkpoint import load_weights
from weaktal.engine.method import Method
from weaktal.engine.predict import predict
from weaktal.engine.run import RunFolder, RunInfo
from weaktal.errors import InputError
from weaktal.evaluation.classification import classification_map
from weaktal.methods.base import Inputs, MethodConfig, method_module
from weaktal.workflows.dataset import usable


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


def load_method(run: RunFolder) -> tuple[Method, MethodConfig, RunInfo]:
    """The trained method of a finished run.

    Raises:
        InputError: if the folder is no run, the run is not finished, or its files are damaged.
    """
    info = run.info()
    if not run.finished():
        raise InputError(
            "is not finished", source=run.path, expected="a run that came to its end; weaktal train --resume"
        )
    module = method_module(info.method)
    settings = parse_settings(module.CONFIG, info.settings, run.path / "run.json")
    inputs = Inputs(dim=info.dim, classes=info.classes, streams=info.streams, vlp_dim=info.vlp_dim, trained=True)
    method = module.build(settings, inputs)
    load_weights(method.module, run.weights)
    return method, settings, info


def localize(
    run: Path,
    dataset: Path,
    out: Path,
    *,
    subset: str | None = None,
    branch: str | None = None,
    features: str | None = None,
    vlp_features: str | None = None,
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
        scores: also keep the scores there, for ``weaktal decode``.
        overrides: single settings of decoding, such as ``"theta_cls=0.2"``.
        skip_broken: go on without the videos whose features cannot be used.
        batch_size: videos scored at once.
        console: where progress goes; standard error where it is None.

    Raises:
        InputError: for bad input, before anything is written.
    """
    console = console or Console(stderr=True)
    method, settings, info = load_method(RunFolder(run))
    if branch is not None and branch not in method.branches:
        expected = f"one of {', '.join(method.branches)}" if method.branches else f"none: {info.method} has but one"
        raise InputError(f"no branch {branch!r}", source="--branch", expected=expected)
    decode = load_settings(type(settings.decode), None, overrides, base=settings.decode)

    annotations = read_tags(dataset)
    chosen = annotations.subset(subset or annotations.test_subset)
    cbp = Features.open(dataset, features or info.features, info.seconds_per_snippet)
    vlp_name = vlp_features or info.vlp_features
    vlp = Features.open(dataset, vlp_name) if vlp_name and branch in method.vlp_branches else None
    videos, skipped = usable(chosen, [cbp, vlp] if vlp else [cbp], skip_broken=skip_broken)
    for reason in skipped.values():
        console.print(f"left out: {reason}", highlight=False, markup=False)
    _check_width(cbp, info.dim, videos)
    if vlp is not None and info.vlp_dim is not None:
        _check_width(vlp, info.vlp_dim, videos)

    origin = {"run": str(run), "method": info.method, "branch": branch, "seed": info.seed}
    by_video: list[np.ndarray] = []
    with _scores_path(scores) as kept:
        with writing_scores(kept, info.classes, cbp.grid, origin) as writer:
            # The run's classes may differ from the dataset's; scoring needs no labels.
            untagged = [Video(video.name, video.subset, video.duration, ()) for video in videos]
            predicted = predict(
                method, VideoSet(untagged, info.classes, cbp, vlp), branch=branch, batch_size=batch_size
            )
            progress = track(predicted, "scoring", len(videos), console=console, disable=not console.is_terminal)
            for (name, snippets, whole), video in zip(progress, videos, strict=True):
                writer.add(name, video.duration, snippets, whole)
                by_video.append(whole)
        results = decode_scores(read_scores(kept), decode)
    write_results(out, results)
    return Localized(results, _classification(videos, annotations, info.classes, by_video), skipped)


@contextlib.contextmanager
def _scores_path(wanted: Path | None) -> Iterator[Path]:
    """Where the scores go: to stay, or for as long as decoding needs them."""
    if wanted is not None:
        yield wanted
        return
    with tempfile.TemporaryDirectory(prefix="weaktal-") as folder:
        yield Path(folder) / "scores.safetensors"


def _check_width(features: Features, dim: int, videos: Sequence[Video]) -> None:
    width, _ = features.layout(videos[0].name)
    if width != dim:
        folder = next(iter(features.folders.values())).folder
        raise InputError(f"features have {width} columns", source=folder, expected=f"{dim}, as the run was trained on")


def _classification(
    videos: Sequence[Video], annotations: Annotations, classes: Sequence[str], scores: Sequence[np.ndarray]
) -> float | None:
    """Classification mAP against the tags, where there are tags and the run knows their classes."""
    labels = np.array([[label in video.labels for label in classes] for video in videos])
    if not labels.any() or not set(annotations.classes) <= set(classes):
        return None
    return classification_map(np.stack(scores), labels)
