"""What a seeded training of an ablation is told, and what a reading of it tells: files between two processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Data(_Strict):
    """What every training of an ablation has in common.

    Attributes:
        dataset: its folder.
        features, vlp_features: names under ``dataset/features``.
        seconds_per_snippet: for features without a manifest.
        train_subset, subset: to train on, and to score.
        protocol: of scoring.
        tiou: thresholds.
        threshold: share of a class's maximum in the video at which misses and false alarms are counted.
    """

    dataset: Path
    features: str
    vlp_features: str
    seconds_per_snippet: float | None = None
    train_subset: str
    subset: str
    protocol: str
    tiou: tuple[float, ...]
    threshold: float = 0.5


class PendingReading(_Strict):
    """A reading: which weights, which branch, with which settings, and the file to write."""

    name: str
    after: str
    branch: str
    settings: dict[str, Any]
    out: Path


class SeededTraining(_Strict):
    """A training with one seed and the readings of it that are still to be made.

    Attributes:
        data: in common.
        settings: of the training.
        seed: of everything random.
        run: its folder.
        source: the run that it continues from, and the step that both share.
        readings: to be made.
    """

    data: Data
    settings: dict[str, Any]
    seed: int
    run: Path
    source: tuple[Path, str] | None
    readings: tuple[PendingReading, ...]


class Measured(_Strict):
    """What a reading found, and what it was read from.

    Attributes:
        reading, seed, after, branch, settings: what was read.
        tiou, map: thresholds and mAP at each, fractions of 1.
        average_map: their mean.
        ap: by class and threshold.
        misses: share of action snippets that were missed; None without any.
        false_alarms: share of background snippets that raised an alarm; None without any.
        chosen: the phase and the branch that localized, where it was left to the settings; None elsewhere.
    """

    reading: str
    seed: int
    after: str
    branch: str
    settings: dict[str, Any]
    tiou: tuple[float, ...]
    map: tuple[float, ...]
    average_map: float
    ap: dict[str, tuple[float, ...]]
    misses: float | None
    false_alarms: float | None
    chosen: str | None = None
