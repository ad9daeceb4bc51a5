"""A report as the data that the page's script reads: short, since a page may hold a thousand videos."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from weaktal.report.content import Curves, Found, Report, Shown
from weaktal.report.kinds import KINDS
from weaktal.report.prominent import top_of

_LEVELS = 65535  # of a curve's values, each a share of its top


def payload(report: Report, *, base: Path | None, served: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the page shows.

    Args:
        report: the page's content.
        base: folder of the page, for links to the videos beside it; None where a server gives them.
        served: what a server adds, at the top.
    """
    numbers = {label: number for number, label in enumerate(report.classes)}
    videos = [_video(video, numbers, index, base) for index, video in enumerate(report.videos)]
    kept = None if report.kept is None else report.kept.as_json()
    content = {
        "title": report.title,
        "classes": list(report.classes),
        "rows": [{"name": branch.name, "about": branch.about} for branch in report.branches],
        "kinds": list(KINDS),
        "tiou": report.tiou,
        "truth": any(video.truth is not None for video in report.videos),
        "videos": videos,
        "kept": kept,
        "kept_id": None if kept is None else _digest(kept),  # tells a page with newer corrections from the last one
    }
    # Corrections are kept under this name: the same videos with the same segments are the same page.
    told = [[video["name"], [f and f["flat"] for f in video["found"]]] for video in videos]
    return {"id": _digest(told), **content, **(served or {})}


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _video(video: Shown, numbers: Mapping[str, int], index: int, base: Path | None) -> dict[str, Any]:
    content: dict[str, Any] = {
        "name": video.name,
        "duration": video.duration,
        "fps": video.fps,
        "tags": [numbers[tag] for tag in video.tags if tag in numbers],
        "truth": None if video.truth is None else _flat([(s.start, s.end, numbers[s.label]) for s in video.truth]),
        "found": [_found(found, numbers) for found in video.found],
    }
    if video.notes:
        content["notes"] = list(video.notes)
    if video.file is not None:
        content["url"] = f"video/{index}" if base is None else link(video.file, base)
    if video.film is not None:
        source = f"data:image/jpeg;base64,{base64.b64encode(video.film.jpeg).decode('ascii')}"
        content["film"] = {"source": source, "count": video.film.count}
        if video.film.ends is not None:
            content["film"]["ends"] = video.film.ends
    return content


def link(file: Path, base: Path) -> str:
    """A video's address for a page in the folder ``base``: relative, so that both can be moved and sent together."""
    try:
        return quote(Path(os.path.relpath(file.resolve(), base.resolve())).as_posix(), safe="/")
    except ValueError:  # on another drive
        return file.resolve().as_uri()


def _found(found: Found, numbers: Mapping[str, int]) -> dict[str, Any] | None:
    if found.segments is None:
        return None
    kinds = found.kinds or [""] * len(found.segments)
    rows = [
        (s.start, s.end, numbers[s.label], s.score, KINDS.index(kind) if kind else -1, int(number in found.final))
        for number, (s, kind) in enumerate(zip(found.segments, kinds, strict=True))
    ]
    content: dict[str, Any] = {"flat": _flat(rows)}
    if found.missed:
        content["missed"] = list(found.missed)
    if found.curves is not None and found.curves.values and len(found.curves.times):
        content["curves"] = _curves(found.curves, numbers)
    return content


def _curves(curves: Curves, numbers: Mapping[str, int]) -> dict[str, Any]:
    top = top_of(curves)
    times = curves.times
    return {
        "start": round(float(times[0]), 4),
        "step": round(float(times[1] - times[0]), 6) if len(times) > 1 else 1.0,
        "top": top,
        "pooled": curves.pooled,
        "values": {
            numbers[label]: base64.b64encode(
                np.round(np.clip(values / top, 0, 1) * _LEVELS).astype("<u2").tobytes()
            ).decode("ascii")
            for label, values in curves.values.items()
        },
    }


def _flat(rows: Sequence[Sequence[float]]) -> list[float]:
    return [round(value, 4) if isinstance(value, float) else value for row in rows for value in row]
