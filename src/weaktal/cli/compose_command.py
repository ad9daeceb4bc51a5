"""``weaktal compose``: untrimmed datasets out of trimmed clips."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weaktal.cli.words import frame_size
from weaktal.errors import InputError, shown

if TYPE_CHECKING:
    from weaktal.compose.plan import Composition


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
        str | None,
        typer.Option(
            metavar="N-M",
            help="Features: length of an action; shorter clips are joined, longer ones cut.",
            show_default="1-8",
        ),
    ] = None,
    gap_snippets: Annotated[
        str | None,
        typer.Option(metavar="N-M", help="Features: background before, between and after.", show_default="3-8"),
    ] = None,
    pool: Annotated[
        float | None,
        typer.Option(
            help="Features: share of clips kept out of all videos and written to DATASET/pool, 0 to 1.",
            show_default="0",
        ),
    ] = None,
    features_name: Annotated[
        str | None, typer.Option(help="Features: folder below DATASET/features.", show_default="i3d")
    ] = None,
    streams: Annotated[
        str | None,
        typer.Option(
            metavar="NAME=A:B,...",
            help="Features: columns of the modalities, such as rgb=0:1024,flow=1024:2048.",
            show_default="what clips.json says",
        ),
    ] = None,
    instance_seconds: Annotated[
        str | None,
        typer.Option(metavar="S-S", help="Videos: length of an action, likewise.", show_default="1-6"),
    ] = None,
    gap_seconds: Annotated[
        str | None,
        typer.Option(metavar="S-S", help="Videos: background before, between and after.", show_default="2-5"),
    ] = None,
    fps: Annotated[float | None, typer.Option(help="Videos: frames a second.", show_default="25")] = None,
    size: Annotated[
        str | None,
        typer.Option(metavar="WxH", help="Videos: pixels; clips of another shape get bars.", show_default="320x240"),
    ] = None,
) -> None:
    """Compose untrimmed, weakly labelled videos with exact boundaries out of trimmed clips.

    Each video is background with actions in it. Its label names the actions' classes; where they are is written down
    too, for scoring. No clip appears in both subsets. Clips are features, which become features, or videos, which
    become videos of one size and rate with boundaries exact to the frame.
    """
    from weaktal.compose.video_clips import holds_videos

    chosen: dict[str, object] = {
        "seed": seed,
        "train": train,
        "test": test,
        "background": background,
        "background_classes": [name.strip() for name in background_classes.split(",") if name.strip()],
        "classes_per_video": _range("--classes-per-video", classes_per_video),
        "instances_per_video": _range("--instances-per-video", instances_per_video),
    }
    of_features = {
        "--instance-snippets": instance_snippets,
        "--gap-snippets": gap_snippets,
        "--pool": pool,
        "--features-name": features_name,
        "--streams": streams,
    }
    of_videos = {"--instance-seconds": instance_seconds, "--gap-seconds": gap_seconds, "--fps": fps, "--size": size}
    if holds_videos(clips):
        _refuse(of_features, clips, "clips with features, and these are videos")
        _compose_videos(clips, dataset, chosen, instance_seconds or "1-6", gap_seconds or "2-5", fps, size)
        return
    _refuse(of_videos, clips, "clips that are videos, and these are features")
    chosen["instance_snippets"] = _range("--instance-snippets", instance_snippets or "1-8")
    chosen["gap_snippets"] = _range("--gap-snippets", gap_snippets or "3-8")
    chosen["pool"] = 0.0 if pool is None else pool
    _compose_features(clips, dataset, chosen, "i3d" if features_name is None else features_name, streams or "")


def _compose_features(
    clips: Path, dataset: Path, chosen: Mapping[str, object], features_name: str, streams: str
) -> None:
    from weaktal.compose.clips import read_clips
    from weaktal.compose.features import compose as compose_dataset
    from weaktal.compose.plan import CompositionSettings
    from weaktal.config import parse_settings

    settings = parse_settings(CompositionSettings, chosen, source="compose")
    composed = compose_dataset(
        read_clips(clips), dataset, settings, features_name=features_name, streams=_streams(streams)
    )
    _print_summary(composed.composition, 1, "snippets", dataset)
    if composed.left_out:
        spacing = composed.grid.seconds_per_snippet
        print(f"left out: {len(composed.left_out)} clips whose snippets do not last about {spacing:.3g} s")
    print(f"wrote {dataset}")


def _compose_videos(
    clips: Path,
    dataset: Path,
    chosen: Mapping[str, object],
    instance_seconds: str,
    gap_seconds: str,
    fps: float | None,
    size: str | None,
) -> None:
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TextColumn

    from weaktal.compose.plan import CompositionSettings
    from weaktal.compose.video_clips import read_video_clips
    from weaktal.compose.videos import VideoSettings, compose_videos
    from weaktal.config import parse_settings

    width, height = frame_size(size or "320x240")
    given = {"width": width, "height": height} | ({} if fps is None else {"fps": fps})
    video = parse_settings(VideoSettings, given, source="compose")
    ticks = {
        "instance_snippets": [video.ticks(s) for s in _seconds("--instance-seconds", instance_seconds, least=0.2)],
        "gap_snippets": [video.ticks(s) for s in _seconds("--gap-seconds", gap_seconds)],
    }
    settings = parse_settings(CompositionSettings, {**chosen, **ticks}, source="compose")
    with Progress(
        TextColumn("{task.description}"), MofNCompleteColumn(), console=Console(stderr=True), transient=True
    ) as progress:
        tasks = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done)

        composed = compose_videos(read_video_clips(clips), dataset, settings, video, on_step=show)
    for note in composed.notes:
        print(note)
    _print_summary(composed.composition, video.frames_per_tick / video.fps, "s", dataset)
    print(f"wrote {dataset}")


def _refuse(options: Mapping[str, object], clips: Path, meant_for: str) -> None:
    for name, value in options.items():
        if value is not None:
            raise InputError(f"{name} is for {meant_for}", source=clips, expected="to be left out")


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


def _seconds(option: str, text: str, least: float = 0.0) -> tuple[float, float]:
    low, _, high = text.partition("-")
    try:
        span = float(low), float(high or low)
    except ValueError:
        span = math.nan, math.nan
    if not least <= span[0] <= span[1] <= 3600:
        raise InputError(f"is {shown(text)}", source=option, expected=f"S or S-S, seconds from {least:g} to 3600")
    return span


def _print_summary(composition: Composition, step: float, unit: str, dataset: Path) -> None:
    """Says what came out; ``step`` is how many of ``unit`` there are in one of what the plan counts."""
    from weaktal.compose.features import SUBSETS

    for split, subset in SUBSETS.items():
        videos = [video for video in composition.videos if video.split == split]
        length = sum(video.length for video in videos)
        action = sum(i.stop - i.start for video in videos for i in video.instances)
        print(
            f"{subset}: {len(videos)} videos, {sum(len(v.instances) for v in videos)} segments, "
            f"{action / length:.0%} action, {length * step / len(videos):.0f} {unit} a video, "
            f"from {len(composition.splits[split])} clips"
        )
    print(f"classes: {len(composition.targets)} to find, {len(composition.backgrounds)} as background")
    if composition.splits["pool"]:
        print(f"pool: {len(composition.splits['pool'])} clips in {dataset / 'pool'}")
