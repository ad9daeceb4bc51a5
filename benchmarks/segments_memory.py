"""Peak memory of localizing and decoding: it must not grow with the number of videos.

python benchmarks/segments_memory.py [--videos 100] [--snippets 400]

Features and tags are made up. ``weaktal localize`` and ``weaktal decode`` run in processes of their own, on so many
videos and on ten times as many.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from weaktal.data.annotations import Annotations, Video, write_annotations
from weaktal.data.manifest import Manifest, write_manifest

CLASSES, DIM, TRAINING = 20, 32, 40
BRIEF = ("schedule.epochs=1", "schedule.updates_per_epoch=20", "model.width=16", "engine.tensorboard=false")


def make_dataset(folder: Path, test: int, snippets: int) -> None:
    """Noise in which each class shifts a channel of its own for a while, a snippet a second."""
    random = np.random.default_rng(0)
    features = folder / "features" / "made-up"
    features.mkdir(parents=True)
    classes = tuple(f"class {number:02d}" for number in range(CLASSES))
    videos = {}
    for number in range(TRAINING + test):
        name, label = f"video_{number:05d}", number % CLASSES
        rows = random.normal(size=(snippets, DIM)).astype(np.float32)
        for start in range(20, snippets - 20, 50):
            rows[start : start + 8, label] += 4.0
        np.save(features / f"{name}.npy", rows)
        subset = "training" if number < TRAINING else "validation"
        videos[name] = Video(name, subset, float(snippets), (classes[label],))
    write_manifest(features, Manifest(encoder="made up", fps=1.0, window=1, stride=1, dim=DIM))
    write_annotations(folder / "annotations.json", Annotations(classes, videos))


def peak(words: Sequence[str | Path]) -> float:
    """MiB that a command took at most."""
    process = subprocess.Popen([sys.executable, "-m", "weaktal", *map(str, words)], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}: exit {process.returncode}")
    return used.ru_maxrss / 1024


def main() -> None:
    """Prints a row for each command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=100)
    parser.add_argument("--snippets", type=int, default=400)
    asked = parser.parse_args()
    counts = (asked.videos, 10 * asked.videos)
    found: dict[str, list[float]] = {"localize": [], "decode": []}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        settings = [word for setting in BRIEF for word in ("--set", setting)]
        for count in counts:
            make_dataset(root / f"{count}", count, asked.snippets)
        train = [
            "train",
            root / f"{counts[0]}",
            "--method",
            "mil",
            "--features",
            "made-up",
            "--run",
            root / "run",
            "-q",
        ]
        peak([*train, *settings])
        for count in counts:
            scores = root / f"{count}.safetensors"
            localize = ["localize", root / "run", root / f"{count}", "--out", root / "r.json", "--scores", scores]
            found["localize"].append(peak(localize))
            found["decode"].append(peak(["decode", scores, "--out", root / "d.json"]))
            print(f"{count} videos: results of {(root / 'r.json').stat().st_size / 2**20:.1f} MiB", flush=True)
    for verb, (few, many) in found.items():
        each = 1024 * (many - few) / (counts[1] - counts[0])
        print(f"{verb}: {few:.0f} MiB for {counts[0]} videos, {many:.0f} MiB for {counts[1]}: {each:.1f} KiB a video")


if __name__ == "__main__":
    main()
