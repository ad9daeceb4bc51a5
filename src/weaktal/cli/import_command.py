"""``weaktal import``: tags of one's own videos, or published packages, into a dataset folder."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weaktal.cli.bars import showing
from weaktal.errors import LARGEST_SEED, InputError, arg, counted, one_line

if TYPE_CHECKING:
    from weaktal.data.importers.tags.import_table import ImportedTags


class Kind(StrEnum):
    """What is imported: tags of one's own videos, or the published packages of a dataset."""

    TABLE = "table"
    FOLDERS = "folders"
    CORRECTIONS = "corrections"
    LABEL_STUDIO = "label-studio"
    THUMOS14 = "thumos14"
    ACTIVITYNET12 = "activitynet12"
    ACTIVITYNET13 = "activitynet13"


PACKAGES = "Published packages"
TABLES = "Own videos"


def import_(
    kind: Annotated[
        Kind,
        typer.Argument(
            help="table: your videos and a spreadsheet; folders: your videos, one folder for each tag; corrections, "
            "label-studio: corrected segments; the others: published packages of that dataset.",
            show_default=False,
        ),
    ],
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="SOURCE... DATASET",
            help="table: the spreadsheet, then videos or folders of videos. folders: folders. Otherwise folders and "
            "files of the packages. Last, the dataset folder to make.",
            show_default=False,
        ),
    ],
    video_column: Annotated[
        str | None, typer.Option(help="Title or letter of the column that names videos.", rich_help_panel=TABLES)
    ] = None,
    tag_column: Annotated[
        list[str] | None,
        typer.Option(help="Title or letter of a column of tags; repeat it for several.", rich_help_panel=TABLES),
    ] = None,
    separator: Annotated[
        str | None,
        typer.Option(help='What separates the tags in a cell; "" if a cell is one tag.', rich_help_panel=TABLES),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of a .csv, such as mac-roman.", rich_help_panel=TABLES)
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of an .xlsx.", rich_help_panel=TABLES)] = None,
    test_share: Annotated[
        float,
        typer.Option(
            min=0, max=0.99, help="Share of each class's videos to keep out of training.", rich_help_panel=TABLES
        ),
    ] = 0.0,
    seed: Annotated[
        int,
        typer.Option(min=0, max=LARGEST_SEED, help="Seed of the choice of these videos.", rich_help_panel=TABLES),
    ] = 0,
    features: Annotated[
        str, typer.Option(help="Folder for the imported features: DATASET/features/NAME.", rich_help_panel=PACKAGES)
    ] = "i3d",
    fps: Annotated[
        float,
        typer.Option(
            min=0.01, max=1000, help="Frames per second that the features were computed at.", rich_help_panel=PACKAGES
        ),
    ] = 25.0,
    window: Annotated[
        int,
        typer.Option(
            min=1, max=2**31 - 1, help="Frames that one row of the features covers.", rich_help_panel=PACKAGES
        ),
    ] = 16,
    stride: Annotated[
        int,
        typer.Option(
            min=1, max=2**31 - 1, help="Frames from one row of the features to the next.", rich_help_panel=PACKAGES
        ),
    ] = 16,
    unit: Annotated[
        str,
        typer.Option(
            help="Unit of the times in the annotations: seconds, milliseconds, microseconds, nanoseconds, frames@25, "
            "or frames, at the rate that the annotations give for each video.",
            rich_help_panel=PACKAGES,
        ),
    ] = "seconds",
) -> None:
    """Turn a spreadsheet and a folder of videos, or published packages, into a dataset folder.

    **table TAGS.csv VIDEOS... DATASET**: the spreadsheet (.csv, .tsv, .xlsx) has a row for each video, with its tags in
    one cell or with a column for each tag (1, x, yes), or a row for each tag of a video. Videos are named by path, or
    by file name with or without the ending, and stay where they are. weaktal says what it guessed, and lists and skips
    what does not fit; a video that cannot be used makes the exit code 2. The same command again brings the dataset up
    to date: new videos are added, features stay.

    **folders VIDEOS... DATASET**: no spreadsheet; a video's tag is the name of its folder: jump/IMG_0001.mp4.

    **corrections CORRECTIONS.json DATASET**: corrections made on the page of weaktal view, as tags and segments of an
    existing dataset.

    **label-studio EXPORT.json TRUTH.json**: corrections of what `weaktal export --to label-studio` wrote, as an
    annotations file for `weaktal evaluate`.

    **thumos14**: the folder with videoname.npy, segments.npy and so on, or JSON such as gt.json or thumos14.json.
    **activitynet12**, **activitynet13**: the official JSON or one like it, the folder with anet_anno_action.json, or
    (1.2) the folder of .npy arrays. Features are imported if a source holds them: a *JOINTFeatures.npy, or one
    VIDEO.npy or VIDEO.npz per video, RGB and flow in one file or in folders called rgb and flow. The root of a package
    that holds both will do. Pickles inside the packages are read as data; nothing in them is run.
    """
    *sources, dataset = paths
    wanted = "TAGS.csv VIDEOS... DATASET" if kind is Kind.TABLE else "SOURCE... DATASET"
    if len(sources) < (2 if kind is Kind.TABLE else 1):
        problem = "no VIDEOS before the dataset folder" if sources else "no SOURCE before the dataset folder"
        raise InputError(problem, source=f"import {kind}", expected=wanted)
    of_table: dict[str, Any] = {
        "video_column": video_column,
        "tag_columns": tag_column,
        "separator": separator,
        "encoding": encoding,
        "sheet": sheet,
    }
    if kind is not Kind.TABLE:
        given = next((name for name, value in of_table.items() if value is not None), None)
        if given is not None:
            raise InputError("is for a table", source=arg(given), expected="to be left out")
    if kind is Kind.CORRECTIONS:
        _corrections(sources, dataset)
    elif kind is Kind.LABEL_STUDIO:
        _truth(sources, dataset)
    elif kind in (Kind.TABLE, Kind.FOLDERS):
        _tags(kind, sources, dataset, of_table, test_share=test_share, seed=seed)
    else:
        _package(kind, sources, dataset, encoder=features, fps=fps, window=window, stride=stride, unit=unit)


def _tags(kind: Kind, sources: Sequence[Path], dataset: Path, of_table: dict[str, Any], **options: Any) -> None:
    from weaktal.data.importers.tags.import_table import import_folders, import_table

    with showing() as on_progress:
        if kind is Kind.TABLE:
            table, *videos = sources
            tag_columns = of_table.pop("tag_columns") or ()
            options |= of_table
            imported = import_table(table, videos, dataset, tag_columns=tag_columns, on_progress=on_progress, **options)
        else:
            imported = import_folders(sources, dataset, on_progress=on_progress, **options)
    _report(imported)


def _corrections(sources: Sequence[Path], dataset: Path) -> None:
    from weaktal.data.importers.import_corrections import import_corrections

    if len(sources) != 1:
        raise InputError(f"{len(sources)} files of corrections", source="import corrections", expected="one")
    imported = import_corrections(sources[0], dataset)
    typer.echo(f"{counted(len(imported.videos), 'video')} corrected")
    if imported.in_progress:
        rest = counted(len(imported.in_progress), "video")
        typer.echo(f"not marked as done, and left as before: {rest}")
    for label in imported.classes:
        typer.echo(f"new class: {one_line(label)}")
    typer.echo(one_line(f"wrote {dataset}"))


def _report(imported: ImportedTags) -> None:
    for name, count in imported.videos.items():
        typer.echo(f"{one_line(name)}: {counted(count, 'video')}")
    typer.echo(f"{counted(len(imported.classes), 'class', 'classes')}:")
    for label, count in imported.classes.items():
        typer.echo(f"  {one_line(label)}: {counted(count, 'video')}")
    rows, files = len(imported.rows_without_video), len(imported.videos_without_row)
    if rows or files:  # no fault: a spreadsheet of everything and a folder of some of it are the usual case
        print(
            f"weaktal: skipped, as listed above: {counted(rows, 'row')} without a video, "
            f"{counted(files, 'video')} without a row",
            file=sys.stderr,
        )
    folder = one_line(shlex.quote(str(imported.dataset)))
    typer.echo(one_line(f"wrote {imported.dataset}"))
    if imported.skipped:
        of = counted(len(imported.skipped) + sum(imported.videos.values()), "video")
        raise InputError(
            f"{len(imported.skipped)} of {of} cannot be used, named above; {imported.dataset} is without them"
        )
    typer.echo(f"next: weaktal extract --encoder NAME --into {folder}")


def _truth(sources: Sequence[Path], out: Path) -> None:
    from weaktal.data.importers.label_studio import import_label_studio

    if len(sources) != 1:
        problem = f"{len(sources)} files before the one to write"
        raise InputError(problem, source="import label-studio", expected="EXPORT.json TRUTH.json")
    imported = import_label_studio(sources[0], out)
    for label, count in imported.classes.items():
        typer.echo(f"{one_line(label)}: {counted(count, 'segment')}")
    if imported.without:
        typer.echo(f"skipped, since they have no annotation: {counted(imported.without, 'task')}")
    typer.echo(one_line(f"wrote {imported.path}: {counted(imported.videos, 'video')}"))
    typer.echo(f"next: weaktal evaluate {one_line(shlex.quote(str(imported.path)))} RESULTS")


def _package(kind: Kind, sources: Sequence[Path], dataset: Path, **options: Any) -> None:
    from weaktal.data.importers.import_dataset import import_dataset

    imported = import_dataset(kind.value, sources, dataset, **options)
    for name, count in imported.subsets.items():
        typer.echo(f"{one_line(name)}: {counted(count.videos, 'video')}, {counted(count.segments, 'segment')}")
    typer.echo(counted(imported.classes, "class", "classes"))
    if imported.with_features is not None:
        typer.echo(f"features/{options['encoder']}: {counted(imported.with_features, 'video')}")
    for note in imported.notes:
        typer.echo(f"note: {one_line(note)}")
    typer.echo(one_line(f"wrote {dataset}"))
