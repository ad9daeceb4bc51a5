"""Makes the compositions of gym exercises that docs/results.md reports on, and those that settings may be chosen on.

    python benchmarks/beds.py CLIPS OUT [--compositions 3] [--development 2] [--channels 128]

CLIPS is a folder of trimmed clips' features, as `weaktal compose` takes it. Within each class, two clips of five, by a
hash of their names, go to OUT/clips-development, the rest to OUT/clips-reporting: a composition of one shares no clip
with any of the other; a class too small for that is in the latter alone. Out of each come sparse compositions (about a
fifth of a tagged video is action) and dense ones (two thirds):

    OUT/development-sparse, OUT/development-dense          seed 100
    OUT/development-sparse-2, OUT/development-dense-2, ... seeds 99, 98, ...
    OUT/sparse-1 ..., OUT/dense-1 ...                      seeds 101, 102, ...

A fifth of the clips is the pool that examples/stand_in_vlp.py fits its stand-in on, with their class labels; all
methods have these clips as tagged training videos. The stand-in is made in CLIP's geometry (vlp-cone). What exists is
kept.

`--channels 128` also writes DATASET/features/i3d-128: each stream turned at random, with the same turn in all datasets,
and cut to that many channels, for machines on which the whole features train too slowly. Nothing is fitted for that.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

import weaktal
from weaktal.data.manifest import read_manifest, write_manifest

FIRST_SEED = 100
SMALLEST = 8  # clips of a class to divide: three are needed on either side, for training, test and pool
DENSE: dict[str, Any] = {
    "classes_per_video": (1, 1),
    "instances_per_video": (3, 6),
    "instance_snippets": (3, 8),
    "gap_snippets": (1, 3),
}
KINDS: dict[str, dict[str, Any]] = {"sparse": {}, "dense": DENSE}


def split(clips: Path, out: Path) -> dict[str, Path]:
    """The two folders of clips, by what they are for."""
    document = json.loads((clips / "clips.json").read_text(encoding="utf-8"))
    features = np.load(clips / "features.npy", mmap_mode="r")
    parts: dict[str, list[dict[str, Any]]] = {"development": [], "reporting": []}
    for label in sorted({clip["label"] for clip in document["clips"]}):
        alike = [clip for clip in document["clips"] if clip["label"] == label]
        alike.sort(key=lambda clip: hashlib.sha256(clip["id"].encode()).hexdigest())
        count = round(0.4 * len(alike)) if len(alike) >= SMALLEST else 0
        parts["development"] += alike[:count]
        parts["reporting"] += alike[count:]
    folders = {}
    for name, part in parts.items():
        folder = folders[name] = out / f"clips-{name}"
        if folder.exists():
            continue
        rows, offset, renumbered = [], 0, []
        for clip in part:
            rows.append(features[clip["offset"] : clip["offset"] + clip["snippets"]])
            renumbered.append(clip | {"offset": offset})
            offset += clip["snippets"]
        folder.mkdir(parents=True)
        np.save(folder / "features.npy", np.concatenate(rows))
        (folder / "clips.json").write_text(json.dumps(document | {"clips": renumbered}), encoding="utf-8")
    return folders


def fewer_channels(dataset: Path, channels: int) -> None:
    """Writes ``features/i3d-CHANNELS``: random projections of either stream, which nearly keep the distances."""
    whole = dataset / "features" / "i3d"
    origin = read_manifest(whole)
    if origin is None or not origin.streams:
        raise SystemExit(f"beds: {whole}: names no streams; expected what weaktal compose wrote")
    folder = dataset / "features" / f"i3d-{channels}"
    if folder.exists():
        return
    random = np.random.default_rng(0)
    turns = {name: random.normal(size=(stop - start, channels)) for name, (start, stop) in origin.streams.items()}
    folder.mkdir()
    for file in sorted(whole.glob("*.npy")):
        rows = np.load(file)
        parts = [rows[:, start:stop] @ turns[name] / channels**0.5 for name, (start, stop) in origin.streams.items()]
        np.save(folder / file.name, np.hstack(parts).astype(np.float32))
    streams = {name: (place * channels, (place + 1) * channels) for place, name in enumerate(origin.streams)}
    encoder = f"{origin.encoder}, {channels} random directions of each stream"
    dim = channels * len(streams)
    write_manifest(folder, origin.model_copy(update={"encoder": encoder, "dim": dim, "streams": streams}))


def main() -> None:
    """Composes what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--compositions", type=int, default=3)
    parser.add_argument("--development", type=int, default=2)
    parser.add_argument("--channels", type=int, help="also features with so many channels a stream")
    given = parser.parse_args()
    folders = split(given.clips, given.out)
    stand_in = Path(__file__).parents[1] / "examples" / "stand_in_vlp.py"
    for kind, settings in KINDS.items():
        for number in range(1 - given.development, given.compositions + 1):
            purpose = "reporting" if number > 0 else "development"
            later = f"-{1 - number}" if number < 0 else ""
            dataset = given.out / (f"{kind}-{number}" if number > 0 else f"development-{kind}{later}")
            if not dataset.exists():
                weaktal.compose(
                    folders[purpose], dataset, seed=FIRST_SEED + number, pool=0.2, pool_videos=True, **settings
                )
            if not (dataset / "features" / "vlp-cone").exists():
                subprocess.run([sys.executable, stand_in, dataset, "--geometry", "clip"], check=True)
            if given.channels:
                fewer_channels(dataset, given.channels)
            print(dataset)


if __name__ == "__main__":
    main()
