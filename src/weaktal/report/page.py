"""A report as one HTML file that loads nothing."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from weaktal.files import write_text
from weaktal.report.content import Report
from weaktal.report.drawing import MOST
from weaktal.report.figure import video_figure
from weaktal.report.markup import Markup, element, joined
from weaktal.report.tables import branch_list, class_table, error_table, fact_table, score_table, step_table
from weaktal.version import __version__

# Nothing may be loaded or sent, whatever a name in the data says: the browser enforces it.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

_GENERATOR = "weaktal"


def is_page(path: Path) -> bool:
    """Whether a file is a page that :func:`write_report` wrote."""
    with path.open("rb") as stream:
        return f'<meta name="generator" content="{_GENERATOR} '.encode() in stream.read(1024)


def write_report(path: Path, report: Report) -> None:
    """Writes the page, whole or not at all.

    Raises:
        InputError: if ``path`` cannot be written.
    """
    write_text(path, render(report))


def render(report: Report) -> str:
    """The page as text."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="generator", content=f"{_GENERATOR} {__version__}"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("title", report.title),
        element("style", _asset("page.css")),
    )
    sections = [
        element("header", element("h1", report.title), *(element("p", text) for text in report.lead)),
        _notes(report),
        _scores(report),
        _videos(report),
        _done(report),
    ]
    body = element(
        "body",
        element("main", *sections),
        element("div", id="tip", hidden=True),
        element("footer", element("p", f"weaktal {__version__}", class_="quiet")),
        element("script", _asset("page.js")),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _notes(report: Report) -> Markup | None:
    if not report.notes:
        return None
    return element("ul", *(element("li", note) for note in report.notes), class_="notes", aria_label="Notes")


def _scores(report: Report) -> Markup | None:
    table = score_table(report.branches)
    errors = error_table(report.branches)
    if table is None and errors is None:
        return None
    parts: list[Markup | None] = [branch_list(report.branches)]
    if table is not None:
        first = next(branch.scores for branch in report.branches if branch.scores is not None)
        about = (
            f"{first.videos} videos of subset {first.subset}, {first.ground_truth} annotated segments, "
            f"{len(first.classes)} classes, protocol {first.protocol}."
        )
        if len(report.branches) > 1:
            about += " Bold is the highest of a column."
        by_class = class_table(report.branches)
        parts += [table, element("p", about, class_="quiet")]
        parts.append(element("details", element("summary", "by class"), by_class))
    if errors is not None:
        about = (
            f"Misses and false alarms, snippet by snippet: a snippet is called action where its score exceeds "
            f"{report.threshold:g} of the class's highest in the video. Only classes that the video holds count."
        )
        parts += [element("h3", "How they err"), errors, element("p", about, class_="quiet")]
    return element("section", element("h2", "Scores", id="scores"), *parts, aria_labelledby="scores")


def _videos(report: Report) -> Markup:
    figures = [video_figure(video, report.classes, index + 1) for index, video in enumerate(report.videos)]
    scored = any(branch.scores is not None or branch.errors is not None for branch in report.branches)
    return element(
        "section",
        element("h2", "Videos", id="videos"),
        None if scored else branch_list(report.branches),  # else it stands above the scores
        element("p", report.choice),
        element("p", _how(report), class_="quiet"),
        *figures,
        aria_labelledby="videos",
    )


def _how(report: Report) -> str:
    """How to read the figures, of which not all hold everything."""
    annotated = any(video.truth is not None for video in report.videos)
    curves = any(found.curves is not None for video in report.videos for found in video.found)
    first = "the annotated ones first, then the predicted ones" if annotated else "the predicted ones"
    parts = [
        f"Bars are segments: {first}, the surer the more opaque. Drawn are those that overlap no surer one of the same "
        f"class and reach a fifth of the video's highest score, at most {MOST} in each row."
    ]
    if curves:
        shaded = "; the annotated segments are shaded behind them" if annotated else ""
        parts.append(f"Curves are scores over time, each row on a scale of its own{shaded}.")
    parts.append("Point at a figure, or focus it and use the arrow keys, to read the numbers.")
    return " ".join(parts)


def _done(report: Report) -> Markup | None:
    steps, facts = step_table(report.steps), fact_table(report.facts)
    if steps is None and facts is None:
        return None
    return element("section", element("h2", "What was done", id="done"), joined(steps, facts), aria_labelledby="done")


def _asset(name: str) -> Markup:
    """A file of ours that lies beside this module, trusted as it is."""
    return Markup(resources.files(__package__).joinpath(name).read_text(encoding="utf-8"))
