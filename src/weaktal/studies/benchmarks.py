"""What was published, to be held against, as data."""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A dataset and the figures that Ju et al. (CVPR 2023) publish on it.

    Attributes:
        title: for people.
        protocol: of scoring; also the name of the recipe and of ``weaktal import``.
        figures: mAP in percent, by tIoU.
        mean: over all thresholds of the protocol.
        train, test: videos that the published experiment trains on and is scored on.
    """

    title: str
    protocol: str
    figures: Mapping[float, float]
    mean: float
    train: int
    test: int

    @property
    def recipe(self) -> Path:
        """The file of settings."""
        return Path(str(importlib.resources.files("weaktal.studies") / "recipes" / f"{self.protocol}.yaml"))


SOURCE = "Ju et al., CVPR 2023"
BENCHMARKS: Mapping[str, Benchmark] = {
    benchmark.protocol: benchmark
    for benchmark in (
        Benchmark(
            title="THUMOS14",
            protocol="thumos14",
            figures={0.1: 73.5, 0.2: 68.8, 0.3: 61.5, 0.4: 53.8, 0.5: 42.0, 0.6: 29.4, 0.7: 16.8},
            mean=49.4,
            train=200,
            test=212,
        ),
        Benchmark(
            title="ActivityNet 1.2",
            protocol="activitynet12",
            figures={0.5: 48.3, 0.75: 29.3, 0.95: 6.1},
            mean=29.6,
            train=4819,
            test=2383,
        ),
    )
}
