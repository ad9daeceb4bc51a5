"""Average precision of video-level classification: how well a model tells which actions a video holds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from weaktal.arrays import Bools, Floats


def classification_ap(scores: npt.ArrayLike, labels: npt.ArrayLike) -> Floats:
    """AP of each class over the videos: precision summed over the rises in recall, without interpolation.

    Videos of equal score are ranked together, so the result does not depend on their order.

    Args:
        scores: confidence that video v holds class c, shape (V, C).
        labels: whether it does, shape (V, C).

    Returns:
        Shape (C,), NaN for a class that no video holds.

    Raises:
        ValueError: if the shapes differ or a score is not finite.
    """
    confidence, truth = np.asarray(scores, dtype=np.float64), np.asarray(labels, dtype=np.bool_)
    if confidence.ndim != 2 or confidence.shape != truth.shape:
        raise ValueError(f"scores and labels must both be (V, C), not {confidence.shape} and {truth.shape}")
    if not np.isfinite(confidence).all():
        raise ValueError("a score is not finite")
    return np.array([_class_ap(confidence[:, c], truth[:, c]) for c in range(truth.shape[1])], dtype=np.float64)


def classification_map(scores: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """Mean of :func:`classification_ap` over the classes that some video holds; NaN if there is none."""
    ap = classification_ap(scores, labels)  # (C,)
    held = ap[~np.isnan(ap)]
    return float(held.mean()) if len(held) else float("nan")


def _class_ap(scores: Floats, labels: Bools) -> float:
    positives = int(labels.sum())
    if not positives:
        return float("nan")
    order = np.argsort(-scores, kind="stable")  # (V,)
    found = np.cumsum(labels[order])
    last_of_its_score = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    found_there = found[last_of_its_score]
    precision = found_there / (last_of_its_score + 1)
    return float((precision * np.diff(found_there, prepend=0)).sum() / positives)
