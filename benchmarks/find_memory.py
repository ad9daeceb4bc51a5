"""Peak memory of searching many long videos: it must not grow with their number.

python benchmarks/find_memory.py [--videos 300] [--minutes 10]

Features and tags are made up; there are no video files. Each measurement runs in a process of its own, and does what
``weaktal find`` does with a finished run: scores, all segments, the final set, and every file that it writes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from weaktal.data.annotations import Annotations, Video, write_annotations
from weaktal.data.manifest import Manifest, write_manifest

CLASSES = ("jump", "run", "throw", "turn", "walk")
DIM = 64


def make_dataset(folder: Path, count: int, seconds: float) -> None:
    """Noise in which each class shifts a channel of its own for a while, 25/16 snippets a second."""
    random = np.random.default_rng(0)
    features = folder / "features" / "made-up"
    features.mkdir(parents=True)
    videos = {}
    for number in range(count):
        name = f"video_{number:04d}"
        rows = random.normal(size=(int(seconds * 25 / 16), DIM)).astype(np.float32)
        label = number % len(CLASSES)
        for start in range(20, len(rows) - 20, 150):
            rows[start : start + 8, label] += 6.0
        np.save(features / f"{name}.npy", rows)
        subset = "training" if number < 20 else "validation"
        videos[name] = Video(name, subset, seconds, (CLASSES[label],))
    write_manifest(features, Manifest(encoder="made up", fps=25.0, window=16, stride=16, dim=DIM))
    write_annotations(folder / "annotations.json", Annotations(CLASSES, videos))


def search_all(root: Path, run: Path) -> None:
    """What a find does with a finished run."""
    from weaktal.finding.outputs import search, write_outputs
    from weaktal.finding.plan import Plan

    plan = Plan((), "cbp", "made-up")
    found = search(root, root / "dataset", run, plan, on_progress=None)
    write_outputs(root, found, plan, {}, {})


def measured(root: Path, run: Path, queue: multiprocessing.Queue[tuple[float, float]]) -> None:
    """Seconds, and peak memory in MiB of this process."""
    start = time.perf_counter()
    search_all(root, run)
    queue.put((time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def learn(dataset: Path, run: Path) -> None:
    """A small run on the first 20 videos, in a moment: how well it does is beside the point."""
    from weaktal.runs.train import train

    settings = {
        "schedule": {"updates_per_epoch": 2},
        "optimizer": {"batch_size": 4},
        "model": {"width": 32, "levels": 1, "heads": 2},
        "engine": {"tensorboard": False, "device": "cpu"},
    }
    train(dataset, method="cbp", features="made-up", run=run, preset="few", settings=settings)


def main() -> None:
    """Measures a tenth of the videos, then all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, default=300)
    parser.add_argument("--minutes", type=float, default=10.0)
    given = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        for count in (given.videos // 10, given.videos):
            root = Path(folder) / str(count)
            make_dataset(root / "dataset", count, given.minutes * 60)
            if not run.exists():
                learn(root / "dataset", run)
            queue: multiprocessing.Queue[tuple[float, float]] = context.Queue()
            process = context.Process(target=measured, args=(root, run, queue))
            process.start()
            seconds, peak = queue.get()
            process.join()
            size = (root / "results.json").stat().st_size / 2**20
            print(f"{count} videos: {seconds:.1f} s, peak {peak:.0f} MiB, results.json {size:.1f} MiB", flush=True)


if __name__ == "__main__":
    main()
