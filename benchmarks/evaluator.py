"""How fast scoring is: 42,000 predictions over a test set of THUMOS14's size, at seven tIoU thresholds.

The world is made up (seeded): 212 videos, 3,358 segments, 20 classes. The baseline is the definition written down as
plain Python loops; both must agree, or the benchmark fails. Run it with ``python benchmarks/evaluator.py``.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np

from weaktal.data.annotations import Annotations, Video, write_annotations
from weaktal.data.results import Results, write_results
from weaktal.evaluation.ap import SegmentTable, average_precision
from weaktal.evaluation.protocols import PROTOCOLS
from weaktal.segments import Segment

VIDEOS, TRUTHS, PREDICTIONS, CLASSES = 212, 3358, 42_000, 20
TIOUS = PROTOCOLS["thumos14"].tious


def world(seed: int) -> tuple[SegmentTable, SegmentTable]:
    """Ground truth and predictions, 60 % of them near a ground truth, the others anywhere in their video."""
    rng = np.random.default_rng(seed)
    durations = rng.uniform(60, 400, VIDEOS)
    classes = rng.integers(0, CLASSES, VIDEOS)  # one class a video, as almost everywhere in THUMOS14
    videos = rng.integers(0, VIDEOS, TRUTHS)
    starts = rng.uniform(0, 0.97, TRUTHS) * durations[videos]
    spans = np.stack([starts, starts + rng.gamma(2.0, 2.3, TRUTHS)], axis=1)
    truth = SegmentTable(spans, videos, classes[videos], np.ones(TRUTHS))

    source = rng.integers(0, TRUTHS, PREDICTIONS)
    lengths = (spans[:, 1] - spans[:, 0])[source]
    near = spans[source] + rng.normal(0, 0.3, (PREDICTIONS, 2)) * lengths[:, None]
    start = rng.uniform(0, 1, PREDICTIONS) * durations[videos[source]]
    anywhere = np.stack([start, start + rng.gamma(2.0, 2.3, PREDICTIONS)], axis=1)
    hit = rng.random(PREDICTIONS) < 0.6
    found = np.sort(np.maximum(np.where(hit[:, None], near, anywhere), 0.0), axis=1)
    labels = np.where(rng.random(PREDICTIONS) < 0.9, classes[videos[source]], rng.integers(0, CLASSES, PREDICTIONS))
    scores = rng.random(PREDICTIONS) ** np.where(hit, 0.5, 1.0)
    return truth, SegmentTable(found, videos[source], labels, scores)


def plain_ap(truth: SegmentTable, predictions: SegmentTable, tious: tuple[float, ...]) -> list[list[float]]:
    """The definition as loops: per class and threshold, each prediction against every ground truth of its video."""
    result = []
    for label in range(CLASSES):
        gts = [(int(v), s, e) for (s, e), v, c in rows(truth) if c == label]
        found = [(v, s, e, score) for ((s, e), v, c), score in zip(rows(predictions), predictions.scores) if c == label]  # noqa: B905
        found.sort(key=lambda row: -row[3])
        by_video: dict[int, list[tuple[int, float, float]]] = {}
        for number, (video, start, end) in enumerate(gts):
            by_video.setdefault(video, []).append((number, start, end))
        result.append([class_ap(found, by_video, len(gts), threshold) for threshold in tious])
    return result


def rows(table: SegmentTable) -> list[tuple[list[float], int, int]]:
    return list(zip(table.spans.tolist(), table.videos.tolist(), table.labels.tolist(), strict=True))


def class_ap(
    found: list[tuple[int, float, float, float]],
    by_video: dict[int, list[tuple[int, float, float]]],
    positives: int,
    threshold: float,
) -> float:
    taken: set[int] = set()
    precisions, hits = [], []
    for rank, (video, start, end, _) in enumerate(found, start=1):
        best, chosen = 0.0, -1
        for number, gt_start, gt_end in by_video.get(video, ()):
            shared = min(end, gt_end) - max(start, gt_start)
            if number not in taken and shared > 0:
                overlap = shared / ((end - start) + (gt_end - gt_start) - shared)
                if overlap > best:
                    best, chosen = overlap, number
        hits.append(best >= threshold)
        if hits[-1]:
            taken.add(chosen)
        precisions.append(len(taken) / rank)
    for rank in range(len(precisions) - 2, -1, -1):
        precisions[rank] = max(precisions[rank], precisions[rank + 1])
    return sum(precision for precision, hit in zip(precisions, hits, strict=True) if hit) / positives


def write_world(folder: Path, truth: SegmentTable, predictions: SegmentTable) -> tuple[Path, Path]:
    """The world as the files that the command reads."""

    def segments(table: SegmentTable) -> dict[str, list[Segment]]:
        by_video: dict[str, list[Segment]] = {f"video_{v:04d}": [] for v in range(VIDEOS)}
        for ((start, end), video, label), score in zip(rows(table), table.scores.tolist(), strict=True):
            by_video[f"video_{video:04d}"].append(Segment(start, end, f"class {label}", score))
        return by_video

    videos = {
        name: Video(name, "test", 1000.0, tuple(sorted({s.label for s in found})), tuple(found))
        for name, found in segments(truth).items()
    }
    classes = tuple(f"class {c}" for c in range(CLASSES))
    write_annotations(folder / "annotations.json", Annotations(classes, videos, test_subset="test"))
    write_results(folder / "results.json", Results(segments(predictions)))
    return folder / "annotations.json", folder / "results.json"


def command_seconds(annotations: Path, results: Path) -> tuple[float, float]:
    """Time on the clock and on the processor of the whole command, in a process of its own."""
    arguments = ["evaluate", str(annotations), str(results), "--protocol", "thumos14", "--json", "-"]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-m", "weaktal", *arguments], check=True, stdout=subprocess.DEVNULL)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measures, compares and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeat", type=int, default=7)
    options = parser.parse_args()
    truth, predictions = world(options.seed)

    ours, processor = [], []
    for _ in range(options.repeat):
        start, busy = time.perf_counter(), time.process_time()
        ap = average_precision(truth, predictions, TIOUS, CLASSES)
        ours.append(time.perf_counter() - start)
        processor.append(time.process_time() - busy)
    tracemalloc.start()
    average_precision(truth, predictions, TIOUS, CLASSES)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    start = time.perf_counter()
    expected = plain_ap(truth, predictions, TIOUS)
    plain = time.perf_counter() - start
    difference = float(np.abs(ap - np.array(expected)).max())
    if difference > 1e-12:
        sys.exit(f"the two disagree by {difference}")

    with tempfile.TemporaryDirectory() as folder:
        paths = write_world(Path(folder), truth, predictions)
        commands = [command_seconds(*paths) for _ in range(options.repeat)]
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024

    middle = statistics.median(ours)
    print(f"{PREDICTIONS:,} predictions, {TRUTHS:,} segments, {VIDEOS} videos, {CLASSES} classes, {len(TIOUS)} tIoUs")
    print(f"mAP {100 * float(ap.mean()):.2f} %, largest difference of an AP {difference:.1e}")
    print(
        f"AP in process: {1e3 * min(ours):.1f} ms best, {1e3 * middle:.1f} ms median of {len(ours)} "
        f"({1e3 * statistics.median(processor):.1f} ms of processor), {peak / 2**20:.0f} MiB at most"
    )
    print(f"plain loops: {1e3 * plain:.1f} ms, {plain / middle:.0f} times the median")
    walls, busy_times = zip(*commands, strict=True)
    print(
        f"the whole command: {min(walls):.2f} s best, {statistics.median(walls):.2f} s median of {len(walls)} "
        f"({statistics.median(busy_times):.2f} s of processor), {child:.0f} MiB resident at most"
    )


if __name__ == "__main__":
    main()
