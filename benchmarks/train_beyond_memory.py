"""Peak memory of a training pass over a store larger than memory. Run: python benchmarks/train_beyond_memory.py.

    python benchmarks/train_beyond_memory.py --gigabytes 8 --limit-gigabytes 2

`weaktal train` itself (method mil, narrow, every snippet of every video once) runs in a process of its own whose data
segment may not grow beyond the limit. Its peak (ru_maxrss, which counts mapped pages of files too) is printed, beside
that of the same run on a fiftieth of the videos: the difference is what the size of the store costs.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from feature_store import ROWS, make_store

from weaktal.data.annotations import Annotations, Video, write_annotations

BATCH = 8
CLASSES = ("a", "b", "c")


def main() -> None:
    """Prints both peaks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=1.0, help="size of the generated store")
    parser.add_argument("--limit-gigabytes", type=float, default=2.0, help="limit on the memory of training")
    parser.add_argument("--folder", type=Path, help="where to generate it; a temporary folder by default")
    options = parser.parse_args()
    limit = int(options.limit_gigabytes * 2**30)
    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        dataset = Path(temporary) / "dataset"
        names = make_store(dataset, options.gigabytes)
        size = sum(path.stat().st_size for path in dataset.rglob("*.npy"))
        few, few_seconds = train(dataset, names[: max(BATCH, len(names) // 50)], limit, Path(temporary) / "few")
        whole, seconds = train(dataset, names, limit, Path(temporary) / "whole")
    print(f"store {size / 2**30:.2f} GB in {len(names)} videos, limit {options.limit_gigabytes:.1f} GB, batch {BATCH}")
    print(f"a fiftieth: peak {few:.2f} GB, {few_seconds:.0f} s; all: peak {whole:.2f} GB, {seconds:.0f} s")
    print(f"ratio of the peaks {whole / few:.2f}; store / peak {size / 2**30 / whole:.1f}")


def train(dataset: Path, names: list[str], limit: int, run: Path) -> tuple[float, float]:
    """Trains one pass over the named videos; peak memory in GB and seconds of the whole command."""
    videos = {
        name: Video(name, "training", ROWS * 0.64, (CLASSES[index % len(CLASSES)],)) for index, name in enumerate(names)
    }
    write_annotations(dataset / "annotations.json", Annotations(CLASSES, videos))
    settings = {
        "model.width": 16,
        "schedule.epochs": 1,
        "schedule.updates_per_epoch": -(-len(names) // BATCH),
        "optimizer.batch_size": BATCH,
        "optimizer.micro_batch": 2,
        "optimizer.max_snippets": ROWS,
        "engine.tensorboard": "false",
    }
    command = [sys.executable, "-m", "weaktal", "train", str(dataset), "--method", "mil", "--features", "i3d"]
    command += ["--run", str(run), *(word for key, value in settings.items() for word in ("--set", f"{key}={value}"))]
    began = time.perf_counter()
    with (run.parent / "output").open("w") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            preexec_fn=functools.partial(resource.setrlimit, resource.RLIMIT_DATA, (limit, limit)),
        )
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit((run.parent / "output").read_text())
    trained = json.loads((run / "run.json").read_text())["videos"]
    assert len(trained) == len(names)
    return usage.ru_maxrss / 2**20, time.perf_counter() - began


if __name__ == "__main__":
    main()
