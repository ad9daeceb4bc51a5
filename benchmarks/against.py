"""Training, extraction and evaluation of this checkout against an earlier one, as ratios of whole processes.

python benchmarks/against.py EARLIER . [--only train|extract|evaluate] [--repeat 5]

Both run the same commands on the same made-up files, in turn, after a first time that does not count. Compiled files
are kept from one process to the next in a temporary folder, as an installation keeps them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from weaktal.data.annotations import Annotations, Video, write_annotations
from weaktal.data.manifest import Manifest, write_manifest
from weaktal.segments import Segment
from weaktal.video.encoding import writing_video

CLASSES, DIM = tuple(f"class {number:02d}" for number in range(20)), 512
TRAIN = ("schedule.epochs=1", "schedule.updates_per_epoch=40", "model.width=128", "optimizer.batch_size=10")


def make(root: Path) -> None:
    """Sixty videos with features and segments, results for half of them, and three video files."""
    random = np.random.default_rng(0)
    features = root / "data" / "features" / "i3d"
    features.mkdir(parents=True)
    videos, results = {}, {}
    for number in range(60):
        name, label, rows = f"v{number:02d}", CLASSES[number % 20], int(random.integers(200, 400))
        np.save(features / f"{name}.npy", random.normal(size=(rows, DIM)).astype(np.float32))
        segments = tuple(Segment(float(start), start + 8.0, label) for start in range(20, rows - 20, 40))
        videos[name] = Video(name, "training" if number < 30 else "validation", float(rows), (label,), segments)
        if number >= 30:
            starts = np.round(random.uniform(0, rows - 20, 3000), 3)
            found = [
                {"label": CLASSES[int(random.integers(20))], "segment": [start, start + 9.0], "score": float(score)}
                for start, score in zip(starts.tolist(), np.sort(random.random(3000))[::-1], strict=True)
            ]
            results[name] = found
    streams = {"rgb": (0, DIM // 2), "flow": (DIM // 2, DIM)}
    write_manifest(features, Manifest(encoder="made up", fps=1.0, window=1, stride=1, dim=DIM, streams=streams))
    write_annotations(root / "data" / "annotations.json", Annotations(CLASSES, videos))
    (root / "results.json").write_text(json.dumps({"version": "1", "external_data": {}, "results": results}))
    (root / "films").mkdir()
    for name in "abc":
        with writing_video(root / "films" / f"{name}.mp4", fps=25, width=320, height=240, quality=30) as add:
            for picture in random.integers(0, 255, size=(250, 12, 16, 3), dtype=np.uint8):
                add(picture.repeat(20, axis=0).repeat(20, axis=1))


def commands() -> dict[str, list[str]]:
    """What is compared."""
    train = ["train", "data", "--method", "mil", "--features", "i3d", "--run", "made"]
    return {
        "train": [*train, *(word for setting in TRAIN for word in ("--set", setting))],
        "extract": ["extract", "films", "--encoder", "world-rgb", "--into", "made", "--workers", "1"],
        "evaluate": ["evaluate", "data", "results.json", "--tiou", "0.1:0.9:0.1", "--json", "made"],
    }


def once(checkout: Path, words: list[str], root: Path) -> tuple[float, float]:
    """Seconds on the clock, and of the processor, of one process."""
    made = root / "made"
    if made.is_dir():
        shutil.rmtree(made)
    made.unlink(missing_ok=True)
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env |= {"PYTHONPATH": str(checkout.resolve() / "src"), "PYTHONPYCACHEPREFIX": str(root / "compiled")}
    call, nothing = [sys.executable, "-m", "weaktal", *words], subprocess.DEVNULL
    start = time.perf_counter()
    process = subprocess.Popen(call, cwd=root, env=env, stdout=nothing, stderr=nothing)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{checkout}: {' '.join(words)}: exit {process.returncode}")
    return time.perf_counter() - start, used.ru_utime + used.ru_stime


def main() -> None:
    """Prints a row for each command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("earlier", type=Path)
    parser.add_argument("now", type=Path)
    parser.add_argument("--only", choices=list(commands()))
    parser.add_argument("--repeat", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make(root)
        for name, words in commands().items():
            if asked.only not in (None, name):
                continue
            pairs = [(once(asked.earlier, words, root), once(asked.now, words, root)) for _ in range(asked.repeat + 1)][
                1:
            ]
            for index, what in enumerate(("clock", "processor")):
                ratios = sorted(now[index] / before[index] for before, now in pairs)
                before, now = (statistics.median(pair[side][index] for pair in pairs) for side in (0, 1))
                print(
                    f"{name}, {what}: {before:.2f} s before, {now:.2f} s now; "
                    f"ratio {statistics.median(ratios):.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})",
                    flush=True,
                )


if __name__ == "__main__":
    main()
