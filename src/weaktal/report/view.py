"""``weaktal view``: results files, runs and datasets as one page, beside the truth where there is any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

from weaktal.data.corrections import read_corrections
from weaktal.errors import InputError, arg
from weaktal.files import check_writable
from weaktal.report.content import Report
from weaktal.report.gather_videos import PICTURES
from weaktal.report.page import is_page, write_report
from weaktal.report.sources import corrections_of, inputs_of, report_of


def view(
    sources: str | PathLike[str] | Sequence[str | PathLike[str]],
    out: str | PathLike[str] = "view.html",
    *,
    dataset: str | PathLike[str] | None = None,
    scores: Sequence[str | PathLike[str]] = (),
    videos: str | PathLike[str] | None = None,
    video: Sequence[str] = (),
    count: int | None = None,
    pictures: int = PICTURES,
    subset: str | None = None,
    protocol: str | None = None,
    branch: Sequence[str] = (),
    method: str | None = None,
    device: str = "auto",
    corrections: str | PathLike[str] | None = None,
) -> Report:
    """Writes a page that shows results files and finished runs, or a dataset alone.

    Args:
        sources: results files, and folders of runs, which localize the dataset first; one or several. The folder of a
            dataset is as good as ``dataset``, and enough alone: what is annotated, and how tags and lengths are spread.
        out: the page to write; a file that is there already must be such a page.
        dataset: folder or annotations file with the truth; that of the first run by default.
        scores: stored scores of the results files: a file each in their order, or NAME=FILE.
        videos: folder of the video files, for pictures; the dataset's own by default.
        video: names of the videos to show; all by default.
        count: how many videos to show, the first by name, where none is named.
        pictures: how many videos, the first ones, get a strip of pictures, about a second and 100 kB each.
        subset: of the dataset, to score and to show; the one that the protocol scores by default.
        protocol: ``thumos14``, ``activitynet12`` or ``activitynet13``: score as this benchmark does;
            as the dataset says by default.
        branch: branches of runs to show; the usual ones, and what ``weaktal localize`` takes, by default.
        method: of a run whose method is a module that is not installed as one: that name again.
        device: where runs score; "auto" takes a GPU if there is one.
        corrections: what a person said of segments on an earlier page, which this one starts with;
            ``corrections.json`` beside the first results file by default, where that is one.

    Returns:
        What the page shows.

    Raises:
        InputError: for bad input; nothing is written then.
    """
    page = Path(out)
    check_page(page, [*inputs_of(sources, dataset, videos, scores), *_given(corrections)])
    kept = None if corrections is None else read_corrections(Path(corrections))
    report = report_of(
        sources,
        dataset=dataset,
        scores=scores,
        videos=videos,
        video=video,
        count=count,
        pictures=pictures,
        subset=subset,
        protocol=protocol,
        branch=branch,
        method=method,
        device=device,
    )
    report = _with_corrections_beside(report, sources) if kept is None else replace(report, kept=kept)
    write_report(page, report)
    return report


def _with_corrections_beside(report: Report, sources: str | PathLike[str] | Sequence[str | PathLike[str]]) -> Report:
    beside = corrections_of(sources)
    if not beside.exists():
        return report
    try:
        return replace(report, kept=read_corrections(beside))
    except InputError as error:  # nobody asked for it
        return replace(report, notes=[*report.notes, f"Corrections are not shown: {error.line(shell=True)}."])


def _given(corrections: str | PathLike[str] | None) -> list[Path]:
    return [] if corrections is None else [Path(corrections)]


def check_page(out: Path, inputs: Sequence[Path]) -> None:
    """Refuses to write a page where something else is, or where nothing can be written.

    Raises:
        InputError: saying which.
    """
    check_writable(out, inputs=inputs)
    if out.exists() and not is_page(out):
        raise InputError(
            "exists, and is not a page of weaktal", source=out, expected=f"another file to write, with {arg('out')}"
        )
