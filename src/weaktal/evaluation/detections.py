"""How detections err, after Alwassel et al., "Diagnosing Error in Temporal Action Detectors" (ECCV 2018).

False positives have kinds, by the ground truth of the video that a prediction overlaps most: of the right class it is a
*double detection* if the tIoU reaches the threshold and a *localization* error if it reaches 0.1 at least; of another
class it is a *wrong label* or a *confusion*; below 0.1 it is *background*. What each kind costs is what the average
normalized mAP of the top 10 G predictions would gain without it, G being the number of ground truths of a class.

Sensitivity: the average normalized mAP when only ground truths of a length, of a coverage (share of the video) or of
videos with so many instances of the class count; and the share of them that nothing was matched to. As in the published
tool, a match counts for the misses only where normalized precision is above 0.05, and a ground truth without length, or
longer than its video, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from weaktal.arrays import Bools, Floats, Integers
from weaktal.evaluation.ap import overlapping
from weaktal.evaluation.completeness import Completeness, completeness
from weaktal.evaluation.ranking import Ranking
from weaktal.evaluation.scoring import Tables

KINDS = ("true_positive", "double_detection", "wrong_label", "localization", "confusion", "background")
LEAST = 0.1  # tIoU from which on a prediction has to do with a ground truth
DEEPEST = 10  # of the top k * G predictions that are looked at
LEAST_PRECISION = 0.05  # normalized, below which a match does not save a ground truth from being missed
NAMES = ("XS", "S", "M", "L", "XL")

# Where the buckets of a trait end, by protocol; each end belongs to the bucket before it.
_BOUNDS = {"length": (30.0, 60.0, 120.0, 180.0), "coverage": (0.2, 0.4, 0.6, 0.8), "instances": (1.0, 4.0, 8.0)}
_THUMOS14 = {"length": (3.0, 6.0, 12.0, 18.0), "coverage": (0.02, 0.04, 0.06, 0.08), "instances": (1.0, 40.0, 80.0)}


@dataclass(frozen=True, slots=True)
class Bucket:
    """Ground truths of one kind.

    Attributes:
        map: average mAP_N over classes and thresholds when only these count; None without any.
        missed: share of them that nothing was matched to, mean over the thresholds; None without any.
        count: how many.
    """

    map: float | None
    missed: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Detections:
    """How the detections of one results file err.

    Attributes:
        protocol, subset: that were scored.
        tious: thresholds, shape (K,); what follows is the mean over them.
        average_map: mean AP over classes and thresholds.
        normalized_map: the same with normalized precision, mAP_N.
        shares: by kind, its share of the top k * G predictions for k = 1 to 10.
        slices: by kind, its share of those between (k - 1) * G and k * G, as the published tool draws them; None where
            there are none.
        gain: by kind of false positive, what the average mAP_N of the top 10 G predictions would gain without it.
        sensitivity: by trait and bucket.
        bounds: where the buckets of each trait end.
        completeness: which classes are found too short or too long.
        warnings: what was ignored or looks wrong.
    """

    protocol: str
    subset: str
    tious: tuple[float, ...]
    average_map: float
    normalized_map: float
    shares: Mapping[str, tuple[float, ...]]
    slices: Mapping[str, tuple[float | None, ...]]
    gain: Mapping[str, float]
    sensitivity: Mapping[str, Mapping[str, Bucket]]
    bounds: Mapping[str, tuple[float, ...]]
    completeness: Completeness
    warnings: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The object that ``weaktal diagnose --json`` writes."""
        return {
            "protocol": self.protocol,
            "subset": self.subset,
            "tiou": list(self.tious),
            "average_map": self.average_map,
            "average_map_n": self.normalized_map,
            "false_positives": {kind: list(shares) for kind, shares in self.shares.items()},
            "false_positives_by_slice": {kind: list(shares) for kind, shares in self.slices.items()},
            "gain": dict(self.gain),
            "sensitivity": {
                trait: {
                    name: {"map": bucket.map, "missed": bucket.missed, "count": bucket.count}
                    for name, bucket in buckets.items()
                }
                for trait, buckets in self.sensitivity.items()
            },
            "bounds": {trait: list(bounds) for trait, bounds in self.bounds.items()},
            "completeness": self.completeness.as_json(),
            "warnings": list(self.warnings),
        }


def diagnose_detections(tables: Tables, tious: tuple[float, ...], protocol: str) -> Detections:
    """The whole diagnosis of one results file.

    Args:
        tables: truth and predictions.
        tious: thresholds, shape (K,).
        protocol: its name; THUMOS14 has buckets of its own, for its actions are short.
    """
    tables = replace(tables, truth=tables.truth.take(_usable(tables)))
    classes = len(tables.classes)
    ranking = Ranking.of(tables.truth, tables.predictions, tious, classes)
    kinds = false_positive_kinds(ranking, tious)  # (K, N)
    counts = _counts(kinds, ranking.depth)  # (kinds, 10)
    average = len(ranking.truth) / classes
    precision = ranking.average_precision()
    bounds = _THUMOS14 if protocol == "thumos14" else _BOUNDS
    return Detections(
        protocol=protocol,
        subset=tables.subset,
        tious=tious,
        average_map=_mean(precision),
        normalized_map=_mean(ranking.normalized_precision(average)),
        shares=dict(zip(KINDS, (tuple(row) for row in _shares(counts.cumsum(axis=1)).tolist()), strict=True)),
        slices={
            kind: tuple(None if np.isnan(share) else share for share in row)
            for kind, row in zip(KINDS, _shares(counts, empty=np.nan).tolist(), strict=True)
        },
        gain=_gains(ranking, kinds, average),
        sensitivity=_sensitivity(ranking, tables, average, bounds),
        bounds=bounds,
        completeness=completeness(tables),
        warnings=tables.remarks(precision, tious),
    )


def false_positive_kinds(ranking: Ranking, tious: tuple[float, ...]) -> Integers:
    """Places in :data:`KINDS` of each prediction at each threshold, shape (K, N)."""
    everywhere = [replace(table, labels=np.zeros_like(table.labels)) for table in (ranking.truth, ranking.ranked)]
    pairs = overlapping(everywhere[0], everywhere[1], min(LEAST, *tious))
    prediction, first = np.unique(pairs.prediction, return_index=True)  # the pair of the highest tIoU
    best = np.zeros(len(ranking.ranked))
    best[prediction] = pairs.overlap[first]
    right = np.zeros(len(ranking.ranked), dtype=np.bool_)
    right[prediction] = ranking.truth.labels[pairs.truth[first]] == ranking.ranked.labels[prediction]
    near = np.where(right, KINDS.index("localization"), KINDS.index("confusion"))
    there = np.where(right, KINDS.index("double_detection"), KINDS.index("wrong_label"))
    apart = np.where(best >= LEAST, near, KINDS.index("background"))
    kinds = np.stack([np.where(best >= tiou, there, apart) for tiou in tious])
    kinds[ranking.match >= 0] = KINDS.index("true_positive")
    return kinds


def _usable(tables: Tables) -> Bools:
    """Ground truths that have a length and lie within their video's, shape (M,)."""
    lengths = tables.truth.spans[:, 1] - tables.truth.spans[:, 0]
    durations = np.array([video.duration for video in tables.videos])
    return np.asarray((lengths > 0) & (lengths <= durations[tables.truth.videos]), dtype=np.bool_)


def _mean(ap: Floats) -> float:
    """Over the classes that have ground truth, and the thresholds."""
    kept = ap[~np.isnan(ap).any(axis=1)]
    return float(kept.mean()) if kept.size else 0.0


def _counts(kinds: Integers, depth: Integers) -> Integers:
    """Predictions of each kind between the top (k - 1) * G and the top k * G, over all thresholds, (kinds, 10)."""
    near = depth <= DEEPEST
    entry = kinds[:, near] * DEEPEST + depth[near] - 1
    return np.bincount(entry.ravel(), minlength=len(KINDS) * DEEPEST).reshape(len(KINDS), DEEPEST)


def _shares(counts: Integers, empty: float = 0.0) -> Floats:
    total = np.broadcast_to(counts.sum(axis=0), counts.shape)
    shares: Floats = np.divide(counts, total, out=np.full(counts.shape, empty), where=total > 0)
    return shares


def _gains(ranking: Ranking, kinds: Integers, average: float) -> dict[str, float]:
    top = ranking.depth <= DEEPEST
    before = _mean(ranking.normalized_precision(average, keep=top))
    return {
        kind: _mean(ranking.normalized_precision(average, keep=top & (kinds != number))) - before
        for number, kind in enumerate(KINDS)
        if number
    }


def _sensitivity(
    ranking: Ranking, tables: Tables, average: float, bounds: Mapping[str, tuple[float, ...]]
) -> dict[str, dict[str, Bucket]]:
    truth = ranking.truth
    lengths = truth.spans[:, 1] - truth.spans[:, 0]
    durations = np.array([video.duration for video in tables.videos])[truth.videos]
    pair = truth.videos * len(tables.classes) + truth.labels
    traits = {"length": lengths, "coverage": lengths / durations, "instances": np.bincount(pair)[pair].astype(float)}
    found = _found(ranking, average)  # (K, M)
    result: dict[str, dict[str, Bucket]] = {}
    for trait, values in traits.items():
        bucket = np.searchsorted(bounds[trait], values)  # (M,), each bound with the values below it
        of_match = np.append(bucket, -1)[ranking.match]  # (K, N), -1 where nothing was matched
        result[trait] = {}
        for number in range(len(bounds[trait]) + 1):
            inside = bucket == number
            keep = ((of_match == -1) | (of_match == number)).all(axis=0)  # (N,)
            there = bool(inside.any())
            result[trait][NAMES[number]] = Bucket(
                map=_mean(ranking.normalized_precision(average, keep, inside)) if there else None,
                missed=float((~found[:, inside]).mean()) if there else None,
                count=int(inside.sum()),
            )
    return result


def _found(ranking: Ranking, average: float) -> Bools:
    """Ground truths with a match at a normalized precision that somebody would look at, shape (K, M)."""
    found = np.zeros((len(ranking.match), len(ranking.truth)), dtype=np.bool_)
    positives = ranking.positives
    first = np.searchsorted(ranking.ranked.labels, np.arange(ranking.classes))  # (C,)
    for level, match in enumerate(ranking.match):
        hits = np.flatnonzero(match >= 0)
        labels = ranking.ranked.labels[hits]
        order = np.arange(len(hits)) - np.searchsorted(labels, np.arange(ranking.classes))[labels] + 1
        alarms = hits - first[labels] + 1 - order
        scaled = order * average / positives[labels]
        found[level, match[hits[scaled / (scaled + alarms) > LEAST_PRECISION]]] = True
    return found
