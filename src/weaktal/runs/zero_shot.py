"""Localization without any training: frames against class names, with a vision-language model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from weaktal.config import Settings, load_settings
from weaktal.data.features import FeatureFolder
from weaktal.data.results import Results
from weaktal.data.scores import VideoScores
from weaktal.data.video_files import find_usable
from weaktal.decoding.change_points import feature_changes
from weaktal.decoding.decoder import decode_scored
from weaktal.encoders.descriptions import class_texts, described_vectors
from weaktal.encoders.names import CLIP
from weaktal.encoders.weights_choice import WeightsChoice, WeightsLike
from weaktal.encoders.world.shipped import VLP
from weaktal.errors import InputError, arg
from weaktal.extraction.folders import Target
from weaktal.extraction.pipeline import Sampling
from weaktal.files import cache_folder, check_writable
from weaktal.losses.mil import top_k_mean
from weaktal.models.zero_shot import Activation, snippet_scores
from weaktal.progress import OnProgress, Progress
from weaktal.runs.folder import files_read
from weaktal.runs.localize import Paths, named_files, refuse_datasets
from weaktal.runs.localize_videos import with_files
from weaktal.runs.prepare import Prepared, prepare
from weaktal.runs.video_features import Extraction
from weaktal.runs.zero_shot_config import ZeroShotConfig


def zero_shot(
    labels: Sequence[str],
    videos: Paths,
    out: str | PathLike[str] | None = None,
    *,
    encoder: str = CLIP,
    weights: WeightsLike | None = None,
    cache: str | PathLike[str] | None = None,
    scores: str | PathLike[str] | None = None,
    settings: Mapping[str, Any] | Settings | None = None,
    overrides: Sequence[str] = (),
    device: str = "auto",
    on_progress: OnProgress | None = None,
) -> Results:
    """Finds segments of the named actions without any training.

    Args:
        labels: class names.
        videos: a video, a folder that is searched with its subfolders, or several of these; a file that cannot be used
            does not stop the others.
        out: results file to write; nothing is written by default.
        encoder: one of images and texts, as ``weaktal extract --encoder`` takes it.
        weights: where to look for its weights; the usual folder by default.
        cache: folder of features; :func:`~weaktal.files.cache_folder` by default.
        scores: also keep the scores in this file.
        settings: of :class:`ZeroShotConfig`, such as ``{"fps": 4, "decode": {"theta_cls": 0.2}}``.
        overrides: single settings as the shell gives them, such as ``"fps=4"``.
        device: where the encoder runs: "cpu", "cuda", "cuda:1", "mps"; "auto" takes a GPU if there is one.
        on_progress: is told how far the work has come.

    Raises:
        InputError: for bad input, missing weights, or if no video can be used; nothing is written then.
    """
    saved, kept = (None if path is None else Path(path) for path in (out, scores))
    paths = [Path(videos)] if isinstance(videos, str | PathLike) else [Path(path) for path in videos]
    check_writable(saved, kept, inputs=[*files_read(paths), *named_files(weights)])
    refuse_datasets(paths)
    config = load_settings(ZeroShotConfig, None, overrides, values=settings)
    texts = [*class_texts(labels, config.template, config.texts), *([text] for text in config.background)]
    activation = _activation(config, len(texts))
    found, skipped = find_usable(paths)
    # Two frames a snippet, of which the encoder sees the second, at 1/2 of the snippet's time.
    sampling = Sampling(fps=2 * config.fps, window=2, stride=2)
    extraction = Extraction(encoder, WeightsChoice.of(weights), sampling, fits=True)

    def check(_title: str, target: Target) -> None:
        if target.encoder.text is None:
            expected = f"{CLIP}, {VLP}, or another encoder of images and texts, with its tokenizer"
            raise InputError(f"{encoder} knows no words", source=arg("encoder"), expected=expected)
        target.encoder.text.embed_texts(
            [text for some in texts for text in some]
        )  # refuses words that it does not know

    store = cache_folder() if cache is None else Path(cache)
    prepared = prepare(found, {encoder: extraction}, store, on_progress, check=check, device=device)
    (target,) = prepared.targets
    text_side = target.encoder.text
    assert text_side is not None
    vectors = described_vectors(text_side, texts).cpu()  # (C + K, D)
    (folder,) = prepared.features
    origin: dict[str, Any] = {
        "zero_shot": list(labels),
        "encoder": target.manifest.encoder,
        "weights_sha256": target.manifest.weights_sha256,
        "settings": config.model_dump(mode="json", exclude={"decode"}) | {"activation": activation},
    }

    usual = _mean_cosines(folder, prepared, vectors) if config.centered else torch.zeros(len(texts))

    changing = kept is not None or config.decode.snap > 0

    def scored() -> Iterator[tuple[VideoScores, float]]:
        for video, name in zip(prepared.videos, prepared.names, strict=True):
            rows = folder.read(video.name)  # (T, D)
            cosines = torch.from_numpy(rows) @ vectors.mT - usual  # (T, C + K)
            by_snippet = snippet_scores(
                cosines,
                classes=len(labels),
                activation=activation,
                temperature=config.temperature,
                above_chance=config.above_chance,
            )
            whole = _video_scores(by_snippet, config.divisor)
            changes = feature_changes(rows) if changing else None
            yield VideoScores(name, by_snippet.numpy(), whole.numpy(), changes), video.duration
            if on_progress is not None:
                on_progress(Progress("scoring", prepared.names.index(name) + 1, len(prepared.names), "videos"))

    results = decode_scored(scored(), labels, folder.grid, config.decode, origin=origin, keep=kept)
    results = with_files(results, prepared, found, skipped)
    if saved is not None:
        results.save(saved)
    return results


def _mean_cosines(folder: FeatureFolder, prepared: Prepared, vectors: Tensor) -> Tensor:
    """Mean cosine of each text (C + K,) over all snippets of all videos."""
    total, count = torch.zeros(len(vectors), dtype=torch.float64), 0
    for video in prepared.videos:
        rows = torch.from_numpy(folder.read(video.name))
        total += (rows @ vectors.mT).sum(dim=0).double()
        count += len(rows)
    return (total / count).float()


def _activation(settings: ZeroShotConfig, texts: int) -> Activation:
    if settings.activation == "auto":
        return "softmax" if texts > 1 else "relative"
    if settings.activation == "softmax" and texts < 2:
        raise InputError(
            "is softmax, and there is one class",
            source="activation",
            expected="relative, more classes, or a background",
        )
    return settings.activation


def _video_scores(snippets: Tensor, divisor: int) -> Tensor:
    """(T, C) to (C,)."""
    mask = torch.ones(1, len(snippets), dtype=torch.bool)
    return top_k_mean(snippets[None], mask, divisor)[0]
