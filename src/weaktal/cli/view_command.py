"""``weaktal view``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from weaktal.cli.devices import Device
from weaktal.errors import counted, one_line


def view(
    sources: Annotated[
        list[Path],
        typer.Argument(
            help="Results files and folders of finished runs, which first localize their dataset; or a dataset.",
            metavar="DATASET|RUN|RESULTS",
            show_default=False,
        ),
    ],
    dataset: Annotated[
        Path | None,
        typer.Option(
            help="Where the truth is: a dataset folder, or an annotations file.", show_default="the run's own"
        ),
    ] = None,
    scores: Annotated[
        list[str] | None,
        typer.Option(
            help="Scores that localize kept, to draw curves: one for each results file, in the same order, or "
            "NAME=FILE with the results' name, such as results=scores.safetensors; repeatable.",
            metavar="[NAME=]FILE",
        ),
    ] = None,
    videos: Annotated[
        Path | None,
        typer.Option(help="Folder of the videos, for pictures.", metavar="DIR", show_default="DATASET/videos"),
    ] = None,
    video: Annotated[
        list[str] | None, typer.Option(help="Show this video; repeatable.", metavar="NAME", show_default="by name")
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(min=1, max=1_000_000, help="How many videos to show, the first by name.", show_default="all"),
    ] = None,
    pictures: Annotated[
        int, typer.Option(min=0, max=1000, help="The first so many videos get a strip of pictures on the page.")
    ] = 12,
    subset: Annotated[
        str | None, typer.Option(help="Subset to score and show; the dataset's test subset by default.")
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option(
            help="thumos14, activitynet12 or activitynet13: score by this benchmark's rules, not the dataset's own."
        ),
    ] = None,
    branch: Annotated[
        list[str] | None, typer.Option(help="Branch of a run to show; repeatable. By default its usual ones.")
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(help="For a run of a method that is not installed: its package.module again."),
    ] = None,
    device: Device = "auto",
    out: Annotated[Path, typer.Option(help="The page to write.", metavar="FILE.html")] = Path("view.html"),
    serve: Annotated[
        bool,
        typer.Option(
            "--serve", help="Serve the page with its videos to this machine until Ctrl-C, instead of writing it."
        ),
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of --serve; 0 takes a free one.")] = 0,
    corrections: Annotated[
        Path | None,
        typer.Option(
            help="Earlier corrections; with --serve also where corrections are saved.",
            metavar="FILE.json",
            show_default="corrections.json beside the first results file",
        ),
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Write the page, but do not open it.")] = False,
) -> None:
    """Look at results, runs or a dataset in a browser: play, search, compare, correct.

    Results alone are enough: --dataset adds the truth and mAP, --scores curves and misses. The page is one file that
    plays the videos beside it and loads nothing else. With --serve it also plays what browsers cannot, and saves
    corrections.

    Example: weaktal view results.json --dataset DATASET --scores scores.safetensors
    """
    from weaktal.report.browser import open_address

    if serve:
        from weaktal.report.serve import serve as serve_page
        from weaktal.report.sources import corrections_of

        def started(address: str) -> None:
            kept = corrections_of(sources) if corrections is None else corrections
            print(f"serving {address}\nstop it with Ctrl-C; corrections go to {kept}", flush=True)
            if not no_browser:
                open_address(address)

        serve_page(
            sources,
            corrections=corrections,
            port=port,
            dataset=dataset,
            scores=scores or (),
            videos=videos,
            video=video or (),
            count=count,
            subset=subset,
            protocol=protocol,
            branch=branch or (),
            method=method,
            device=device,
            started=started,
        )
        return
    from weaktal.evaluation.judged import precisions
    from weaktal.report.view import view as write_view

    report = write_view(
        sources,
        out,
        dataset=dataset,
        scores=scores or (),
        videos=videos,
        video=video or (),
        count=count,
        pictures=pictures,
        subset=subset,
        protocol=protocol,
        branch=branch or (),
        method=method,
        device=device,
        corrections=corrections,
    )
    print(f"{counted(len(report.videos), 'video')}: {out}")
    shown = {row.name for row in report.branches}
    for found in precisions(report.kept.judgements if report.kept else []):
        if found.row in shown:
            print(one_line(f"{found.row}: {found}"))
    if not no_browser and not open_address(out.resolve().as_uri()):
        print("found no browser to open it in")
