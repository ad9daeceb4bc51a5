"""What a reproduction needs, and which of it is missing: found before any work, all at once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from weaktal.data.annotations import Annotations, annotations_file, read_annotations
from weaktal.data.features import parse_names
from weaktal.data.manifest import FILE, read_manifest
from weaktal.encoders.fetching import WEIGHT_FILES, has_tokenizer
from weaktal.encoders.weights import KNOWN, known, locate
from weaktal.errors import InputError
from weaktal.methods.collab.settings import CollabConfig
from weaktal.packages import package
from weaktal.studies.benchmarks import Benchmark
from weaktal.timeline import SnippetGrid

I3D_COLUMNS = 2048
CLIP_COLUMNS = 512
# Ju et al.: snippets of 16 frames, one after the other, of videos at 25 frames a second. CLIP's features have the same.
GRID = SnippetGrid(fps=25.0, window=16, stride=16)
ON_TIME = f"a row for every {GRID.stride} frames at {GRID.fps:g} fps"


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
    i3d = (
        f"{I3D_COLUMNS} columns in all, RGB and flow, {ON_TIME}: `weaktal import {benchmark.protocol} "
        f"PACKAGE... NEW_DATASET` takes published ones along, `weaktal extract VIDEOS --encoder i3d --into "
        f"{dataset}` computes them"
    )
    clip = (
        f"CLIP ViT-B/16 image features, {CLIP_COLUMNS} columns, {ON_TIME}: `weaktal extract VIDEOS --encoder "
        f"clip-vit-b16 --into {dataset}` computes them"
    )
    wanted = [*((name, i3d, I3D_COLUMNS // len(parts)) for name in parts.values()), (vlp_features, clip, CLIP_COLUMNS)]
    names = _videos(dataset)
    found = []
    for name, how, columns in wanted:
        folder = dataset / "features" / name
        absent = [video for video in names if not (folder / f"{video}.npy").exists()]
        if not folder.is_dir():
            found.append(f"{folder}, {how}")
        elif not (folder / FILE).exists():
            found.append(f"{folder / FILE}, which says how these features lie on time (docs/datasets.md)")
        elif odd := _odd_layout(folder, columns):
            found.append(f"other features than those of {folder / FILE}, {odd}; {how}")
        elif absent:
            found.append(f"{len(absent)} of {len(names)} videos in {folder}, the first of them {absent[0]}.npy; {how}")
    return found


def _odd_layout(folder: Path, columns: int) -> str:
    """How features differ from the published experiment's in width or in their place on time; empty where nowhere."""
    manifest = read_manifest(folder)
    assert manifest is not None  # the caller has seen its file
    wanted = {
        "columns": (manifest.dim, columns),
        "frames a second": (manifest.fps, GRID.fps),
        "frames a snippet": (manifest.window, GRID.window),
        "frames from one snippet to the next": (manifest.stride, GRID.stride),
    }
    odd = {what: pair for what, pair in wanted.items() if not math.isclose(*pair, rel_tol=1e-6)}
    return ", ".join(f"{has:g} {what} in place of {asked:g}" for what, (has, asked) in odd.items())


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
    found = [*_checkpoint(encoder)]
    transformers = package("transformers")
    if not transformers.present:
        found.append(f"the package transformers: {transformers.get}")
    return found


def _checkpoint(encoder: str) -> Iterator[str]:
    """A checkpoint is a folder, or known by its name; either way its files must be there."""
    if Path(encoder).is_dir():  # training takes it as well, before weights that are known by this name
        folder = Path(encoder).absolute()
        note = ": vlp.text.encoder is to be a whole checkpoint folder, or clip-vit-b16"
        if encoder in KNOWN:
            note = f": as it lies in the working directory, vlp.text.encoder={encoder} means it and no other weights"
    else:
        try:
            folder = locate(known(encoder))
        except InputError as error:
            yield f"{error.source}, {error.expected}" if error.source else error.line(shell=True)
            return
        note = f": `weaktal weights fetch {encoder}` completes them"
    if absent := _absent(folder):
        yield f"files in {folder}, which holds no {', no '.join(absent)}{note}"


def _absent(folder: Path) -> list[str]:
    """What a folder needs to be a checkpoint that reads texts, and does not hold."""
    absent = [] if (folder / "config.json").is_file() else ["config.json"]
    if not any((folder / name).is_file() for name in WEIGHT_FILES):
        absent.append(" or ".join(WEIGHT_FILES))
    if not has_tokenizer(folder):
        absent.append("tokenizer (tokenizer.json, or vocab.json and merges.txt)")
    return absent
