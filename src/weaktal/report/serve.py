"""``weaktal view --serve``: the page with its videos, from a server on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path

from weaktal.data.corrections import read_corrections
from weaktal.files import check_writable
from weaktal.packages import require
from weaktal.report.sources import corrections_of, inputs_of, report_of


def serve(
    sources: str | PathLike[str] | Sequence[str | PathLike[str]],
    *,
    corrections: str | PathLike[str] | None = None,
    port: int = 0,
    dataset: str | PathLike[str] | None = None,
    scores: Sequence[str | PathLike[str]] = (),
    videos: str | PathLike[str] | None = None,
    video: Sequence[str] = (),
    count: int | None = None,
    subset: str | None = None,
    protocol: str | None = None,
    branch: Sequence[str] = (),
    method: str | None = None,
    device: str = "auto",
    started: Callable[[str], None] = print,
) -> None:
    """Serves the page that :func:`weaktal.report.view.view` writes, to this machine alone, until it is stopped.

    Args:
        sources: see :func:`~weaktal.report.view.view`, as for the arguments that are not listed here.
        corrections: the file that the page reads at its start and keeps up to date; ``corrections.json`` beside the
            first results file by default, or in the current folder where there is none.
        port: on 127.0.0.1; 0 takes a free one.
        started: called with the page's address, which holds a secret.

    Raises:
        InputError: for bad input.
        KeyboardInterrupt: when it is stopped from the keyboard.
    """
    for module in ("starlette", "uvicorn"):
        require(module, source="view --serve")
    from weaktal.report.server import run

    kept = corrections_of(sources) if corrections is None else Path(corrections)
    check_writable(kept, inputs=inputs_of(sources, dataset, videos, scores))
    if kept.exists():
        read_corrections(kept)  # one that the server could not read is refused before the work begins
    report = report_of(
        sources,
        dataset=dataset,
        scores=scores,
        videos=videos,
        video=video,
        count=count,
        pictures=0,  # made when a video is opened
        subset=subset,
        protocol=protocol,
        branch=branch,
        method=method,
        device=device,
    )
    run(report, corrections=kept, port=port, started=started)
