"""Localization without any training: frames against class names, with a vision-language model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import Field, PositiveFloat, PositiveInt
from rich.console import Console
from torch import Tensor

from weaktal.config import Settings, load_settings
from weaktal.data.results import write_results
from weaktal.data.scores import read_scores, writing_scores
from weaktal.data.video_files import find_videos
from weaktal.decode.config import DecodeConfig
from weaktal.decode.decoder import decode_scores
from weaktal.encoders.catalog import WeightsChoice
from weaktal.encoders.names import CLIP
from weaktal.encoders.prompts import TEMPLATE, class_vectors, fill
from weaktal.encoders.world.shipped import VLP
from weaktal.errors import InputError, arg, shown
from weaktal.extraction.folders import Target
from weaktal.extraction.pipeline import Sampling
from weaktal.files import cache_folder, check_writable
from weaktal.losses.mil import top_k_mean
from weaktal.models.zero_shot import Activation, snippet_scores
from weaktal.runs.localize_videos import VideosLocalized
from weaktal.runs.prepare import prepare
from weaktal.runs.trained import scores_path
from weaktal.runs.video_features import Extraction


class ZeroShotConfig(Settings):
    """How names become segments. [paper] marks what Ju et al. 2023 state for their vision-language branch."""

    # Frames a second that are looked at, each in the middle of its snippet; ours: actions last seconds.
    fps: Annotated[float, Field(gt=0, le=500)] = 2.0
    # Text of a class, {} for its name; ours.
    template: str = TEMPLATE
    # What else a frame may show, as whole texts; they take part in the softmax and are never localized. Ours.
    background: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    # How cosines become scores, see weaktal.models.zero_shot; "auto" is softmax [paper], and relative where there is
    # but one text, since its softmax is always 1.
    activation: Activation | Literal["auto"] = "auto"
    temperature: PositiveFloat = 0.07  # tau of the softmax [paper]
    above_chance: bool = True  # take off what guessing among the texts would give; false is the plain softmax [paper]
    divisor: PositiveInt = 8  # a video's score is the mean of its ceil(T / divisor) highest snippets; as in training
    decode: DecodeConfig = DecodeConfig()


def localize_zero_shot(
    labels: Sequence[str],
    videos: Sequence[Path],
    out: Path,
    *,
    encoder: str = CLIP,
    weights: WeightsChoice | None = None,
    cache: Path | None = None,
    scores: Path | None = None,
    overrides: Sequence[str] = (),
    console: Console | None = None,
) -> VideosLocalized:
    """Finds segments of the named actions and writes them to ``out``.

    Args:
        labels: class names.
        videos: files, and folders that are searched with their subfolders; one that cannot be used does not stop the
            others.
        out: results file.
        encoder: one of images and texts, as ``weaktal extract --encoder`` takes it.
        weights: where to look for its weights; the usual folder where it is None.
        cache: folder of features; :func:`~weaktal.files.cache_folder` where it is None.
        scores: also keep the scores there.
        overrides: single settings, such as ``"fps=4"`` or ``"decode.theta_cls=0.2"``.
        console: where progress goes; standard error where it is None.

    Raises:
        InputError: for bad input, missing weights, or if no video can be used; nothing is written then.
    """
    console = console or Console(stderr=True)
    check_writable(out, scores)
    settings = load_settings(ZeroShotConfig, None, overrides)
    texts = [*fill(settings.template, labels), *settings.background]
    activation = _activation(settings, len(texts))
    found = find_videos(videos)
    # Two frames a snippet, of which the encoder sees the second, at 1/2 of the snippet's time.
    sampling = Sampling(fps=2 * settings.fps, window=2, stride=2)
    extraction = Extraction(encoder, weights or WeightsChoice(), sampling)

    def check(_title: str, target: Target) -> None:
        if target.encoder.text is None:
            expected = f"{CLIP}, {VLP}, or another encoder of images and texts, with its tokenizer"
            raise InputError(f"{encoder} knows no words", source=arg("encoder"), expected=expected)
        target.encoder.text.embed_texts(texts)  # refuses words that it does not know

    prepared = prepare(found, {encoder: extraction}, cache or cache_folder(), console, check=check)
    (target,) = prepared.targets
    text_side = target.encoder.text
    assert text_side is not None
    vectors = class_vectors(text_side, texts).cpu()  # (C + K, D)
    (folder,) = prepared.features
    origin: dict[str, Any] = {
        "zero_shot": list(labels),
        "encoder": target.manifest.encoder,
        "weights_sha256": target.manifest.weights_sha256,
        "settings": settings.model_dump(mode="json", exclude={"decode"}) | {"activation": activation},
    }
    with scores_path(scores) as kept:
        with writing_scores(kept, labels, folder.grid, origin) as writer:
            for video, name in zip(prepared.videos, prepared.names, strict=True):
                cosines = torch.from_numpy(folder.read(video.name)) @ vectors.mT  # (T, C + K)
                by_snippet = snippet_scores(
                    cosines,
                    classes=len(labels),
                    activation=activation,
                    temperature=settings.temperature,
                    above_chance=settings.above_chance,
                )
                whole = _video_scores(by_snippet, settings.divisor)
                writer.add(name, video.duration, by_snippet.numpy(), whole.numpy())
        results = decode_scores(read_scores(kept), settings.decode)
    write_results(out, results)
    return VideosLocalized(results, prepared.failed, prepared.extracted)


def parse_labels(text: str) -> tuple[str, ...]:
    """Class names out of ``"high jump, pole vault"``.

    Raises:
        InputError: if there is none, or one is empty or stands there twice.
    """
    labels = tuple(label.strip() for label in text.split(","))
    for label in labels:
        if not label or labels.count(label) > 1:
            problem = f"the class {shown(label)} stands there twice" if label else "a class without a name"
            raise InputError(
                problem, source=f"{arg('zero_shot')} {shown(text)}", expected="distinct names between commas"
            )
    return labels


def setting(override: str) -> str:
    """A setting as the command line takes it: those of decoding need no ``decode.`` before them."""
    key = override.partition("=")[0].strip()
    return f"decode.{override}" if key in DecodeConfig.model_fields else override


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
