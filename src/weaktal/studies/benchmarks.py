"""What was published, to be held against, as data."""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from weaktal.studies.published import published


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
    def paper_preset(self) -> str:
        """The preset of ``collab`` that holds the paper as written for this dataset."""
        return "paper" if self.protocol == "thumos14" else "paper-activitynet"

    @property
    def recipe(self) -> Path:
        """The file of settings that the experiment has over either preset."""
        return Path(str(importlib.resources.files("weaktal.studies") / "recipes" / f"{self.protocol}.yaml"))


SOURCE = "Ju et al., CVPR 2023"


def _benchmark(title: str, protocol: str, *, train: int, test: int) -> Benchmark:
    row = next(row for row in published(protocol) if row.source == SOURCE)
    return Benchmark(title, protocol, row.map, next(iter(row.means.values())), train, test)


BENCHMARKS: Mapping[str, Benchmark] = {
    benchmark.protocol: benchmark
    for benchmark in (
        _benchmark("THUMOS14", "thumos14", train=200, test=212),
        _benchmark("ActivityNet 1.2", "activitynet12", train=4819, test=2383),
    )
}
