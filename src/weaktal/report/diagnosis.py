"""How each row of a page errs, laid out for its tables and pictures; see :mod:`weaktal.evaluation.detections`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from weaktal.evaluation.completeness import ClassCompleteness
from weaktal.evaluation.detections import KINDS, Bucket
from weaktal.report.content import Report, Shown
from weaktal.segments import Segment

# Of the stacked bars, in units of the picture.
WIDTH, LEFT, STEP = 520, 40, 24
_MARGIN = 2  # below the last bar
_LEGIBLE = 14  # width from which on a part of a bar holds its sign

SIGNS = (
    ("\N{CHECK MARK}", "hit"),
    ("2", "found twice"),
    ("A", "wrong class"),
    ("\N{LEFT RIGHT ARROW}", "badly placed"),
    ("?", "wrong class and badly placed"),
    ("\N{EMPTY SET}", "nothing is annotated there"),
)  # of the kinds, in their order
# What the buckets of a trait are bounded by: name, factor, unit.
_TRAITS = {
    "length": ("length of the action", 1, " s"),
    "coverage": ("share of its video", 100, " %"),
    "instances": ("actions of its class in the video", 1, ""),
}


def diagnosis_rows(report: Report) -> list[dict[str, Any]]:
    """For each row that was diagnosed, what the template shows of it."""
    numbers = {branch.name: number for number, branch in enumerate(report.branches)}
    videos = {video.name: video for video in report.videos}
    return [
        {
            "name": name,
            "found": found,
            "tious": ", ".join(f"{tiou:g}" for tiou in found.tious),
            "bars": _bars(found.shares),
            "box": f"0 0 {WIDTH} {STEP * len(next(iter(found.shares.values()))) + _MARGIN}",
            "costs": [
                {"sign": sign, "said": said, "percent": 100 * found.gain[kind]}
                for kind, (sign, said) in zip(KINDS, SIGNS, strict=True)
                if kind in found.gain
            ],
            "traits": [_trait(trait, buckets, found.bounds[trait]) for trait, buckets in found.sensitivity.items()],
            "classes": [_class(label, one, numbers[name], videos) for label, one in found.completeness.classes.items()],
        }
        for name, found in report.diagnosis
    ]


def _bars(shares: Mapping[str, Sequence[float]]) -> list[dict[str, Any]]:
    """A stacked bar for each depth k * G, of parts with x, width and sign."""
    depths = len(next(iter(shares.values())))
    bars = []
    for depth in range(depths):
        parts, x = [], float(LEFT)
        for number, (kind, (sign, said)) in enumerate(zip(KINDS, SIGNS, strict=True)):
            width = shares[kind][depth] * (WIDTH - LEFT)
            if width > 0:
                parts.append(
                    {
                        "kind": number,
                        "x": f"{x:.1f}",
                        "width": f"{width:.1f}",
                        "middle": f"{x + width / 2:.1f}",
                        "sign": sign if width >= _LEGIBLE else "",
                        "said": f"{said}: {shares[kind][depth]:.1%}",
                    }
                )
            x += width
        bars.append({"name": f"{depth + 1} G", "y": depth * STEP, "parts": parts})
    return bars


def _trait(trait: str, buckets: Mapping[str, Bucket], bounds: Sequence[float]) -> dict[str, Any]:
    name, factor, unit = _TRAITS[trait]
    rows = []
    for place, bucket in enumerate(buckets.values()):
        if not bucket.count:
            continue
        edge = f"{factor * bounds[min(place, len(bounds) - 1)]:g}{unit}"
        said = f"more than {edge}" if place == len(bounds) else f"up to {edge}"
        map_ = None if bucket.map is None else 100 * bucket.map
        missed = None if bucket.missed is None else 100 * bucket.missed
        rows.append({"said": said, "map": map_, "missed": missed, "count": bucket.count})
    return {"name": name, "rows": rows}


def _class(label: str, one: ClassCompleteness, row: int, videos: Mapping[str, Shown]) -> dict[str, Any]:
    return {
        "label": label,
        "incomplete": 100 * one.incomplete,
        "over": None if one.over_complete is None else 100 * one.over_complete,
        "missed": [_example(name, _most_missed(videos.get(name), row, label)) for name in one.most_missed],
        "added": [_example(name, _most_added(videos.get(name), row, label)) for name in one.most_added],
    }


def _example(name: str, address: dict[str, str] | None) -> dict[str, str]:
    """A video with the address of what to look at there; without one where it is not on the page."""
    return {"name": name, "href": "" if address is None else f"#{urlencode({'video': name, **address})}"}


def _most_missed(video: Shown | None, row: int, label: str) -> dict[str, str] | None:
    """Where the annotated segment starts of which the row's shown segments leave out the most."""
    if video is None or not video.truth:
        return None
    found = [s for s in _shown(video, row).values() if s.label == label]
    own = [s for s in video.truth if s.label == label]
    if not own:
        return {}
    worst = max(own, key=lambda s: s.duration - _covered(s, found))
    return {"t": f"{worst.start:.2f}"}


def _most_added(video: Shown | None, row: int, label: str) -> dict[str, str] | None:
    """The row's segment of which the most lies outside of annotated ones."""
    if video is None:
        return None
    own = [s for s in video.truth or () if s.label == label]
    found = {number: s for number, s in _shown(video, row).items() if s.label == label}
    if not found:
        return {}
    worst = max(found, key=lambda number: found[number].duration - _covered(found[number], own))
    return {"segment": f"{row}.{worst}"}


def _shown(video: Shown, row: int) -> dict[int, Segment]:
    found = video.found[row] if row < len(video.found) else None
    if found is None or found.segments is None:
        return {}
    return {number: found.segments[number] for number in sorted(found.final)}


def _covered(segment: Segment, others: Sequence[Segment]) -> float:
    """Seconds of a segment that lie in any of the others."""
    covered, latest = 0.0, segment.start
    for other in sorted(others, key=lambda s: s.start):
        covered += max(0.0, min(other.end, segment.end) - max(other.start, latest))
        latest = max(latest, min(other.end, segment.end))
    return covered
