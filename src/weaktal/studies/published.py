"""Figures that others published, read from ``published.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter


class Published(BaseModel):
    """A row of somebody's table.

    Attributes:
        benchmark: the protocol that it was scored by.
        method: its name.
        source: who says so.
        supervision: what it was trained on.
        checked: what the figures were held against; None where they were taken from the literature's comparisons.
        picked_on_test: whether the checkpoint was chosen by its score on the test set; None where it cannot be seen.
        seen_in: where that is seen, or what is seen instead; None for nothing.
        map: mAP in percent by tIoU, as far as it is known.
        means: mean mAP in percent over a range of tIoUs, such as ``0.1:0.7``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    benchmark: str
    method: str
    source: str
    supervision: str
    checked: str | None
    picked_on_test: bool | None
    seen_in: str | None
    map: Mapping[float, float] = {}
    means: Mapping[str, float] = {}

    @property
    def title(self) -> str:
        """The method with what a reader has to know of its figures."""
        unchecked = "" if self.checked else "; figures not checked"
        return f"{self.method} ({self.source}; {self.supervision}; {self.picked}{unchecked})"

    @property
    def picked(self) -> str:
        """Whether it was picked on test, in words."""
        return {True: "picked on test", False: "not picked on test", None: "picking not stated"}[self.picked_on_test]


@cache
def published(benchmark: str) -> tuple[Published, ...]:
    """The rows of a benchmark, the oldest first; none where nothing is known."""
    text = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
    rows = TypeAdapter(list[Published]).validate_python(yaml.safe_load(text))
    return tuple(row for row in rows if row.benchmark == benchmark)
