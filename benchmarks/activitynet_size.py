"""Scoring, diagnosis and comparison at the size of ActivityNet 1.3: 4,728 videos, 200 classes, a million predictions.

    python benchmarks/activitynet_size.py [--dataset DATASET] [--predictions 1000000] [--keep FOLDER]

The validation set is DATASET's, as `weaktal import activitynet13` makes it, or made up. Predictions are its segments
moved about and others anywhere (seeded). Each command runs in a process of its own: time on the clock and on the
processor, and the largest resident memory. `compare` gets two results files. Last, what a resampling of the
videos costs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from weaktal.data.annotations import Annotations, Video, read_annotations, write_annotations
from weaktal.data.results import read_results
from weaktal.evaluation.protocols import PROTOCOLS, tiou_grid
from weaktal.evaluation.ranking import Ranking, Weighing
from weaktal.evaluation.scoring import tables_of
from weaktal.segments import Segment
from weaktal.studies.bootstrap import video_weights

VIDEOS, CLASSES, PER_VIDEO = 4728, 200, 1.54
COMMANDS = {
    "evaluate": ["evaluate", "{data}", "{one}", "--protocol", "activitynet13", "--json", "-"],
    "diagnose": ["diagnose", "{data}", "{one}", "--protocol", "activitynet13", "--json", "-"],
    "compare": ["compare", "{one}", "{two}", "--dataset", "{data}", "--protocol", "activitynet13", "--json", "-"],
}


def main() -> None:
    """Makes the files, runs the commands and prints a line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path)
    parser.add_argument("--predictions", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="where the files go; a temporary folder by default")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        files = {"data": folder / "annotations.json", "one": folder / "one.json", "two": folder / "two.json"}
        truth = read_annotations(given.dataset) if given.dataset else made_up(np.random.default_rng(0))
        videos = {name: video for name, video in truth.videos.items() if video.subset == "validation"}
        if not files["data"].exists():
            write_annotations(files["data"], Annotations(truth.classes, videos, test_subset="validation"))
        for seed, name in enumerate(("one", "two")):
            if not files[name].exists():
                write_predictions(files[name], list(videos.values()), truth.classes, given.predictions, seed)
        segments = sum(len(video.segments) for video in videos.values())
        size = files["one"].stat().st_size / 2**20
        print(
            f"{len(videos):,} videos, {segments:,} segments, {given.predictions:,} predictions, {size:.0f} MiB a file"
        )
        for name, words in COMMANDS.items():
            measure(name, [word.format(**files) for word in words])
        resampling(files["data"], files["one"])


def made_up(random: np.random.Generator) -> Annotations:
    """A validation set of ActivityNet 1.3's size."""
    classes = tuple(f"class {number:03d}" for number in range(CLASSES))
    videos = {}
    for number in range(VIDEOS):
        label, duration = classes[int(random.integers(CLASSES))], float(random.uniform(20, 230))
        starts = np.sort(random.random(1 + int(random.poisson(PER_VIDEO - 1)))) * duration * 0.8
        found = tuple(Segment(float(s), float(min(s + random.gamma(2, duration / 8), duration)), label) for s in starts)
        videos[f"v_{number:05d}"] = Video(f"v_{number:05d}", "validation", duration, (label,), found)
    return Annotations(classes, videos)


def write_predictions(file: Path, videos: list[Video], classes: tuple[str, ...], count: int, seed: int) -> None:
    """As many predictions a video as make ``count`` of all; a third of them near a segment."""
    random = np.random.default_rng([1, seed])
    results = {}
    shares = np.diff(np.linspace(0, count, len(videos) + 1).astype(int))
    for video, number in zip(videos, shares, strict=True):
        spans = np.sort(random.random((number, 2)) * video.duration, axis=1)
        labels = random.choice(classes, number)
        near = np.flatnonzero(random.random(number) < 1 / 3) if video.segments else np.zeros(0, int)
        for place in near:
            segment = video.segments[int(random.integers(len(video.segments)))]
            moved = random.normal(0, 0.3, 2) * (segment.end - segment.start) + (segment.start, segment.end)
            spans[place] = np.sort(np.clip(moved, 0, video.duration))
            labels[place] = segment.label
        scores = random.random(number)
        scores[near] **= 0.5
        order = np.argsort(-scores)
        results[video.name] = [
            {"label": str(labels[n]), "segment": spans[n].round(3).tolist(), "score": round(float(scores[n]), 6)}
            for n in order
            if spans[n, 1] - spans[n, 0] > 0.002
        ]
    file.write_text(json.dumps({"version": "1", "external_data": {}, "results": results}))


def measure(name: str, words: list[str]) -> None:
    """Runs a command in a process of its own."""
    started = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-m", "weaktal", *words], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        sys.exit(f"{name} failed")
    print(
        f"{name}: {seconds:.1f} s, {used.ru_utime + used.ru_stime:.1f} s of processor, {used.ru_maxrss / 2**10:.0f} MiB"
    )


def resampling(data: Path, results: Path, repeats: int = 50) -> None:
    """Times AP under one weighting of the videos, at the thresholds that `compare` scores."""
    protocol = PROTOCOLS["activitynet13"]
    tables = tables_of(read_annotations(data), read_results(results), protocol, subset="validation")
    thresholds = sorted({*protocol.tious, *tiou_grid("0.1:0.7:0.1")})
    weighing = Weighing(Ranking.of(tables.truth, tables.predictions, thresholds, len(tables.classes)))
    weights = video_weights(len(tables.videos), repeats)
    started = time.process_time()
    for _ in weighing.each(weights):
        pass
    milliseconds = 1000 * (time.process_time() - started) / repeats
    print(f"a resampling at {len(thresholds)} thresholds: {milliseconds:.1f} ms of processor")


if __name__ == "__main__":
    main()
