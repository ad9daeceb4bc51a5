"""Untrimmed, weakly labelled videos with exact boundaries, put together out of the features of trimmed clips.

:func:`compose_features` writes a dataset folder: annotations, features with their manifest, ``composition.json`` (the
plan) and, if wanted, ``pool/``: clips that no video shows, to pre-train on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from weaktal.arrays import Floats32, Integers
from weaktal.composition.clips import Clip, ClipFolder, check_streams, common_spacing, write_clips
from weaktal.composition.plan import POOL, SUBSETS, TRAIN, Composed, Composition, CompositionSettings, VideoPlan, plan
from weaktal.data.annotations import Annotations, Video, check_name, write_annotations
from weaktal.data.manifest import Manifest, write_manifest
from weaktal.errors import arg, counted
from weaktal.files import replacing_folder, write_json
from weaktal.segments import Segment
from weaktal.timeline import SnippetGrid

# Only window/stride and stride/fps mean anything for composed features; 16 is the field's usual snippet.
_WINDOW = 16


def compose_features(
    clips: ClipFolder,
    dataset: Path,
    settings: CompositionSettings,
    *,
    features_name: str = "i3d",
    streams: Mapping[str, tuple[int, int]] | None = None,
) -> Composed:
    """Plans and writes a dataset folder, whole or not at all.

    Args:
        clips: what to compose from.
        dataset: the folder to make; it must not exist.
        settings: how.
        features_name: the folder below ``features/``.
        streams: column ranges of the modalities; by default what ``clips`` says.

    Raises:
        InputError: if ``dataset`` exists, the clips do not suffice, or their features are not finite.
    """
    streams = clips.streams if streams is None else streams
    check_streams(streams, clips.dim, arg("streams"))
    check_name(features_name, Path(arg("features_name")))
    spacing, usable, odd = common_spacing(clips.clips, clips.folder)
    grid = SnippetGrid(fps=_WINDOW / spacing, window=_WINDOW, stride=_WINDOW)
    composition = plan(usable, settings)
    with replacing_folder(dataset, "weaktal compose") as folder:
        rows = clips.features()
        features = folder / "features" / features_name
        _write_features(features, composition, rows)
        manifest = Manifest(
            encoder=clips.source or "unknown",
            fps=grid.fps,
            window=grid.window,
            stride=grid.stride,
            dim=clips.dim,
            streams=dict(streams) if streams else None,
            complete=True,
        )
        write_manifest(features, manifest)
        annotations = planned_annotations(composition, grid)
        if settings.pool_videos:
            of_pool = _pool_videos(features, composition, grid, rows)
            annotations = replace(annotations, videos={**annotations.videos, **of_pool})
        write_annotations(folder / "annotations.json", annotations)
        write_json(folder / "composition.json", _as_json(composition, settings, odd))
        if composition.splits[POOL]:
            write_clips(folder / POOL, clips, composition.splits[POOL], rows)
    count = counted(len(odd), "clip")
    notes = (f"skipped: {count} whose snippets do not last about {spacing:.3g} s",) if odd else ()
    return Composed(dataset, composition, grid.seconds_per_snippet, notes)


def planned_annotations(composition: Composition, grid: SnippetGrid) -> Annotations:
    """Labels and exact segments of a planned dataset, in seconds; boundaries are edges of the grid's cells."""
    videos = {}
    for video in composition.videos:
        duration = video.length * grid.seconds_per_snippet
        segments = [Segment(*grid.span(i.start, i.stop - 1, duration), i.label) for i in video.instances]
        videos[video.name] = Video(
            name=video.name,
            subset=SUBSETS[video.split],
            duration=duration,
            labels=video.labels,
            segments=tuple(segments),
        )
    return Annotations(classes=composition.targets, videos=videos, version="composed")


def snippet_rows(video: VideoPlan) -> Integers:
    """For each snippet of a planned video its row in the clips' features, shape (T,)."""
    return np.concatenate(
        [np.arange(p.length, dtype=np.int64) + p.clip.offset + p.skip for p in video.pieces], dtype=np.int64
    )


def _write_features(folder: Path, composition: Composition, rows: Floats32) -> None:
    folder.mkdir(parents=True)
    for video in composition.videos:
        np.save(folder / f"{video.name}.npy", rows[snippet_rows(video)])


def _pool_videos(folder: Path, composition: Composition, grid: SnippetGrid, rows: Floats32) -> Mapping[str, Video]:
    """The pool's clips of target classes as tagged training videos, each by itself; writes their features.

    What is fitted on the pool, such as a stand-in for a vision-language model, knows its labels: with these videos
    everything that it is compared with knows them too.
    """
    videos = {}
    for number, clip in enumerate(clip for clip in composition.splits[POOL] if clip.label in composition.targets):
        name = f"pool_{number:04d}"
        np.save(folder / f"{name}.npy", rows[clip.offset : clip.offset + clip.snippets])
        duration = clip.snippets * grid.seconds_per_snippet
        videos[name] = Video(name=name, subset=SUBSETS[TRAIN], duration=duration, labels=(clip.label,), segments=())
    return videos


def _as_json(composition: Composition, settings: CompositionSettings, odd: list[Clip]) -> dict[str, Any]:
    return {
        "settings": settings.model_dump(mode="json"),
        "targets": list(composition.targets),
        "backgrounds": list(composition.backgrounds),
        "left_out": [clip.id for clip in odd],
        "clips": {split: [clip.id for clip in chosen] for split, chosen in composition.splits.items()},
        "videos": {
            video.name: [
                {"clip": p.clip.id, "label": p.clip.label, "skip": p.skip, "length": p.length, "start": p.start}
                for p in video.pieces
            ]
            for video in composition.videos
        },
    }
