"""Memory and speed of the feature store: a training-like pass over a store larger than memory, and random slices.

    python benchmarks/feature_store.py --gigabytes 8

The pass runs in a process of its own whose data segment may not grow beyond ``--limit-gigabytes``; the peak that it
prints (ru_maxrss) counts mapped pages of the files too. The slices are compared with loading whole files by np.load.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from weaktal.data.features import Features
from weaktal.data.manifest import Manifest, write_manifest

DIM = 2048
ROWS = 3000  # half an hour of video: 24 MB of float32
BATCH, SNIPPETS = 16, 320


def make_store(dataset: Path, gigabytes: float) -> list[str]:
    """Files of ``ROWS`` snippets until the store has the wished size."""
    folder = dataset / "features" / "i3d"
    folder.mkdir(parents=True)
    count = max(2, round(gigabytes * 2**30 / (ROWS * DIM * 4)))
    array = np.random.default_rng(0).standard_normal((ROWS, DIM), dtype=np.float32)
    names = [f"video{index:05d}" for index in range(count)]
    for name in names:
        np.save(folder / f"{name}.npy", array)
    write_manifest(folder, Manifest(encoder="noise", fps=25.0, window=16, stride=16, dim=DIM))
    return names


def read_epoch(dataset: Path, names: list[str]) -> None:
    """Every row of the store once, in batches of random videos' consecutive snippets, as training reads it."""
    features = Features.open(dataset, "i3d")
    random = np.random.default_rng(1)
    pieces = [(name, start) for name in names for start in range(0, ROWS, SNIPPETS)]
    started, total, read = time.perf_counter(), 0.0, 0
    order = random.permutation(len(pieces))
    for first in range(0, len(order), BATCH):
        batch = [features.read(*pieces[i], pieces[i][1] + SNIPPETS) for i in order[first : first + BATCH]]
        total += sum(float(block[:, 0].sum()) for block in batch)
        read += sum(block.nbytes for block in batch)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"one pass: {read / 2**30:.2f} GB in {seconds:.1f} s, peak memory {peak:.2f} GB (sum {total:.1f})")


def compare_slices(dataset: Path, names: list[str], count: int = 200) -> None:
    """Random slices of ``SNIPPETS`` rows: the store, and np.load of the whole file, on the same slices by turns."""
    features = Features.open(dataset, "i3d")
    random = np.random.default_rng(2)
    seconds = {"store": 0.0, "np.load": 0.0}
    for _ in range(count):
        name, start = names[random.integers(len(names))], int(random.integers(ROWS - SNIPPETS))
        path = dataset / "features" / "i3d" / f"{name}.npy"
        np.load(path)  # both find the file in the page cache
        began = time.perf_counter()
        ours = features.read(name, start, start + SNIPPETS)
        between = time.perf_counter()
        plain = np.load(path)[start : start + SNIPPETS].astype(np.float32)
        seconds["store"] += between - began
        seconds["np.load"] += time.perf_counter() - between
        assert np.array_equal(ours, plain)
    each = {key: 1e3 * value / count for key, value in seconds.items()}
    ratio = each["np.load"] / each["store"]
    print(
        f"{SNIPPETS} of {ROWS} snippets: store {each['store']:.2f} ms, np.load of all {each['np.load']:.2f} ms, "
        f"{ratio:.1f} times as fast"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=1.0, help="size of the generated store")
    parser.add_argument("--limit-gigabytes", type=float, default=2.0, help="limit on the memory of the pass")
    parser.add_argument("--folder", type=Path, help="where to generate it; a temporary folder by default")
    parser.add_argument("--pass-over", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.pass_over:
        limit = int(options.limit_gigabytes * 2**30)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        read_epoch(options.pass_over, sorted(p.stem for p in (options.pass_over / "features/i3d").glob("*.npy")))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        dataset = Path(temporary)
        names = make_store(dataset, options.gigabytes)
        command = [sys.executable, __file__, "--pass-over", str(dataset)]
        subprocess.run([*command, "--limit-gigabytes", str(options.limit_gigabytes)], check=True)
        compare_slices(dataset, names)


if __name__ == "__main__":
    main()
