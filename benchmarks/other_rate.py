"""A dataset again, with its features at another rate: does a finding follow the length of a snippet, or the data?

    python benchmarks/other_rate.py DATASET OUT --times 4        # four snippets in the place of each
    python benchmarks/other_rate.py DATASET OUT --times 0.5      # one in the place of two

More snippets are interpolated between the centres of those that there are, as overlapping windows nearly are; fewer are
means of neighbors. Videos, tags and segments stay as they are.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import numpy as np

from weaktal.arrays import Floats32
from weaktal.data.manifest import Manifest, read_manifest, write_manifest


def at_other_rate(dataset: Path, out: Path, times: float) -> None:
    """Writes ``out``: the dataset's files, and each of its feature folders at ``times`` the rate."""
    out.mkdir(parents=True)
    for path in dataset.iterdir():
        if path.is_file():
            shutil.copy(path, out / path.name)
    for folder in sorted(path for path in (dataset / "features").iterdir() if path.is_dir()):
        manifest = read_manifest(folder)
        assert manifest is not None, folder
        made = out / "features" / folder.name
        made.mkdir(parents=True)
        for path in folder.glob("*.npy"):
            if path.name == manifest.text:
                shutil.copy(path, made / path.name)
            else:
                rows = np.load(path, allow_pickle=False)
                made_rows = interpolated(rows, round(times)) if times > 1 else averaged(rows, round(1 / times))
                np.save(made / path.name, made_rows)
        write_manifest(made, of_other_rate(manifest, times))


def of_other_rate(manifest: Manifest, times: float) -> Manifest:
    """How the new features came to be, so that each row keeps its place in time."""
    if times > 1:  # a frame is a part of an old one
        window = round(manifest.window * times - manifest.stride * (times - 1))
        return manifest.model_copy(update={"fps": manifest.fps * times, "window": max(window, 1)})
    stride = round(manifest.stride / times)
    return manifest.model_copy(update={"stride": stride, "window": manifest.window + stride - manifest.stride})


def interpolated(rows: Floats32, times: int) -> Floats32:
    """(T, D) to (T times, D)."""
    at = ((np.arange(len(rows) * times) + 0.5) / times - 0.5).clip(0, len(rows) - 1)
    before = np.floor(at).astype(int)
    share = (at - before)[:, None].astype(np.float32)
    after = np.minimum(before + 1, len(rows) - 1)
    return np.asarray((1 - share) * rows[before] + share * rows[after], dtype=np.float32)


def averaged(rows: Floats32, of: int) -> Floats32:
    """(T, D) to (T / of, D), rounded up: the last is of those that are left."""
    means = [rows[start : start + of].mean(axis=0) for start in range(0, len(rows), of)]
    return np.asarray(means, dtype=np.float32)


def main() -> None:
    """The command line; see the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--times", type=float, required=True, help="a whole number, or 1 over one")
    options = parser.parse_args()
    whole = max(options.times, 1 / options.times) if options.times > 0 else 0.0
    if whole < 2 or abs(whole - round(whole)) > 1e-3:
        parser.error(f"--times {options.times:g}: expected a whole number from 2 on, or 1 over one")
    at_other_rate(options.dataset, options.out, options.times)


if __name__ == "__main__":
    main()
