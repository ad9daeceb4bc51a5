"""Compares AP with ActivityNet's public evaluator, of which a checkout must be at hand; needs pandas.

    git clone https://github.com/activitynet/ActivityNet
    python benchmarks/evaluator_parity.py ActivityNet

Only the three functions that compute AP are taken from the checkout: the rest is Python 2 and asks a server for a list.
Scores are distinct, because the public evaluator breaks ties by an unstable sort.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from evaluator import CLASSES, TIOUS, world

from weaktal.evaluation.ap import SegmentTable, average_precision

PublicAP = Callable[..., "np.ndarray[Any, np.dtype[np.float64]]"]


def public_ap(checkout: Path) -> PublicAP:
    """``compute_average_precision_detection`` of the checkout."""
    import pandas

    utilities = (checkout / "Evaluation" / "utils.py").read_text()
    evaluator = (checkout / "Evaluation" / "eval_detection.py").read_text()
    first, last = utilities.index("def interpolated_prec_rec"), utilities.index("def wrapper_segment_iou")
    computation = evaluator[evaluator.index("def compute_average_precision_detection") :]
    names: dict[str, Any] = {"np": np, "pd": pandas}
    exec(utilities[first:last] + computation.replace("np.float)", "float)"), names)
    function: PublicAP = names["compute_average_precision_detection"]
    return function


def difference(public: PublicAP, truth: SegmentTable, predictions: SegmentTable, classes: int) -> float:
    """The largest difference of an AP over all classes and thresholds."""
    import pandas

    def frame(table: SegmentTable, label: int) -> Any:
        rows = table.take(table.labels == label)
        columns = {"t-start": rows.spans[:, 0], "t-end": rows.spans[:, 1], "score": rows.scores}
        return pandas.DataFrame({"video-id": [f"v{number}" for number in rows.videos], **columns})

    ours = average_precision(truth, predictions, TIOUS, classes)
    worst = 0.0
    for label in np.unique(truth.labels):
        theirs = public(frame(truth, label).drop(columns="score"), frame(predictions, label), np.array(TIOUS))
        worst = max(worst, float(np.abs(ours[label] - theirs).max()))
    return worst


def small_world(rng: np.random.Generator) -> tuple[SegmentTable, SegmentTable]:
    def table(count: int) -> SegmentTable:
        start = rng.uniform(0, 20, count)
        spans = np.stack([start, start + rng.uniform(0.01, 10, count)], axis=1)
        labels, videos = rng.integers(0, 2, count), rng.integers(0, 3, count)
        return SegmentTable(spans, videos, labels, rng.permutation(count) / max(count, 1))

    return table(int(rng.integers(1, 25))), table(int(rng.integers(0, 60)))


def main() -> None:
    """Compares, prints, and fails on a difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--worlds", type=int, default=300)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", category=FutureWarning)
    public = public_ap(options.checkout)
    rng = np.random.default_rng(options.seed)
    small = max(difference(public, *small_world(rng), classes=2) for _ in range(options.worlds))
    print(f"{options.worlds} small worlds, {len(TIOUS)} tIoUs: largest difference of an AP {small:.1e}", flush=True)
    large = difference(public, *world(options.seed), classes=CLASSES)
    print(f"a world of THUMOS14's size, {CLASSES} classes, {len(TIOUS)} tIoUs: {large:.1e}")
    if max(small, large) > 1e-12:
        sys.exit("the two disagree")


if __name__ == "__main__":
    main()
