"""Holds ``weaktal diagnose`` against the tool of Alwassel et al. (ECCV 2018), github.com/HumamAlwassel/DETAD.

``python benchmarks/diagnosis_parity.py CHECKOUT DATASET [--thumos14] [--videos N] [--mend]``; needs pandas.

The checkout is read and mended for today's numpy in memory: ``np.int`` and ``np.float``, and joblib, which is left out.
The traits that the tool expects beside each segment are computed from the annotations. Unless ``--results`` names a
file, the predictions are the truth of the test subset, perturbed (seeded): about two a segment, a fifth of them of
another class, and two a video anywhere.

``--mend`` mends a fault of the tool as well: of a video whose ground truths were all left out it calls the first
prediction background, and holds the others against the ground truths of the video before.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from weaktal.data.annotations import Annotations, Video, read_annotations
from weaktal.data.results import Results, read_results, write_results
from weaktal.evaluation.detections import KINDS, diagnose_detections
from weaktal.evaluation.protocols import PLAIN, tiou_grid
from weaktal.evaluation.scoring import tables_of
from weaktal.segments import Segment, by_score

JOBLIB = """
def delayed(f): return lambda **words: (f, words)
class Parallel:
    def __init__(self, n_jobs): pass
    def __call__(self, jobs): return [f(**words) for f, words in jobs]
"""
FUNCTIONS = {
    "false_positive_analysis": ("split_predictions_by_score_ranges",),
    "false_negative_analysis": ("fn_distribution_by_characteristic",),
    "sensitivity_analysis": ("compute_mAP_N", "compute_average_mAP_N_for_characteristic"),
}
FAULT = "fp_error_types_legned['Background Err']\n                current_video_id = this_pred['video-id']\n"
TRAITS = {"length": "length", "coverage": "coverage", "instances": "num-instances"}


def published_tool(checkout: Path, *, mend: bool) -> types.SimpleNamespace:
    """The tool's class and the functions behind its figures, without the plotting; ``mend`` is the option."""
    names: dict[str, Any] = {}
    exec("import json, numpy as np, pandas as pd\nfrom collections import OrderedDict\n" + JOBLIB, names)
    for module in ("utils", "action_detector_diagnosis", *FUNCTIONS):
        text = (checkout / "src" / f"{module}.py").read_text()
        text = text.replace("np.float)", "float)").replace("np.int)", "int)")
        if mend:
            text = text.replace(FAULT, FAULT.partition("\n")[0] + "\n")
        if module in FUNCTIONS:
            parts = text.split("\ndef ")[1:]
            text = "\n".join(f"def {part}" for part in parts if part.partition("(")[0] in FUNCTIONS[module])
        else:
            skipped = ("from utils", "from joblib")
            text = "\n".join(line for line in text.splitlines() if not line.startswith(skipped))
        exec(text, names)
    return types.SimpleNamespace(**names)


def perturbed(videos: list[Video], classes: tuple[str, ...], seed: int) -> Results:
    """About two predictions a segment near it, a fifth of them of another class, and two a video anywhere in it."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[Segment]] = {}
    for video in videos:
        made: list[tuple[float, float, str, float]] = []
        for segment in video.segments:
            length = max(segment.end - segment.start, 0.1)
            for _ in range(int(rng.poisson(2))):
                moved = rng.normal(0, rng.choice([0.05, 0.2, 0.6]), 2)
                start, end = np.sort(np.clip(moved * length + (segment.start, segment.end), 0, video.duration))
                label = segment.label if rng.random() < 0.8 else str(rng.choice(classes))
                made.append((start, end, label, 0.6 * rng.random() + 0.4 / (1 + np.abs(moved).sum())))
        for _ in range(int(rng.poisson(2))):
            start, end = np.sort(rng.random(2) * video.duration)
            made.append((start, end, str(rng.choice(classes)), 0.5 * rng.random()))
        found[video.name] = by_score([Segment(float(s), float(e), c, float(p)) for s, e, c, p in made if e > s])
    return Results(found)


def for_the_tool(truth: Annotations, subset: str, file: Path) -> None:
    """The annotations of a subset as the tool reads them: traits beside each segment."""
    database: dict[str, Any] = {}
    for name, video in truth.subset(subset).items():
        labels = [segment.label for segment in video.segments]
        database[name] = {
            "subset": subset,
            "duration": video.duration,
            "annotations": [
                {
                    "label": s.label,
                    "segment": [s.start, s.end],
                    "length": s.end - s.start,
                    "coverage": (s.end - s.start) / video.duration,
                    "num-instances": labels.count(s.label),
                }
                for s in video.segments
            ],
        }
    file.write_text(json.dumps({"version": "", "taxonomy": [], "database": database}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--results", type=Path, help="in place of the made-up predictions")
    parser.add_argument("--thumos14", action="store_true", help="tIoU 0.5 and the buckets of THUMOS14")
    parser.add_argument("--videos", type=int, help="of the test subset, the first by name; all by default")
    parser.add_argument("--mend", action="store_true", help="mend the tool's fault too")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    tious = (0.5,) if given.thumos14 else tiou_grid("0.5:0.95:0.05")
    truth = read_annotations(given.dataset)
    subset = truth.test_subset
    kept = dict(sorted(truth.subset(subset).items())[: given.videos])
    truth = replace(truth, videos={name: replace(video, ambiguous=()) for name, video in kept.items()})
    with tempfile.TemporaryDirectory() as folder:
        file = given.results or Path(folder) / "results.json"
        if given.results is None:
            write_results(file, perturbed(list(truth.videos.values()), truth.classes, given.seed))
        compare(given, truth, subset, file, Path(folder) / "truth.json", tious)


def compare(
    given: argparse.Namespace, truth: Annotations, subset: str, results: Path, file: Path, tious: tuple[float, ...]
) -> None:
    """Runs both and prints how far they differ and how long they took, reading the results included."""
    started = time.process_time()
    tables = tables_of(truth, read_results(results), PLAIN, subset=subset)
    ours = diagnose_detections(tables, tious, "thumos14" if given.thumos14 else "plain")
    seconds = time.process_time() - started
    print(f"{len(tables.videos)} videos, {len(tables.truth):,} ground truths, {len(tables.predictions):,} predictions")
    bins = {
        TRAITS[trait]: (np.array([-1.0 if trait == "instances" else 0.0, *ends, np.inf]), list(ours.sensitivity[trait]))
        for trait, ends in ours.bounds.items()
    }
    bins["coverage"][0][-1] = 1.0
    for_the_tool(truth, subset, file)
    tool = published_tool(given.checkout, mend=given.mend)
    started = time.process_time()

    def diagnosis(limit: int | None, least: float) -> Any:
        made = tool.ActionDetectorDiagnosis(
            ground_truth_filename=file, prediction_filename=results, tiou_thresholds=list(tious),
            limit_factor=limit, subset=subset, load_extra_annotations=True, normalize_ap=True,
            characteristic_names_to_bins=bins, minimum_normalized_precision_threshold_for_detection=least,
        )  # fmt: skip
        made.evaluate()
        return made

    positives = diagnosis(10, 0.0)
    positives.diagnose()
    _, counted, slices = tool.split_predictions_by_score_ranges(positives, 10)
    sensitivity, misses = diagnosis(None, 0.0), diagnosis(None, 0.05)
    theirs = {trait: tool.compute_average_mAP_N_for_characteristic(sensitivity, name) for trait, name in TRAITS.items()}
    missed = {trait: tool.fn_distribution_by_characteristic(misses, name)["avg"] for trait, name in TRAITS.items()}
    tools_seconds = time.process_time() - started
    codes = list(positives.fp_error_types_legned)
    counts = np.cumsum([[counted[k]["avg"][code] for code in codes] for k in range(10)], axis=0)  # (10, kinds)
    cumulative = counts / counts.sum(axis=1, keepdims=True)
    gaps = {
        "shares of the top k G": [
            abs(share - cumulative[k][number])
            for number, kind in enumerate(KINDS)
            for k, share in enumerate(ours.shares[kind])
        ],
        "shares of a slice": [
            abs(share - slices[k]["avg"][codes[number]])
            for number, kind in enumerate(KINDS)
            for k, share in enumerate(ours.slices[kind])
            if share is not None
        ],
        "gain": [
            abs(ours.gain[kind] - positives.average_mAP_gain[codes[n]])
            for n, kind in enumerate(KINDS)
            if kind in ours.gain
        ],
        "sensitivity": [
            abs(bucket.map - theirs[trait][name])
            for trait, buckets in ours.sensitivity.items()
            for name, bucket in buckets.items()
            if bucket.map is not None
        ],
        "misses": [
            abs(bucket.missed - missed[trait]["unmatched"][name])
            for trait, buckets in ours.sensitivity.items()
            for name, bucket in buckets.items()
            if bucket.missed is not None
        ],
    }
    for name, values in gaps.items():
        print(f"{name}: {len(values)} figures, largest difference {max(values):.2g}")
    print(f"processor: {seconds:.2f} s, the tool {tools_seconds:.1f} s, {tools_seconds / seconds:.0f} times as long")


if __name__ == "__main__":
    main()
