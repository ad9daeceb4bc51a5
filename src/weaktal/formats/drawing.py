"""A timeline of segments as a piece of HTML, for notebooks: a row a label, more opaque = more confident."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from weaktal.segments import Segment

MOST_VIDEOS = 20  # that are drawn; a notebook is no place for hundreds
MOST_SEGMENTS = 12  # of a video, the surest ones: what is below hides what is above
# Told apart by colour-blind people too; labels beyond the eighth begin again, and every row has its name.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f3c8d", "#666666")


def timeline(videos: Mapping[str, Sequence[Segment]], durations: Mapping[str, float]) -> str:
    """The first videos as HTML that loads nothing and runs nothing.

    Args:
        videos: segments by video, the surest first.
        durations: seconds by video; without one the axis ends with the last segment.
    """
    drawn = [_video(name, found, durations.get(name)) for name, found in list(videos.items())[:MOST_VIDEOS]]
    more = len(videos) - MOST_VIDEOS
    if more > 0:
        drawn.append(f"<p>and {more:,} more videos</p>")
    return f'<div style="font: 13px sans-serif; max-width: 60em">{"".join(drawn)}</div>'


def _video(name: str, segments: Sequence[Segment], duration: float | None) -> str:
    shown = sorted(segments, key=lambda segment: -segment.score)[:MOST_SEGMENTS]
    length = duration or max((segment.end for segment in shown), default=0.0)
    head = f"<b>{html.escape(name)}</b> {length:.1f} s, {len(segments):,} segments"
    if len(shown) < len(segments):
        head += f", the surest {len(shown)} shown"
    labels = list(dict.fromkeys(segment.label for segment in shown))
    rows = [
        _row(label, [s for s in shown if s.label == label], length, _COLOURS[index % len(_COLOURS)])
        for index, label in enumerate(labels)
    ]
    return f'<div style="margin: .8em 0">{head}{"".join(rows)}</div>'


def _row(label: str, segments: Sequence[Segment], length: float, colour: str) -> str:
    best = max(segment.score for segment in segments)
    longest_first = sorted(segments, key=lambda segment: -segment.duration)  # so that none is hidden
    bars = "".join(_bar(s, length, colour, s.score / best if best > 0 else 1.0) for s in longest_first)
    track = "position: relative; flex: 1; height: 1.2em; background: rgba(127,127,127,.15)"
    name = f'<span style="width: 12em; overflow: hidden; white-space: nowrap">{html.escape(label)}</span>'
    return f'<div style="display: flex; margin: 2px 0">{name}<span style="{track}">{bars}</span></div>'


def _bar(segment: Segment, length: float, colour: str, share: float) -> str:
    scale = 100 / length if length > 0 else 0.0
    left, width = min(segment.start * scale, 100), min((segment.end - segment.start) * scale, 100)
    place = f"position: absolute; height: 100%; left: {left:.2f}%; width: {max(width, 0.2):.2f}%"
    title = html.escape(f"{segment.label} {segment.start:.2f} to {segment.end:.2f} s, score {segment.score:.3f}")
    opacity = 0.25 + 0.75 * max(0.0, min(share, 1.0))
    look = f"background: {colour}; box-shadow: inset 0 0 0 1px #fff9; opacity: {opacity:.2f}"
    return f'<span title="{title}" style="{place}; {look}"></span>'
