"""A package as THUMOS14 is shared, with made-up features: for the way from a package to a table, at full size or tiny.

    python benchmarks/look_alike.py OUT --annotations THUMOS14_ANNOTATIONS        # the published ones; 0.6 GB
    python benchmarks/look_alike.py OUT --train 8 --test 6 --classes 3 --dim 16   # made-up ones, in a second

OUT then holds `annotations/` (videoname.npy, segments.npy and their like), `rgb/VIDEO.npy` and `flow/VIDEO.npy`,
(T, D / 2) float16 each, a row for 16 frames at 25 a second. Features are noise, to which each action adds a direction
of its class; the directions of half of the actions are weak. Scores on them say nothing about a method.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import numpy as np

from weaktal.data.importers.npy_package import read_npy_package
from weaktal.timeline import SnippetGrid

GRID = SnippetGrid(fps=25.0, window=16, stride=16)
STRONG, WEAK = 0.16, 0.08  # length of a class's direction in an action, in standard deviations of a column


def main() -> None:
    """Makes the package and says how large it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--annotations", type=Path, help="folder of published ones; made up by default")
    parser.add_argument("--train", type=int, default=200)
    parser.add_argument("--test", type=int, default=213)
    parser.add_argument("--classes", type=int, default=20)
    parser.add_argument("--dim", type=int, default=2048)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    random = np.random.default_rng(given.seed)
    folder = given.out / "annotations"
    if given.annotations:
        folder.mkdir(parents=True)
        for file in given.annotations.iterdir():
            shutil.copyfile(file, folder / file.name)
    else:
        make_annotations(folder, given.train, given.test, given.classes, random)
    snippets, size = make_features(folder, given.out, given.dim, random)
    print(f"{snippets:,} snippets, {size / 2**30:.2f} GiB of features: {given.out}")


def make_annotations(folder: Path, train: int, test: int, classes: int, random: np.random.Generator) -> None:
    """The arrays that THUMOS14's package has, with made-up contents: a class a video, actions of some seconds."""
    folder.mkdir(parents=True)
    names = [
        f"video_{kind}_{n + 1:07d}" for kind, count in (("validation", train), ("test", test)) for n in range(count)
    ]
    labels, segments, durations = [], [], []
    for number in range(len(names)):
        duration = float(random.uniform(60, 300))
        starts = np.arange(random.integers(4, 10)) * duration / 10 + random.uniform(0, duration / 30)
        labels.append([f"class_{number % classes}"] * len(starts))
        segments.append([[float(s), float(s + random.uniform(3, duration / 15))] for s in starts])
        durations.append([duration])
    arrays = {
        "videoname": np.array(names, dtype="S"),
        "subset": np.array(["validation"] * train + ["test"] * test, dtype="S"),
        "duration": np.array(durations),
        "classlist": np.array([f"class_{number}" for number in range(classes)], dtype="S"),
        "labels_all": _objects([sorted(set(found)) for found in labels]),
        "labels": _objects(labels),
        "segments": _objects(segments),
    }
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values)


def _objects(values: list[list[object]]) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def make_features(annotations: Path, folder: Path, dim: int, random: np.random.Generator) -> tuple[int, int]:
    """One file a video and stream; returns how many snippets and bytes there are."""
    for stream in ("rgb", "flow"):
        (folder / stream).mkdir()
    truth = read_npy_package(annotations, "", ("validation", "test")).annotations
    directions = random.normal(size=(len(truth.classes), dim)).astype(np.float32) * np.sqrt(2048 / dim)
    snippets = 0
    for video in truth.videos.values():
        length = GRID.count(video.duration)
        rows = random.standard_normal((length, dim), dtype=np.float32)
        for number, segment in enumerate(video.segments):
            inside = GRID.inside([(segment.start, segment.end)], length)
            rows[inside] += (STRONG, WEAK)[number % 2] * directions[truth.classes.index(segment.label)]
        np.save(folder / "rgb" / f"{video.name}.npy", rows[:, : dim // 2].astype(np.float16))
        np.save(folder / "flow" / f"{video.name}.npy", rows[:, dim // 2 :].astype(np.float16))
        snippets += length
    return snippets, 2 * snippets * dim


if __name__ == "__main__":
    main()
