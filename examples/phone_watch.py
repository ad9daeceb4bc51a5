#!/usr/bin/env python
"""Makes a dataset of real untrimmed recordings: what a phone and a watch feel while somebody stands up, walks, turns.

    python examples/phone_watch.py RECORDINGS DATASET [--fold 1] [--seconds 2.5-5] [--background seated]

RECORDINGS is the DATA folder of the recordings of Matey-Sanz et al. (Data in Brief 2023, doi
10.1016/j.dib.2023.109809, CC BY 4.0): PERSON/PERSON_NN_sp.csv and ..._sw.csv, phone and watch at once, a label for
every sample. A recording is short and holds all five activities, so it is cut into pieces whose tags differ: pieces of
6 to 14 seconds hold all five for the most part, and then tags say nothing. Every sample is labelled; where --background
names an activity, nobody looks for it, and it becomes what lies between the others.

Folds have different people for testing: 1 has s04 to s07, 2 has s08 to s11, 3 has s12 to s15, each with the other eight
of these for training. Fold 0 is for choosing settings: s01 and s02 for training, s03 for testing, who are in no other.

DATASET/features/sensors holds statistics of windows of 0.64 s every 0.16 s, the streams `phone` and `watch`,
standardized by the training videos; sensors-raw the same in m/s² and rad/s. features/nothing holds random vectors and
random class vectors, for `weaktal ablate`, which asks for a second branch even where none of its rows has one.
"""

from __future__ import annotations

import argparse
import csv
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from weaktal.data.annotations import Annotations, Video, write_annotations
from weaktal.data.manifest import Manifest, write_manifest
from weaktal.segments import Segment

Floats = NDArray[np.float64]
RATE, WINDOW, STRIDE = 50, 32, 8  # samples a second; samples of a snippet and between snippets
DEVICES = {"phone": "sp", "watch": "sw"}
CLASSES = ("seated", "sitting down", "standing up", "turning", "walking")
DEVELOPMENT = (("s01", "s02"), ("s03",))
PEOPLE = tuple(f"s{number:02d}" for number in range(4, 16))
NOTHING = 64  # channels


def people_of(fold: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who is trained on and who is tested on."""
    if fold == 0:
        return DEVELOPMENT
    tested = PEOPLE[4 * (fold - 1) : 4 * fold]
    return tuple(person for person in PEOPLE if person not in tested), tested


def read(path: Path) -> tuple[Floats, Floats, list[str]]:
    """Times in seconds (N,), samples (N, 6), and labels."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.reader(stream) if row][1:]
    rows = [row for row in rows if row[7] != "label"]
    times = np.array([int(row[6]) / 1000 for row in rows])
    order = np.argsort(times, kind="stable")
    samples = np.array([[float(cell) for cell in row[:6]] for row in rows])
    return times[order], samples[order], [rows[index][7].replace("_", " ").lower() for index in order]


def recording(folder: Path, name: str) -> tuple[dict[str, Floats], list[str]]:
    """Samples (T, 6) of each device on common times at 50 Hz, and the label of each time."""
    found = {device: read(folder / f"{name}_{ending}.csv") for device, ending in DEVICES.items()}
    start = max(times[0] for times, _, _ in found.values())
    stop = min(times[-1] for times, _, _ in found.values())
    times = np.arange(start, stop, 1 / RATE)
    samples = {
        device: np.column_stack([np.interp(times, at, column) for column in values.T])
        for device, (at, values, _) in found.items()
    }
    at, _, labels = found["phone"]
    nearest = np.clip(np.searchsorted(at, times, side="right") - 1, 0, len(at) - 1)
    return samples, [labels[index] for index in nearest]


def statistics_of(samples: Floats) -> Floats:
    """Mean, deviation, extremes and mean step of axes and magnitudes in each window, (T, 40)."""
    lengths = np.column_stack([np.linalg.norm(samples[:, :3], axis=1), np.linalg.norm(samples[:, 3:], axis=1)])
    both = np.hstack([samples, lengths])  # (N, 8)
    windows = np.lib.stride_tricks.sliding_window_view(both, WINDOW, axis=0)[::STRIDE]  # (T, 8, 32)
    steps = np.abs(np.diff(windows, axis=2)).mean(axis=2)
    return np.hstack([windows.mean(2), windows.std(2), windows.min(2), windows.max(2), steps])


def segments_of(labels: list[str]) -> tuple[Segment, ...]:
    """Runs of one label."""
    edges = [0, *(i for i in range(1, len(labels)) if labels[i] != labels[i - 1]), len(labels)]
    return tuple(Segment(start / RATE, stop / RATE, labels[start]) for start, stop in pairwise(edges))


def main() -> None:
    """Writes annotations and features into a new folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", type=Path)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--fold", type=int, choices=range(4), default=1)
    parser.add_argument("--seconds", default="2.5-5", help="shortest and longest piece, the last of a recording aside")
    parser.add_argument("--background", choices=CLASSES, help="an activity that is not labelled")
    given = parser.parse_args()
    shortest, longest = map(float, given.seconds.split("-"))
    classes = tuple(name for name in CLASSES if name != given.background)
    random = np.random.default_rng(given.fold)
    videos: dict[str, Video] = {}
    rows: dict[str, Floats] = {}
    for subset, people in zip(("training", "validation"), people_of(given.fold), strict=True):
        for person in people:
            for file in sorted((given.recordings / person).glob("*_sp.csv")):
                name = file.stem.removesuffix("_sp")
                samples, labels = recording(file.parent, name)
                start = 0
                while len(labels) - start >= shortest * RATE:
                    length = round(random.uniform(shortest, longest) * RATE)
                    if len(labels) - start - length < shortest * RATE:
                        length = len(labels) - start  # no rest too short for a piece of its own
                    piece = f"{name}-{start:04d}"
                    runs = segments_of(labels[start : start + length])
                    segments = tuple(run for run in runs if run.label in classes)
                    tags = tuple(sorted({segment.label for segment in segments}))
                    videos[piece] = Video(piece, subset, length / RATE, tags, segments)
                    rows[piece] = np.hstack([statistics_of(samples[d][start : start + length]) for d in DEVICES])
                    start += length
    trained = np.concatenate([rows[name] for name, video in videos.items() if video.subset == "training"])
    mean, deviation = trained.mean(axis=0), trained.std(axis=0) + 1e-6
    columns = trained.shape[1] // 2
    streams = {"phone": (0, columns), "watch": (columns, 2 * columns)}
    grid = {"fps": float(RATE), "window": WINDOW, "stride": STRIDE}
    for name, what in (("sensors-raw", "m/s² and rad/s"), ("sensors", "standardized by the training videos")):
        folder = given.dataset / "features" / name
        folder.mkdir(parents=True)
        for video, values in rows.items():
            written = values if name == "sensors-raw" else (values - mean) / deviation
            np.save(folder / f"{video}.npy", written.astype(np.float32))
        encoder = f"statistics of windows, {what}"
        write_manifest(folder, Manifest(encoder=encoder, dim=2 * columns, streams=streams, **grid))
    folder = given.dataset / "features" / "nothing"
    folder.mkdir()
    for video, values in rows.items():
        np.save(folder / f"{video}.npy", random.normal(size=(len(values), NOTHING)).astype(np.float32))
    np.save(folder / "text.npy", random.normal(size=(len(classes), NOTHING)).astype(np.float32))
    write_manifest(folder, Manifest(encoder="random vectors, which know nothing", dim=NOTHING, text="text.npy", **grid))
    write_annotations(given.dataset / "annotations.json", Annotations(classes, videos))
    print(f"{len(videos)} pieces, {sum(map(len, rows.values()))} snippets: {given.dataset}")


if __name__ == "__main__":
    main()
