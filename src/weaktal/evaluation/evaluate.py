"""``weaktal evaluate``: results against the truth of a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from weaktal.data.annotations import Annotations, read_annotations
from weaktal.data.results import Results, read_results
from weaktal.evaluation.protocols import protocol_named, tiou_grid
from weaktal.evaluation.scoring import Scores, score


def evaluate(
    annotations: str | PathLike[str] | Annotations,
    results: str | PathLike[str] | Results,
    *,
    protocol: str | None = None,
    subset: str | None = None,
    tiou: str | Sequence[float] | None = None,
) -> Scores:
    """Mean average precision of results at several tIoU thresholds.

    Average precision follows the ActivityNet detection evaluation. Predictions for videos outside the subset are
    ignored and counted in a warning.

    Args:
        annotations: a dataset, its folder, or an annotations file, with segments.
        results: what was found, or a results file.
        protocol: ``thumos14``, ``activitynet12`` or ``activitynet13``: the benchmark's subset, thresholds and ambiguous
            spans. By default the dataset's own, as its annotations say; else its test subset at tIoU 0.1 to 0.7.
        subset: score this subset instead of the protocol's.
        tiou: thresholds in place of the protocol's, in (0, 1]: numbers, or text such as ``"0.1:0.7:0.1"``.

    Raises:
        InputError: if a file is not as it should be, there is no such protocol or subset, the subset holds no segments,
            or a label of the results is no class of the annotations.
    """
    chosen = None if protocol is None else protocol_named(protocol)
    tious = None if tiou is None else tiou_grid(tiou)
    truth = annotations if isinstance(annotations, Annotations) else read_annotations(Path(annotations))
    found = results if isinstance(results, Results) else read_results(Path(results))
    return score(truth, found, chosen, subset=subset, tious=tious)
