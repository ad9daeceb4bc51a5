"""The figure of one video: pictures, truth and each branch's segments and score curves, on one time axis."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from weaktal.report.content import Found, Shown
from weaktal.report.drawing import (
    MOST,
    SPAN,
    clock,
    color,
    curve_lane,
    position,
    prominent,
    rows_of,
    segment_lane,
    ticks,
    top_of,
)
from weaktal.report.markup import Markup, data_script, element, joined, number
from weaktal.segments import Segment

_SAID = 20  # segments that a lane's description lists


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What the lanes of one figure have in common."""

    video: Shown
    end: float  # of the time axis, in seconds
    rows: Sequence[str]
    classes: Sequence[str]
    segments: Mapping[str, Sequence[Segment]]  # by branch


def video_figure(video: Shown, classes: Sequence[str], number_: int) -> Markup:
    """A video's figure.

    Args:
        video: what to show.
        classes: of the report, for the colors.
        number_: of the figure on the page, which makes its ids unique.
    """
    heading = element("h3", video.name, element("span", _about(video), class_="quiet"), id=f"video-{number_}")
    end = video.duration or _last_end(video)
    segments = {found.branch: prominent(found.segments or ()) for found in video.found}
    drawn = _Drawn(video, end, rows_of(video.truth or (), segments), classes, segments)
    content = (_figure(drawn), _numbers(drawn)) if end > 0 else (element("p", "There is nothing to draw."),)
    return element("section", heading, *content, class_="video", aria_labelledby=f"video-{number_}")


def _about(video: Shown) -> str:
    """How long a video is, and what is known to happen in it where no segment says so."""
    if video.duration is not None:
        length = f"{video.duration:.1f} s"
    elif _last_end(video) > 0:
        length = f"of unknown length; the last segment ends at {_last_end(video):.1f} s"
    else:
        length = "of unknown length, without segments"
    return f"{length}; tags: {', '.join(video.tags)}" if video.truth is None and video.tags else length


def _last_end(video: Shown) -> float:
    return max((segment.end for found in video.found for segment in found.segments or ()), default=0.0)


def _figure(drawn: _Drawn) -> Markup:
    video = drawn.video
    lanes = [_film(drawn), _truth(drawn), *(_branch(drawn, found) for found in video.found), _axis(drawn.end)]
    return element(
        "div",
        *lanes,
        element("div", class_="cursor", hidden=True),
        data_script("figure-data", _data(drawn)),
        class_="figure",
        tabindex=0,
        role="group",
        aria_label=f"{video.name} over time. Left and right arrow keys move through it.",
    )


def _row(name: str | None, *content: Markup) -> Markup:
    """A row of the figure: what it is at the left, what lies on the time axis at the right."""
    return element("div", element("div", name, class_="name"), element("div", *content, class_="plot"), class_="row")


def _film(drawn: _Drawn) -> Markup | None:
    film = drawn.video.film
    if film is None:
        return None
    encoded = base64.b64encode(film.jpeg).decode("ascii")
    picture = element(
        "img",
        src=f"data:image/jpeg;base64,{encoded}",
        alt=f"{film.count} pictures of {drawn.video.name}, evenly spaced over {drawn.end:.1f} s",
        width=film.width,
        height=film.height,
        class_="film",
    )
    return _row(element("span", "pictures", class_="quiet scale"), picture)


def _truth(drawn: _Drawn) -> Markup | None:
    truth = drawn.video.truth
    if truth is None:
        return None
    labels = list(dict.fromkeys(row for row in drawn.rows if any(s.label == row for s in truth)))
    title = f"Annotated: {_listed(truth, 'nothing annotated')}"
    lane = segment_lane(truth, labels, drawn.classes, drawn.end, title=title, truth=True)
    return _row(joined(_title("truth"), _keys(labels, drawn.classes, "nothing annotated")), lane)


def _branch(drawn: _Drawn, found: Found) -> Markup:
    segments = drawn.segments[found.branch]
    labels = [row for row in drawn.rows if any(s.label == row for s in segments)]
    content: list[Markup] = []
    scale = None
    if found.curves is not None and found.curves.values and len(found.curves.times):
        top, pooled = top_of(found.curves), found.curves.pooled
        of = f", highest of {pooled} snippets" if pooled > 1 else ""
        scale = element("span", f"curve 0 to {top:g}{of}", class_="quiet scale")
        title = f"Scores of {found.branch} over time for {', '.join(found.curves.values)}"
        truth = drawn.video.truth or ()
        content.append(curve_lane(found.curves, truth, drawn.classes, drawn.end, top=top, title=title))
    without = "nothing found" if found.segments is not None else "not in these results"
    title = f"{found.branch} found: {_listed(segments, without)}"
    content.append(segment_lane(segments, labels, drawn.classes, drawn.end, title=title))
    cut = element("span", f"the {MOST} surest segments", class_="quiet scale") if len(segments) == MOST else None
    head = element("div", _title(found.branch), scale, cut, class_="head" if scale else None)
    return _row(joined(head, _keys(labels, drawn.classes, without)), *content)


def _listed(segments: Sequence[Segment], without: str) -> str:
    """The first few segments in words; all of them are in the table."""
    said = [f"{s.label} {s.start:.1f} to {s.end:.1f} s" for s in segments[:_SAID]]
    if len(segments) > _SAID:
        said.append(f"and {len(segments) - _SAID} more")
    return "; ".join(said) or without


def _title(text: str) -> Markup:
    return element("span", text, class_="title")


def _keys(labels: Sequence[str], classes: Sequence[str], without: str) -> Markup:
    if not labels:
        return element("span", without, class_="key quiet")
    return joined(
        *(
            element("span", element("i", class_=f"chip {color(label, classes)}"), label, class_="key", title=label)
            for label in labels
        )
    )


def _axis(duration: float) -> Markup:
    marks = [
        element(
            "span",
            clock(moment, duration),
            style=f"left:{number(100 * position(moment, duration) / SPAN)}%",
            class_="last" if moment > 0.95 * duration else None,
        )
        for moment in ticks(duration)
    ]
    return element(
        "div",
        element("div", class_="name"),
        element("div", *marks, class_="plot axis"),
        class_="row axis-row",
        aria_hidden="true",
    )


def _data(drawn: _Drawn) -> dict[str, Any]:
    """What the page's script shows at the cursor."""
    video = drawn.video
    return {
        "duration": drawn.end,
        "truth": None if video.truth is None else [[s.label, s.start, s.end] for s in video.truth],
        "branches": [
            {
                "name": found.branch,
                "times": [round(t, 3) for t in found.curves.times.tolist()],
                "curves": [
                    [label, color(label, drawn.classes), [round(v, 4) for v in values.tolist()]]
                    for label, values in found.curves.values.items()
                ],
            }
            for found in video.found
            if found.curves is not None
        ],
    }


def _numbers(drawn: _Drawn) -> Markup:
    """The same as a table, for those who cannot see the figure or want the numbers."""
    rows = [_number_row("truth", segment, score=False) for segment in drawn.video.truth or ()]
    for branch, segments in drawn.segments.items():
        rows += [_number_row(branch, segment, score=True) for segment in segments]
    head = ("from", "class", "start (s)", "end (s)", "score")
    table = element(
        "table",
        element("thead", element("tr", *(element("th", text, scope="col") for text in head))),
        element("tbody", *rows),
        class_="numbers",
    )
    return element("details", element("summary", "the segments as numbers"), element("div", table, class_="scroll"))


def _number_row(origin: str, segment: Segment, *, score: bool) -> Markup:
    return element(
        "tr",
        element("td", origin),
        element("td", segment.label),
        element("td", f"{segment.start:.2f}"),
        element("td", f"{segment.end:.2f}"),
        element("td", f"{segment.score:.3f}" if score else ""),
    )
