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
        picked_on_test: whether the checkpoint was chosen by its score on the test set; None where nobody says.
        map: mAP in percent by tIoU, as far as it is known.
        means: mean mAP in percent over a range of tIoUs, such as ``0.1:0.7``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    benchmark: str
    method: str
    source: str
    supervision: str
    picked_on_test: bool | None
    map: Mapping[float, float] = {}
    means: Mapping[str, float] = {}

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
