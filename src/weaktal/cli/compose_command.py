"""``weaktal compose``: untrimmed datasets out of trimmed clips."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from weaktal.cli.following import say_next
from weaktal.errors import LARGEST_SEED, InputError, arg, counted, shown

if TYPE_CHECKING:
    from weaktal.composition.plan import Composed


Number = TypeVar("Number", int, float)

BOTH, FEATURES, VIDEOS = "Both kinds of clips", "Clips that are features", "Clips that are videos"


def compose(
    clips: Annotated[
        Path,
        typer.Argument(
            metavar="CLIPS",
            help="Folder with clips.json and features.npy; or of videos: LABEL/CLIP.mp4, or as clips.json lists them.",
            show_default=False,
        ),
    ],
    dataset: Annotated[
        Path, typer.Argument(metavar="DATASET", help="Folder to make; it must not exist.", show_default=False)
    ],
    seed: Annotated[
        int, typer.Option(min=0, max=LARGEST_SEED, help="The same seed gives the same files.", rich_help_panel=BOTH)
    ] = 0,
    train: Annotated[int, typer.Option(min=1, max=100_000, help="Training videos.", rich_help_panel=BOTH)] = 120,
    test: Annotated[int, typer.Option(min=1, max=100_000, help="Test videos.", rich_help_panel=BOTH)] = 60,
    background: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100_000,
            help="How many classes, those with the fewest clips, fill the gaps and are never labelled.",
            show_default="a third of all",
            rich_help_panel=BOTH,
        ),
    ] = None,
    background_classes: Annotated[
        str,
        typer.Option(metavar="NAME,...", help="Which classes fill the gaps.", show_default=False, rich_help_panel=BOTH),
    ] = "",
    classes_per_video: Annotated[
        str, typer.Option(metavar="N-M", help="Labelled classes in a video.", rich_help_panel=BOTH)
    ] = "1-2",
    instances_per_video: Annotated[
        str, typer.Option(metavar="N-M", help="Actions in a video.", rich_help_panel=BOTH)
    ] = "2-5",
    instance_snippets: Annotated[
        str | None,
        typer.Option(
            metavar="N-M",
            help="Length of an action; shorter clips are joined, longer ones cut.",
            show_default="1-8",
            rich_help_panel=FEATURES,
        ),
    ] = None,
    gap_snippets: Annotated[
        str | None,
        typer.Option(
            metavar="N-M",
            help="Background before, between and after actions.",
            show_default="3-8",
            rich_help_panel=FEATURES,
        ),
    ] = None,
    pool: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=0.99,
            help="Share of the clips, 0 to 1, that appear in no video and are written to DATASET/pool.",
            show_default="0",
            rich_help_panel=FEATURES,
        ),
    ] = None,
    pool_videos: Annotated[
        bool | None,
        typer.Option(
            "--pool-videos",
            help="Also make the pool's clips training videos, with their tags, so that all methods have the same data.",
            show_default=False,
            rich_help_panel=FEATURES,
        ),
    ] = None,
    features: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Folder below DATASET/features.", show_default="i3d", rich_help_panel=FEATURES
        ),
    ] = None,
    streams: Annotated[
        str | None,
        typer.Option(
            metavar="NAME=A:B,...",
            help="Columns of the modalities, such as rgb=0:1024,flow=1024:2048.",
            show_default="what clips.json says",
            rich_help_panel=FEATURES,
        ),
    ] = None,
    instance_seconds: Annotated[
        str | None,
        typer.Option(
            metavar="S-S",
            help="Length of an action; shorter clips are joined, longer ones cut.",
            show_default="1-6",
            rich_help_panel=VIDEOS,
        ),
    ] = None,
    gap_seconds: Annotated[
        str | None,
        typer.Option(
            metavar="S-S",
            help="Background before, between and after actions.",
            show_default="2-5",
            rich_help_panel=VIDEOS,
        ),
    ] = None,
    fps: Annotated[
        float | None, typer.Option(min=1, max=240, help="Frames per second.", show_default="25", rich_help_panel=VIDEOS)
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            metavar="WxH",
            help="Pixels; clips of another shape get black bars.",
            show_default="320x240",
            rich_help_panel=VIDEOS,
        ),
    ] = None,
) -> None:
    """Make untrimmed, weakly labelled videos with exact boundaries out of trimmed clips.

    Each video is background with actions in it. Its tags name the classes of the actions; their segments are written
    down too, for scoring. No clip appears in both subsets. Clips may be features, which become features, or videos,
    which become videos of one size and frame rate, with boundaries exact to the frame.
    """
    from weaktal.cli.bars import showing
    from weaktal.composition.compose import compose as compose_dataset

    with showing() as on_progress:
        composed = compose_dataset(
            clips,
            dataset,
            seed=seed,
            train=train,
            test=test,
            background=background,
            background_classes=[name.strip() for name in background_classes.split(",") if name.strip()],
            classes_per_video=_range("classes_per_video", classes_per_video, int),
            instances_per_video=_range("instances_per_video", instances_per_video, int),
            instance_snippets=_range("instance_snippets", instance_snippets, int)
            if instance_snippets is not None
            else None,
            gap_snippets=_range("gap_snippets", gap_snippets, int) if gap_snippets is not None else None,
            pool=pool,
            pool_videos=pool_videos,
            features_name=features,
            streams=_streams(streams) if streams is not None else None,
            instance_seconds=_range("instance_seconds", instance_seconds, float)
            if instance_seconds is not None
            else None,
            gap_seconds=_range("gap_seconds", gap_seconds, float) if gap_seconds is not None else None,
            fps=fps,
            size=parse_size(size) if size is not None else None,
            on_progress=on_progress,
        )
    _print_summary(composed)


def _range(name: str, text: str, number: Callable[[str], Number]) -> tuple[Number, Number]:
    low, _, high = text.partition("-")
    try:
        return number(low), number(high or low)
    except ValueError:
        raise InputError(f"is {shown(text)}", source=arg(name), expected="one number, or two such as 2-5") from None


def _streams(text: str) -> dict[str, tuple[int, int]]:
    parsed = {}
    for part in filter(None, text.split(",")):
        name, _, span = part.partition("=")
        start, _, stop = span.partition(":")
        try:
            parsed[name.strip()] = (int(start), int(stop))
        except ValueError:
            expected = "NAME=A:B,NAME=A:B"
            raise InputError(f"cannot read {shown(part)}", source=arg("streams"), expected=expected) from None
    return parsed


def parse_size(text: str) -> tuple[int, int]:
    """``"320x240"`` as numbers.

    Raises:
        InputError: if it is something else.
    """
    width, _, height = text.partition("x")
    try:
        return int(width), int(height)
    except ValueError:
        raise InputError(f"is {shown(text)}", source=arg("size"), expected="WxH, such as 320x240") from None


def _print_summary(composed: Composed) -> None:
    from weaktal.composition.plan import POOL, SUBSETS

    composition = composed.composition
    for split, subset in SUBSETS.items():
        videos = [video for video in composition.videos if video.split == split]
        length = sum(video.length for video in videos)
        action = sum(i.stop - i.start for video in videos for i in video.instances)
        print(
            f"{subset}: {counted(len(videos), 'video')}, "
            f"{counted(sum(len(v.instances) for v in videos), 'segment')}, "
            f"{action / length:.0%} action, {length * composed.seconds_per_step / len(videos):.0f} s a video, "
            f"from {counted(len(composition.splits[split]), 'clip')}"
        )
    print(f"classes: {len(composition.targets)} to find, {len(composition.backgrounds)} as background")
    if composition.splits[POOL]:
        print(f"pool: {counted(len(composition.splits[POOL]), 'clip')} in {composed.dataset / POOL}")
    for note in composed.notes:
        print(note)
    print(f"wrote {composed.dataset}")
    for error in composed.skipped.values():
        print(f"weaktal: {error.line(shell=True)}", file=sys.stderr)
    if composed.skipped:
        broken = counted(len(composed.skipped), "clip")
        raise InputError(f"{broken} cannot be used, named above; {composed.dataset} is without them")
    say_next("train", composed.dataset, "--method", "cbp", "--features", "NAME", "--run", "RUN")
