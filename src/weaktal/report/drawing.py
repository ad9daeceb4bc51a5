"""Lanes on a video's time axis as SVG: segments and score curves.

Every lane is as wide as its column, whatever that is: x runs from 0 to :data:`SPAN` over the video, stretched by the
browser, so a lane holds no text (it would be stretched too) and strokes keep their width by ``non-scaling-stroke``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from weaktal.report.content import Curves
from weaktal.report.markup import Markup, element, number
from weaktal.segments import Segment

SPAN = 1000.0  # x of the video's end
ROW = 16  # pixels of a row of segments
CURVE = 64  # pixels of a lane of curves
MOST = 300  # predicted segments of a lane
COLORS = 16  # --c0 to --c15 of page.css; of more classes some share one


def position(seconds: float, duration: float) -> float:
    """x of a moment."""
    return SPAN * min(max(seconds / duration, 0.0), 1.0)


def color(label: str, classes: Sequence[str]) -> str:
    """CSS class of a class's color: the same in every figure of a report."""
    return f"c{list(classes).index(label) % COLORS}" if label in classes else "c-other"


def segment_lane(
    segments: Sequence[Segment],
    rows: Sequence[str],
    classes: Sequence[str],
    duration: float,
    *,
    title: str,
    truth: bool = False,
) -> Markup:
    """Segments as bars, a row a class.

    Args:
        segments: what to draw; a stronger one is more opaque, measured by the strongest.
        rows: the classes, top down; segments of others are left out.
        classes: of the report, for the colors.
        duration: seconds of the video.
        title: what the lane shows, for those who cannot see it.
        truth: whether these are annotations, which have no score.
    """
    strongest = max((s.score for s in segments), default=1.0)
    bars = []
    for segment in sorted(segments, key=lambda s: s.score):  # the strongest lie on top
        if segment.label not in rows:
            continue
        start, end = position(segment.start, duration), position(segment.end, duration)
        share = 1.0 if truth or strongest <= 0 else max(0.0, segment.score / strongest)
        said = f"{segment.label}, {segment.start:.2f} to {segment.end:.2f} s"
        bars.append(
            element(
                "rect",
                element("title", said if truth else f"{said}, score {segment.score:.3f}"),
                class_=f"bar {color(segment.label, classes)}",
                x=start,
                y=ROW * list(rows).index(segment.label) + 2,
                width=max(end - start, 1.5),  # a moment stays visible
                height=ROW - 4,
                fill_opacity=0.25 + 0.75 * share,
            )
        )
    return _lane(ROW * max(1, len(rows)), title, *bars)


def curve_lane(
    curves: Curves, truth: Sequence[Segment], classes: Sequence[str], duration: float, *, top: float, title: str
) -> Markup:
    """Score curves over time, with the truth shaded behind them.

    Args:
        curves: at least one snippet.
        truth: annotated segments; those of classes without a curve are left out.
        classes: of the report, for the colors.
        duration: seconds of the video.
        top: the score at the upper edge; 0 is the lower one.
        title: what the lane shows.
    """
    shades = [
        element(
            "rect",
            class_=f"shade {color(s.label, classes)}",
            x=position(s.start, duration),
            y=0,
            width=position(s.end, duration) - position(s.start, duration),
            height=CURVE,
        )
        for s in truth
        if s.label in curves.values
    ]
    lines = [
        element("path", class_=f"curve {color(label, classes)}", d=_path(curves, label, duration, top))
        for label in curves.values
    ]
    return _lane(CURVE, title, *shades, *lines)


def _path(curves: Curves, label: str, duration: float, top: float) -> str:
    points = [
        f"{number(position(t, duration))} {number(CURVE - 1 - (CURVE - 2) * min(max(value / top, 0.0), 1.0))}"
        for t, value in zip(curves.times.tolist(), curves.values[label].tolist(), strict=True)
    ]
    return "M" + "L".join(points)


def _lane(height: float, title: str, *children: Markup) -> Markup:
    return element(
        "svg",
        *children,
        class_="lane",
        viewBox=f"0 0 {number(SPAN)} {number(height)}",
        height=height,
        preserveAspectRatio="none",
        role="img",
        aria_label=title,
    )


def top_of(curves: Curves) -> float:
    """A round score at or above all of the curves: 1, 0.5, 0.2, 0.1, ...; 1 where all are 0."""
    highest = max((float(values.max()) for values in curves.values.values()), default=0.0)
    return _round_up(highest) if highest > 0 else 1.0


def ticks(duration: float, most: int = 10) -> list[float]:
    """Round moments from 0 to ``duration``, at most ``most`` steps."""
    step = _round_up(duration / most)
    if step > 10:  # minutes and their parts are round, hundreds of seconds are not
        step = next((s for s in (15, 20, 30, 60, 120, 300, 600) if s >= duration / most), 600 * math.ceil(step / 600))
    return [index * step for index in range(int(duration / step + 1e-9) + 1)]


def clock(seconds: float, duration: float) -> str:
    """A moment as an axis names it: ``7 s``, or ``2:05`` in videos of more than two minutes."""
    if duration <= 120:
        return f"{seconds:g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _round_up(value: float) -> float:
    scale = 10.0 ** math.floor(math.log10(value))
    return next(float(number_ * scale) for number_ in (1, 2, 5, 10) if number_ * scale >= value * (1 - 1e-9))


def prominent(segments: Sequence[Segment], *, share: float = 0.2, most: int = MOST) -> list[Segment]:
    """The segments worth drawing, by falling score.

    Predictions hold many readings of the same action. Of each class those are kept that overlap no kept one of the same
    class and reach ``share`` of the video's highest score (any does where that is not above 0), ``most`` in all.
    """
    kept: list[Segment] = []
    strongest = max((s.score for s in segments), default=0.0)
    least = share * strongest if strongest > 0 else -math.inf
    for segment in sorted(segments, key=lambda s: (-s.score, s.start, s.end, s.label)):
        if len(kept) == most or segment.score < least:
            break
        others = (other for other in kept if other.label == segment.label)
        if all(segment.end <= other.start or other.end <= segment.start for other in others):
            kept.append(segment)
    return kept


def rows_of(truth: Sequence[Segment], drawn: Mapping[str, Sequence[Segment]], most: int = 6) -> list[str]:
    """The classes of a figure, top down: those of the truth, then others by their highest score, ``most`` in all."""
    rows = list(dict.fromkeys(s.label for s in sorted(truth, key=lambda s: (s.start, s.label))))
    others: dict[str, float] = {}
    for segments in drawn.values():
        for segment in segments:
            if segment.label not in rows:
                others[segment.label] = max(others.get(segment.label, 0.0), segment.score)
    return rows + sorted(others, key=lambda label: (-others[label], label))[: max(0, most - len(rows))]
