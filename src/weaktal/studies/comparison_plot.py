"""The picture of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weaktal.studies.pictures import BLUE, GRAY, ROW

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Shown:
    """A method in the picture of a comparison, in percent.

    Attributes:
        name: for people.
        map: mAP by tIoU, as far as it is known.
        average: the protocol's own average; None where it is not known.
        interval: its 95 % interval, where there is one.
        seeds: the average of each seed.
        ours: whether it was scored here; published figures are grey.
    """

    name: str
    map: Mapping[float, float]
    average: float | None
    interval: tuple[float, float] | None = None
    seeds: Sequence[float] = ()
    ours: bool = True


def comparison_figure(methods: Sequence[Shown], average: str) -> Figure:
    """Left mAP by tIoU, right the average that ``average`` names, with its interval and its seeds."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, max(3.6, 1.6 + ROW * len(methods))), layout="constrained")
    left, right = figure.subplots(1, 2)
    for method in methods:
        style = {"linestyle": "-", "marker": "o"} if method.ours else {"linestyle": ":", "color": GRAY}
        if method.map:
            left.plot(list(method.map), list(method.map.values()), markersize=3, label=method.name, **style)
    left.set_xlabel("tIoU")
    left.set_ylabel("mAP, %")
    left.legend(fontsize=7)
    known = [method for method in methods if method.average is not None]
    for place, method in enumerate(known):
        mean, ends = method.average or 0.0, method.interval
        error = None if ends is None else [[max(mean - ends[0], 0)], [max(ends[1] - mean, 0)]]
        color = BLUE if method.ours else GRAY
        right.plot(method.seeds, [place] * len(method.seeds), "o", color=GRAY, markersize=3, alpha=0.6)
        right.errorbar(mean, place, xerr=error, fmt="D", color=color, markersize=5, capsize=3)
    right.set_yticks(range(len(known)), [method.name for method in known], fontsize=7)
    right.invert_yaxis()
    right.set_xlabel(f"mean mAP, tIoU {average}, %; bar: 95 % interval")
    for axes in (left, right):
        axes.grid(alpha=0.3)
    return figure
