"""A dataset again, one of whose features tell what is in a video and not when: a control for what a teacher tells.

    python benchmarks/shuffled_features.py DATASET OUT --features clip-vit-b16

Within each video the rows of these features are put in another order, the same each time. All else stays as it is.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import numpy as np

from weaktal.data.manifest import read_manifest


def shuffled(dataset: Path, out: Path, features: str) -> None:
    """Writes ``out``: the dataset with the rows of ``out/features/FEATURES`` shuffled within each video."""
    shutil.copytree(dataset, out)
    folder = out / "features" / features
    manifest = read_manifest(folder)
    for path in sorted(folder.glob("*.npy")):
        if manifest is None or path.name != manifest.text:
            rows = np.load(path, allow_pickle=False)
            np.save(path, rows[np.random.default_rng(0).permutation(len(rows))])


def main() -> None:
    """The command line; see the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--features", required=True, metavar="NAME", help="a folder under DATASET/features")
    options = parser.parse_args()
    shuffled(options.dataset, options.out, options.features)


if __name__ == "__main__":
    main()
