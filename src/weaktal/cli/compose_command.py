"""``weaktal compose``: untrimmed datasets out of trimmed clips."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weaktal.errors import InputError, shown

if TYPE_CHECKING:
    from weaktal.data.compose import Composed


def compose(
    clips: Annotated[
        Path, typer.Argument(metavar="CLIPS", help="Folder with clips.json and features.npy.", show_default=False)
    ],
    dataset: Annotated[
        Path, typer.Argument(metavar="DATASET", help="Folder to make; it must not exist.", show_default=False)
    ],
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 0,
    train: Annotated[int, typer.Option(help="Training videos.")] = 120,
    test: Annotated[int, typer.Option(help="Test videos.")] = 60,
    background: Annotated[
        int | None,
        typer.Option(
            help="How many classes fill the gaps and are never labelled: those with the fewest clips.",
            show_default="a third of all",
        ),
    ] = None,
    background_classes: Annotated[
        str, typer.Option(help="Which classes fill the gaps, separated by commas.", show_default=False)
    ] = "",
    classes_per_video: Annotated[str, typer.Option(metavar="N-M", help="Labelled classes of a video.")] = "1-2",
    instances_per_video: Annotated[str, typer.Option(metavar="N-M", help="Actions of a video.")] = "2-5",
    instance_snippets: Annotated[
        str, typer.Option(metavar="N-M", help="Length of an action: shorter clips are joined, longer ones cut.")
    ] = "1-8",
    gap_snippets: Annotated[str, typer.Option(metavar="N-M", help="Background before, between and after.")] = "3-8",
    pool: Annotated[
        float, typer.Option(help="Share of clips kept out of all videos and written to DATASET/pool, 0 to 1.")
    ] = 0.0,
    features_name: Annotated[str, typer.Option(help="Folder below DATASET/features.")] = "i3d",
    streams: Annotated[
        str,
        typer.Option(
            metavar="NAME=A:B,...",
            help="Columns of the modalities, such as rgb=0:1024,flow=1024:2048.",
            show_default="what clips.json says",
        ),
    ] = "",
) -> None:
    """Compose untrimmed, weakly labelled videos with exact boundaries out of trimmed clips.

    Each video is background with actions in it. Its label names the actions' classes; where they are is written down
    too, for scoring. No clip appears in both subsets.
    """
    from weaktal.config import parse_settings
    from weaktal.data.clips import read_clips
    from weaktal.data.compose import compose as compose_dataset
    from weaktal.data.composition import CompositionSettings

    values = {
        "seed": seed,
        "train": train,
        "test": test,
        "background": background,
        "background_classes": [name.strip() for name in background_classes.split(",") if name.strip()],
        "classes_per_video": _range("--classes-per-video", classes_per_video),
        "instances_per_video": _range("--instances-per-video", instances_per_video),
        "instance_snippets": _range("--instance-snippets", instance_snippets),
        "gap_snippets": _range("--gap-snippets", gap_snippets),
        "pool": pool,
    }
    settings = parse_settings(CompositionSettings, values, source="compose")
    composed = compose_dataset(
        read_clips(clips), dataset, settings, features_name=features_name, streams=_streams(streams)
    )
    _print_summary(composed, dataset)


def _range(option: str, text: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    try:
        return int(low), int(high or low)
    except ValueError:
        raise InputError(f"is {shown(text)}", source=option, expected="N or N-M") from None


def _streams(text: str) -> dict[str, tuple[int, int]] | None:
    parsed = {}
    for part in filter(None, text.split(",")):
        name, _, span = part.partition("=")
        start, _, stop = span.partition(":")
        try:
            parsed[name.strip()] = (int(start), int(stop))
        except ValueError:
            raise InputError(f"cannot read {shown(part)}", source="--streams", expected="NAME=A:B,NAME=A:B") from None
    return parsed or None


def _print_summary(composed: Composed, dataset: Path) -> None:
    from weaktal.data.compose import SUBSETS

    composition = composed.composition
    for split, subset in SUBSETS.items():
        videos = [video for video in composition.videos if video.split == split]
        length = sum(video.length for video in videos)
        action = sum(i.stop - i.start for video in videos for i in video.instances)
        print(
            f"{subset}: {len(videos)} videos, {sum(len(v.instances) for v in videos)} segments, "
            f"{action / length:.0%} action, {length / len(videos):.0f} snippets a video, "
            f"from {len(composition.splits[split])} clips"
        )
    print(f"classes: {len(composition.targets)} to find, {len(composition.backgrounds)} as background")
    if composition.splits["pool"]:
        print(f"pool: {len(composition.splits['pool'])} clips in {dataset / 'pool'}")
    if composed.left_out:
        spacing = composed.grid.seconds_per_snippet
        print(f"left out: {len(composed.left_out)} clips whose snippets do not last about {spacing:.3g} s")
    print(f"wrote {dataset}")
