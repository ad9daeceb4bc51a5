"""Whether ``model.context`` beats its two networks trained apart and fused, and how the scale of scores matters.

    python benchmarks/context_controls.py DATASET --features i3d-32 [--seeds 0 1]

Trains `mil` with a kernel of 3, `cbp`, and `cbp` with `model.context=3`, all with preset `quick`, 300 updates at most
and 128 channels, as docs/evidence/methods.md has it of benchmarks/order_bed.py; then decodes, with the same settings,
the scores of each, their square roots, and the mean, the product and the geometric mean of the first two.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import weaktal
from weaktal.arrays import Floats32
from weaktal.data.annotations import read_annotations
from weaktal.data.features import Features
from weaktal.data.scores import VideoScores, read_scores
from weaktal.decoding.config import DecodeConfig
from weaktal.decoding.decoder import decode_scored

NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "mil": ("mil", {"width": 128, "kernel": 3}),
    "cbp": ("cbp", {"width": 128}),
    "context": ("cbp", {"width": 128, "context": 3}),
}
FUSED: dict[str, Callable[[Floats32, Floats32], Floats32]] = {
    "mean": lambda one, other: (one + other) / 2,
    "product": lambda one, other: one * other,
    "geometric mean": lambda one, other: np.sqrt(one * other),
}
Scored = dict[str, VideoScores]


def scored(dataset: Path, features: str, seed: int, name: str) -> tuple[Scored, tuple[str, ...]]:
    """Scores of the test videos by a network that was trained for it, and the classes."""
    method, model = NETWORKS[name]
    settings = {
        "engine": {"tensorboard": False},
        "optimizer": {"lr": 0.001},
        "schedule": {"updates_per_epoch": 30},
        "model": model,
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scores.safetensors"
        run = weaktal.train(
            dataset, method=method, features=features, preset="quick", seed=seed, settings=settings, run=f"{folder}/run"
        )
        run.localize(dataset, scores=file)
        stored = read_scores(file)
        return {video.name: video for video in stored}, stored.classes


def fused(one: Scored, other: Scored, fuse: Callable[[Floats32, Floats32], Floats32]) -> Scored:
    """Scores of two networks as those of one."""
    return {
        name: VideoScores(name, fuse(video.snippets, other[name].snippets), fuse(video.video, other[name].video))
        for name, video in one.items()
    }


def main() -> None:
    """Prints a line for each seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--features", required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    given = parser.parse_args()
    truth = read_annotations(given.dataset)
    grid = Features.open(given.dataset, given.features).grid

    def mean_map(found: Scored, classes: tuple[str, ...], change: Callable[[VideoScores], VideoScores]) -> str:
        def videos() -> Iterator[tuple[VideoScores, float]]:
            for name, video in found.items():
                yield change(video), truth.videos[name].duration

        results = decode_scored(videos(), classes, grid, DecodeConfig(), origin={})
        return f"{100 * weaktal.evaluate(truth, results).average_map:.1f}"

    def root(video: VideoScores) -> VideoScores:
        return VideoScores(video.name, np.sqrt(video.snippets), np.sqrt(video.video))

    for seed in given.seeds:
        networks = {name: scored(given.dataset, given.features, seed, name) for name in NETWORKS}
        words = [
            f"{name} {mean_map(*each, lambda video: video)}, root {mean_map(*each, root)}"
            for name, each in networks.items()
        ]
        (mil, classes), (cbp, _) = networks["mil"], networks["cbp"]
        for name, fuse in FUSED.items():
            words.append(f"{name} of mil and cbp {mean_map(fused(mil, cbp, fuse), classes, lambda video: video)}")
        print(f"seed {seed}: " + "; ".join(words), flush=True)


if __name__ == "__main__":
    main()
