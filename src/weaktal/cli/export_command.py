"""``weaktal export``: segments for other programs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from weaktal.cli.bars import showing
from weaktal.errors import counted, one_line


class Cut(StrEnum):
    """How clips are cut out."""

    EXACT = "exact"
    COPY = "copy"


def export(
    results: Annotated[
        Path,
        typer.Argument(
            help="Results file; or annotations, such as corrections.json or a dataset.",
            metavar="RESULTS",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            help="File to write; a new folder for clips, and for formats with one file per video.",
            metavar="PATH",
            show_default=False,
        ),
    ],
    to: Annotated[
        str | None,
        typer.Option(
            help="csv, srt, vtt (chapters), vtt-metadata, audacity, label-studio, eaf (ELAN), edl (CMX 3600), otio, "
            "fiftyone, or clips.",
            metavar="FORMAT",
            show_default="by the ending of PATH",
        ),
    ] = None,
    min_score: Annotated[
        float | None, typer.Option(min=-1e9, max=1e9, help="Skip segments with a lower score.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All segments, even if the results have a final set.")] = False,
    videos: Annotated[
        list[Path] | None,
        typer.Option(
            help="Where the videos are now: a folder, a dataset or a file; repeat it for several.",
            show_default="where they were localized",
        ),
    ] = None,
    cut: Annotated[
        Cut,
        typer.Option(
            help="How clips are cut. exact: encoded again, exact to the frame. copy: fast, nothing is encoded; a clip "
            "begins at the key frame before the segment."
        ),
    ] = Cut.EXACT,
) -> None:
    """Write segments for other programs: tables, subtitles, ELAN, Label Studio, editors, clips.

    csv, label-studio and fiftyone are one file for all videos; the others are a file for each video that has segments.
    Frame numbers are at each video's own rate. A video that is not the one that was localized is refused.
    """
    from weaktal.data.export import export as verb

    with showing() as on_progress:
        done = verb(
            results,
            out,
            to=to,
            min_score=min_score,
            every=every,
            videos=videos or None,
            cut=cut.value,
            on_progress=on_progress,
        )
    for note in done.notes:
        typer.echo(note)
    if done.without:
        every_video = counted(done.videos + len(done.without), "video")
        typer.echo(f"no segment to write: {len(done.without)} of {every_video}")
    what = f"{counted(done.segments, 'segment')} of {counted(done.videos, 'video')}"
    typer.echo(one_line(f"wrote {done.path}: {what}"))
