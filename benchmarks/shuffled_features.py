"""A dataset again, one of whose features tell what is in a video and not when, or nothing: controls of a teacher.

    python benchmarks/shuffled_features.py DATASET OUT --features clip-vit-b16 [--noise]

Within each video the rows of these features are put in another order, the same each time; with --noise they are random
numbers of the same mean and spread over all videos, so that they know nothing of the video. All else stays as it is.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import numpy as np

from weaktal.data.manifest import read_manifest


def shuffled(dataset: Path, out: Path, features: str, *, noise: bool = False) -> None:
    """Writes ``out``: the dataset with the rows of ``out/features/FEATURES`` shuffled within each video, or random."""
    shutil.copytree(dataset, out)
    folder = out / "features" / features
    manifest = read_manifest(folder)
    rows = {
        path: np.load(path, allow_pickle=False)
        for path in sorted(folder.glob("*.npy"))
        if manifest is None or path.name != manifest.text
    }
    every = np.concatenate(list(rows.values()))
    random = np.random.default_rng(0)
    for path, of in rows.items():
        if noise:
            made = random.normal(every.mean(0), every.std(0), of.shape).astype(of.dtype)
        else:
            made = of[np.random.default_rng(0).permutation(len(of))]
        np.save(path, made)


def main() -> None:
    """The command line; see the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--features", required=True, metavar="NAME", help="a folder under DATASET/features")
    parser.add_argument("--noise", action="store_true", help="random rows, of a model that knows nothing")
    options = parser.parse_args()
    shuffled(options.dataset, options.out, options.features, noise=options.noise)


if __name__ == "__main__":
    main()
