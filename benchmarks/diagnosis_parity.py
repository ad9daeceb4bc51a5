"""Holds ``weaktal diagnose`` against the tool of Alwassel et al. (ECCV 2018), github.com/HumamAlwassel/DETAD.

``python benchmarks/diagnosis_parity.py CHECKOUT TRUTH.json RESULTS.json SUBSET [--thumos14]``; needs pandas.

The checkout is read and mended for today's numpy in memory: ``np.int`` and ``np.float``, and joblib, which is left out.
TRUTH has ActivityNet's layout; the traits that the tool expects beside each segment are computed from it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import types
from pathlib import Path
from typing import Any

import numpy as np

from weaktal.data.annotations import read_annotations
from weaktal.data.results import read_results
from weaktal.evaluation.detections import KINDS, diagnose_detections
from weaktal.evaluation.protocols import PLAIN, tiou_grid
from weaktal.evaluation.scoring import tables_of

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
TRAITS = {"length": "length", "coverage": "coverage", "instances": "num-instances"}


def published_tool(checkout: Path) -> types.SimpleNamespace:
    """The tool's class and the functions behind its figures, without the plotting."""
    names: dict[str, Any] = {}
    exec("import json, numpy as np, pandas as pd\nfrom collections import OrderedDict\n" + JOBLIB, names)
    for module in ("utils", "action_detector_diagnosis", *FUNCTIONS):
        text = (checkout / "src" / f"{module}.py").read_text()
        text = text.replace("np.float)", "float)").replace("np.int)", "int)")
        if module in FUNCTIONS:
            parts = text.split("\ndef ")[1:]
            text = "\n".join(f"def {part}" for part in parts if part.partition("(")[0] in FUNCTIONS[module])
        else:
            skipped = ("from utils", "from joblib")
            text = "\n".join(line for line in text.splitlines() if not line.startswith(skipped))
        exec(text, names)
    return types.SimpleNamespace(**names)


def with_traits(truth: Path, folder: Path) -> Path:
    """The annotations with length, coverage and number of instances beside each segment."""
    content = {"version": "", "taxonomy": [], **json.loads(truth.read_text())}
    for video in content["database"].values():
        labels = [found["label"] for found in video["annotations"]]
        for found in video["annotations"]:
            length = found["segment"][1] - found["segment"][0]
            traits = {"length": length, "coverage": length / video["duration"]}
            found.update(traits | {"num-instances": labels.count(found["label"])})
    file = folder / "truth.json"
    file.write_text(json.dumps(content))
    return file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("subset")
    parser.add_argument("--thumos14", action="store_true")
    given = parser.parse_args()
    tious = (0.5,) if given.thumos14 else tiou_grid("0.5:0.95:0.05")
    started = time.process_time()
    tables = tables_of(read_annotations(given.truth), read_results(given.results), PLAIN, subset=given.subset)
    ours = diagnose_detections(tables, tious, "thumos14" if given.thumos14 else "plain")
    seconds = time.process_time() - started
    bins = {
        TRAITS[trait]: (np.array([-1.0 if trait == "instances" else 0.0, *ends, np.inf]), list(ours.sensitivity[trait]))
        for trait, ends in ours.bounds.items()
    }
    bins["coverage"][0][-1] = 1.0
    tool = published_tool(given.checkout)
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        truth = with_traits(given.truth, Path(folder))

        def diagnosis(limit: int | None, least: float) -> Any:
            made = tool.ActionDetectorDiagnosis(
                ground_truth_filename=truth, prediction_filename=given.results, tiou_thresholds=list(tious),
                limit_factor=limit, subset=given.subset, load_extra_annotations=True, normalize_ap=True,
                characteristic_names_to_bins=bins, minimum_normalized_precision_threshold_for_detection=least,
            )  # fmt: skip
            made.evaluate()
            return made

        positives = diagnosis(10, 0.0)
        positives.diagnose()
        _, _, slices = tool.split_predictions_by_score_ranges(positives, 10)
        sensitivity, misses = diagnosis(None, 0.0), diagnosis(None, 0.05)
    theirs = {trait: tool.compute_average_mAP_N_for_characteristic(sensitivity, name) for trait, name in TRAITS.items()}
    missed = {trait: tool.fn_distribution_by_characteristic(misses, name)["avg"] for trait, name in TRAITS.items()}
    tools_seconds = time.process_time() - started
    codes = list(positives.fp_error_types_legned)
    gaps = {
        "shares": [
            abs((share or 0.0) - slices[k]["avg"][codes[number]])
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
