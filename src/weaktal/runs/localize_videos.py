"""Localization of a user's own videos with a trained run: features are made as in training, then scored and decoded."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from weaktal.data.features import Features, parse_names
from weaktal.data.results import Results, write_results
from weaktal.data.video_files import find_videos
from weaktal.encoders.catalog import WeightsChoice
from weaktal.errors import InputError
from weaktal.files import cache_folder, check_writable
from weaktal.runs.dataset_features import RunDataset
from weaktal.runs.prepare import prepare
from weaktal.runs.trained import Trained
from weaktal.runs.video_features import (
    EncodersLike,
    as_in_training,
    check_same,
    extracted_by_weaktal,
    named_encoders,
)


@dataclass(frozen=True, slots=True)
class VideosLocalized:
    """What was found in videos.

    Attributes:
        results: segments by video.
        failed: videos that cannot be used, and why; the results are without them.
        extracted: how many videos were extracted.
        reused: how many were not, since the run's dataset has the very video with its features; the others were in the
            cache.
    """

    results: Results
    failed: dict[str, InputError]
    extracted: int
    reused: int = 0


def localize_videos(
    run: Path,
    videos: Sequence[Path],
    out: Path,
    *,
    branch: str | None = None,
    encoder: EncodersLike | None = None,
    weights: WeightsChoice | None = None,
    cache: Path | None = None,
    scores: Path | None = None,
    overrides: Sequence[str] = (),
    console: Console | None = None,
) -> VideosLocalized:
    """Finds the segments of videos and writes them to ``out``.

    A video that cannot be used does not stop the others.

    Args:
        run: a finished run's folder.
        videos: files, and folders that are searched with their subfolders.
        out: results file.
        branch: which branch of the method scores; its default where it is None.
        encoder: what makes the features where the run does not say so in a way that may be believed; see
            :func:`~weaktal.runs.video_features.named_encoders`.
        weights: where to look for the encoders' weights; the usual folder where it is None.
        cache: folder of features; :func:`~weaktal.files.cache_folder` where it is None.
        scores: also keep the scores there.
        overrides: single settings of decoding.
        console: where progress goes; standard error where it is None.

    Raises:
        InputError: for bad input, if the run's features cannot be made here, or if no video can be used; nothing is
            written then.
    """
    console = console or Console(stderr=True)
    say = functools.partial(console.print, highlight=False, markup=False, soft_wrap=True)
    check_writable(out, scores)
    trained = Trained.load(run, branch, overrides)
    info = trained.info
    found = find_videos(videos)
    streams = parse_names(info.features)  # folder names by stream
    vlp_streams = parse_names(info.vlp_features) if trained.needs_vlp and info.vlp_features else {}
    wanted = {*streams.values(), *vlp_streams.values()}
    named = named_encoders(encoder, {name: made for name, made in info.manifests.items() if name in wanted})
    again = functools.partial(as_in_training, weights=weights or WeightsChoice(), run=run, named=named)
    extractions = {name: again(name, info.manifests.get(name)) for name in streams.values()}
    with trained.opening_vlp():
        extractions |= {name: again(name, info.manifests.get(name)) for name in vlp_streams.values()}
    for name, extraction in extractions.items():
        if not extracted_by_weaktal(info.manifests[name]):
            say(
                f"the run does not say with which weights and flow its features {name} were made; taking "
                f"{extraction.encoder}, {extraction.flow}, {extraction.sampling.crop} crop"
            )
        if extraction.weights.seed is not None:
            say(f"features {name} come from random weights, as in training: they mean nothing")
    prepared = prepare(
        found,
        extractions,
        cache or cache_folder(),
        console,
        check=lambda name, target: check_same(name, info.manifests[name], target, run, named=name in named),
        dataset=RunDataset(Path(info.dataset)),
    )
    made = dict(zip(extractions, prepared.features, strict=True))
    features = Features({stream: made[name] for stream, name in streams.items()})
    vlp = Features({stream: made[name] for stream, name in vlp_streams.items()}) if vlp_streams else None
    results, _ = trained.segments(prepared.videos, features, vlp, names=prepared.names, scores=scores, console=console)
    write_results(out, results)
    return VideosLocalized(results, prepared.failed, prepared.extracted, prepared.reused)
