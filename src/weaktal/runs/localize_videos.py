"""Localization of a user's own videos with a trained run: features are made as in training, then scored and decoded."""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from weaktal.data.features import Features, parse_names
from weaktal.data.results import Results
from weaktal.encoders.weights_choice import WeightsChoice
from weaktal.errors import InputError, counted
from weaktal.progress import OnProgress
from weaktal.runs.dataset_features import RunDataset
from weaktal.runs.prepare import Prepared, prepare
from weaktal.runs.trained import Trained
from weaktal.runs.video_features import EncodersLike, as_in_training, check_same, named_encoders
from weaktal.runs.video_file import video_file

log = logging.getLogger("weaktal")


def localize_videos(
    trained: Trained,
    found: Mapping[str, Path],
    skipped: Mapping[str, InputError],
    *,
    encoder: EncodersLike | None,
    weights: WeightsChoice,
    cache: Path,
    scores: Path | None = None,
    batch_size: int = 8,
    on_progress: OnProgress | None = None,
) -> Results:
    """Finds the segments of videos; arguments as of :func:`weaktal.runs.localize.localize`."""
    info, run = trained.info, trained.run
    streams = parse_names(info.features)  # folder names by stream
    vlp_streams = parse_names(info.vlp_features) if trained.needs_vlp and info.vlp_features else {}
    wanted = {*streams.values(), *vlp_streams.values()}
    named = named_encoders(encoder, {name: made for name, made in info.manifests.items() if name in wanted})
    again = functools.partial(as_in_training, weights=weights, run=run, named=named)
    extractions = {name: again(name, info.manifests.get(name)) for name in streams.values()}
    with trained.opening_vlp():
        extractions |= {name: again(name, info.manifests.get(name)) for name in vlp_streams.values()}
    for name, extraction in extractions.items():
        if not info.manifests[name].tells_making:
            log.warning(
                "the run does not say with which weights and flow its features %s were made; taking %s, %s, %s crop",
                *(name, extraction.encoder, extraction.flow, extraction.sampling.crop),
            )
        if extraction.weights.seed is not None:
            log.warning("features %s come from random weights, as in training: they mean nothing", name)
    prepared = prepare(
        found,
        extractions,
        cache,
        on_progress,
        check=lambda name, target: check_same(name, info.manifests[name], target, run, named=name in named),
        dataset=RunDataset(Path(info.dataset)),
        device=trained.device,
    )
    made = dict(zip(extractions, prepared.features, strict=True))
    features = Features({stream: made[name] for stream, name in streams.items()})
    vlp = Features({stream: made[name] for stream, name in vlp_streams.items()}) if vlp_streams else None
    results, _ = trained.segments(
        prepared.videos,
        features,
        vlp,
        names=prepared.names,
        scores=scores,
        batch_size=batch_size,
        on_progress=on_progress,
    )
    return with_files(results, prepared, found, skipped)


def with_files(
    results: Results, prepared: Prepared, paths: Mapping[str, Path], skipped: Mapping[str, InputError]
) -> Results:
    """The results with the files that they are of, and what was skipped; says how much was extracted.

    Args:
        results: without files.
        prepared: the videos and their features.
        paths: of the videos, by name.
        skipped: what could not even be opened, by its path.
    """
    cached = len(prepared.videos) - prepared.extracted - prepared.reused
    reused = f", {prepared.reused} from the run's dataset" if prepared.reused else ""
    log.info("features: %s extracted, %d from the cache%s", counted(prepared.extracted, "video"), cached, reused)
    files = {
        name: video_file(paths[name], video.duration, sha256=video.name)
        for name, video in zip(prepared.names, prepared.videos, strict=True)
    }
    return replace(results, files=files, skipped={**skipped, **prepared.failed})
