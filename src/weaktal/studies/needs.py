"""What a reproduction needs, and which of it is missing: found before any work, all at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from weaktal.data.annotations import Annotations, annotations_file, read_annotations
from weaktal.data.features import parse_names
from weaktal.data.manifest import FILE, read_manifest
from weaktal.encoders.weights import known, locate
from weaktal.errors import InputError
from weaktal.methods.collab.settings import CollabConfig
from weaktal.packages import package
from weaktal.studies.benchmarks import Benchmark

I3D_COLUMNS = 2048
CLIP_COLUMNS = 512
I3D_FPS, I3D_WINDOW = 25.0, 16


def refuse_missing(
    benchmark: Benchmark, dataset: Path, features: str, vlp_features: str, config: CollabConfig
) -> Annotations:
    """The dataset's annotations, where all that training and scoring need is there.

    Raises:
        InputError: listing all that is missing, each with how it gets to its place.
    """
    missing = [
        *_annotations(benchmark, dataset),
        *_features(benchmark, dataset, features, vlp_features),
        *_text(dataset, vlp_features, config),
    ]
    if missing:
        count = "1 thing is" if len(missing) == 1 else f"{len(missing)} things are"
        listed = "; ".join(f"({number}) {item}" for number, item in enumerate(missing, start=1))
        raise InputError(f"{count} missing: {listed}", source=dataset)
    return read_annotations(dataset)


def _annotations(benchmark: Benchmark, dataset: Path) -> list[str]:
    file = annotations_file(dataset)
    if file.exists():
        return []
    return [f"{file}: `weaktal import {benchmark.protocol} PACKAGE... {dataset}` makes it"]


def _features(benchmark: Benchmark, dataset: Path, features: str, vlp_features: str) -> list[str]:
    parts = parse_names(features)
    wanted: list[tuple[str, str, int, float | None, int | None]] = [
        (
            name,
            f"{I3D_COLUMNS} columns in all, RGB and flow, 16 frames at 25 fps: `weaktal import {benchmark.protocol} "
            f"PACKAGE... NEW_DATASET` takes published ones along, `weaktal extract VIDEOS --encoder i3d --into "
            f"{dataset}` computes them",
            I3D_COLUMNS // len(parts),
            I3D_FPS,
            I3D_WINDOW,
        )
        for name in parts.values()
    ]
    wanted.append(
        (
            vlp_features,
            f"CLIP ViT-B/16 image features, {CLIP_COLUMNS} columns: `weaktal extract VIDEOS --encoder clip-vit-b16 "
            f"--into {dataset}` computes them",
            CLIP_COLUMNS,
            None,
            None,
        )
    )
    names = _videos(dataset)
    found = []
    for name, how, columns, fps, window in wanted:
        folder = dataset / "features" / name
        absent = [video for video in names if not (folder / f"{video}.npy").exists()]
        if not folder.is_dir():
            found.append(f"{folder}, {how}")
        elif not (folder / FILE).exists():
            found.append(f"{folder / FILE}, which says how these features lie on time (docs/datasets.md)")
        elif odd := _odd_layout(folder, columns, fps, window):
            found.append(f"other features in {folder}, {odd}; {how}")
        elif absent:
            found.append(f"{len(absent)} of {len(names)} videos in {folder}, the first of them {absent[0]}.npy; {how}")
    return found


def _odd_layout(folder: Path, columns: int, fps: float | None, window: int | None) -> str:
    """How features differ from those of the published experiment in width, rate or window; empty where they do not."""
    manifest = read_manifest(folder)
    assert manifest is not None  # the caller has seen its file
    wanted = {"columns": (manifest.dim, columns), "frames a second": (manifest.fps, fps)}
    wanted["frames a snippet"] = (manifest.window, window)
    odd = [f"{has:g} {what} in place of {asked:g}" for what, (has, asked) in wanted.items() if asked not in (None, has)]
    return ", ".join(odd)


def _videos(dataset: Path) -> Sequence[str]:
    """Those to train on and to score; none where the annotations are not there yet."""
    if not annotations_file(dataset).exists():
        return ()
    annotations = read_annotations(dataset)
    subsets = (annotations.train_subset, annotations.test_subset)
    return [name for name, video in annotations.videos.items() if video.subset in subsets]


def _text(dataset: Path, vlp_features: str, config: CollabConfig) -> list[str]:
    """Class vectors come from a text encoder, or lie beside the features."""
    encoder = config.vlp.text.encoder
    folder = dataset / "features" / vlp_features
    if encoder is None:
        manifest = read_manifest(folder) if folder.is_dir() else None
        if manifest is not None and manifest.text is None:
            return [f"text in {folder / FILE}, a file of class vectors (C, D), as vlp.text.encoder is null"]
        return []
    found = []
    if not Path(encoder).is_dir():
        try:
            locate(known(encoder))
        except InputError as error:
            found.append(f"{error.source}, {error.expected}" if error.source else error.line(shell=True))
    transformers = package("transformers")
    if not transformers.present:
        found.append(f"the package transformers: {transformers.get}")
    return found
