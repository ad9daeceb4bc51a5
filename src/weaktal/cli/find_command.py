"""``weaktal find``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from weaktal.cli.devices import Device
from weaktal.errors import LARGEST_SEED, InputError, counted

TABLE = "Spreadsheet"


def find(
    videos: Annotated[
        list[Path], typer.Argument(help="Videos, and folders of videos.", metavar="VIDEOS...", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="Folder for all results.", metavar="DIR")],
    tags: Annotated[
        Path | None,
        typer.Option(
            help="Spreadsheet that says which actions occur in each video: .csv, .tsv or .xlsx.",
            metavar="TAGS.csv",
            show_default="the name of a video's folder is its tag",
        ),
    ] = None,
    encoder: Annotated[
        list[str] | None,
        typer.Option(
            help="What turns videos into numbers, as for weaktal extract: one of motion, one of images and texts, or "
            "both if you repeat the option. world-cbp and world-vlp come with weaktal and know drawings only.",
            show_default="those of i3d and clip-vit-b16 whose weights are here",
        ),
    ] = None,
    weights: Annotated[
        list[str] | None, typer.Option(help="Folder of weights, or NAME=PATH, as for weaktal extract.")
    ] = None,
    device: Device = "auto",
    workers: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Threads for optical flow.", show_default="as many as cores")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help="Settings of training by name.", show_default="what suits the number of videos")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of training.")] = 0,
    correct_share: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            max=1,
            help="Share of the shown segments whose action should really occur in their video, 0.01 to 1.",
            show_default="0.8",
        ),
    ] = None,
    retrain: Annotated[
        bool, typer.Option("--retrain", help="Train again on all videos if some were added since.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue a find that was stopped; the same command does so anyway.")
    ] = False,
    video_column: Annotated[
        str | None, typer.Option(help="Title or letter of the column that names videos.", rich_help_panel=TABLE)
    ] = None,
    tag_column: Annotated[
        list[str] | None,
        typer.Option(help="Title or letter of a column of tags; repeat it for several.", rich_help_panel=TABLE),
    ] = None,
    separator: Annotated[
        str | None,
        typer.Option(help='What separates the tags in a cell; "" if a cell is one tag.', rich_help_panel=TABLE),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of a .csv, such as mac-roman.", rich_help_panel=TABLE)
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of an .xlsx.", rich_help_panel=TABLE)] = None,
) -> None:
    """Find when actions occur in your videos, given a spreadsheet that only says which occur in each.

    Reads the spreadsheet, says how long it will take, learns, searches all videos, and writes to DIR: segments.csv (the
    few sure ones), results.json (everything), page.html (to look at) and account.txt (what was found and how far to
    trust it, in plain words). If it is stopped, the same command continues; if videos were added, it does only those.

    Example: weaktal find videos/ --tags tags.csv --out found
    """
    import weaktal.video  # noqa: F401  # says what to install where the extra is missing, before anything else
    from weaktal.data.video_files import refuse_absent
    from weaktal.encoders.names import check_encoder
    from weaktal.methods.presets import check_preset

    for one in encoder or ():  # before torch is imported, which takes longer
        check_encoder(one)
    check_preset(preset)
    refuse_absent(videos)
    from weaktal.cli.bars import showing
    from weaktal.encoders.weights_choice import WeightsChoice

    chosen = WeightsChoice.parse(weights, None) if weights else None
    from weaktal.finding.find import find as verb

    with showing(lines=True) as on_progress:
        done = verb(
            videos,
            out,
            tags=tags,
            encoder=encoder or (),
            weights=chosen,
            device=device,
            workers=workers,
            preset=preset,
            seed=seed,
            correct_share=correct_share,
            retrain=retrain,
            resume=resume,
            video_column=video_column,
            tag_columns=tag_column or (),
            separator=separator,
            encoding=encoding,
            sheet=sheet,
            on_progress=on_progress,
        )
    print(f"\n{done.account}")
    if done.skipped:
        for error in done.skipped.values():
            print(f"weaktal: {error.line(shell=True)}", file=sys.stderr)
        count = counted(len(done.skipped) + len(done.results.videos), "video")
        raise InputError(f"{len(done.skipped)} of {count} cannot be used, named above; {out} is without them")
