"""``weaktal extract``: features of videos into a dataset folder."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import progress
from rich.text import Text

from weaktal.cli.bars import showing
from weaktal.cli.devices import Devices
from weaktal.cli.following import say_next
from weaktal.data.spelling import systematic
from weaktal.data.video_files import refuse_absent
from weaktal.encoders.names import HOUSE, check_encoder
from weaktal.errors import LARGEST_SEED, InputError, counted, one_line
from weaktal.video.flow import check_method

if TYPE_CHECKING:
    from weaktal.extraction.extract import Extracted


class Crop(StrEnum):
    """What is cut out of a frame."""

    CENTER = "center"
    TEN = "ten"


class Engine(StrEnum):
    """Where the work is done."""

    LOCAL = "local"
    RAY = "ray"


class Precision(StrEnum):
    """Of weights and activations."""

    FP32 = "fp32"
    BF16 = "bf16"
    AUTO = "auto"


def extract(
    encoder: Annotated[
        list[str],
        typer.Option(
            help=f"{', '.join(HOUSE)} (those of the rendered world come with weaktal); a folder with a checkpoint of "
            "the transformers library, for images, video or sound; ORGANIZATION/MODEL; the name of one from an "
            "installed package; package.module:function. Repeat the option for several: each video is decoded once."
        ),
    ],
    into: Annotated[
        Path, typer.Option(help="Dataset folder; features go to DATASET/features/NAME.", metavar="DATASET")
    ],
    videos: Annotated[
        list[Path] | None,
        typer.Argument(help="Videos, or folders of videos.", metavar="[VIDEO|DIR]...", show_default="DATASET's own"),
    ] = None,
    features: Annotated[
        list[str] | None, typer.Option(help="Feature folder, one for each --encoder; by default named after it.")
    ] = None,
    fps: Annotated[float, typer.Option(min=0.01, max=1000, help="Frames per second that are used.")] = 25.0,
    stride: Annotated[int, typer.Option(min=1, max=2**31 - 1, help="Frames from one snippet to the next.")] = 16,
    window: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=4096,
            help="Frames that a snippet covers; by default as many as the encoder looks at, but at least 16.",
        ),
    ] = None,
    take: Annotated[
        list[str] | None,
        typer.Option(
            help="What to use of a model of the transformers library: layer=-2, pooling=own|first|mean, frames=N; "
            "repeatable.",
            metavar="KEY=VALUE",
        ),
    ] = None,
    crop: Annotated[
        Crop, typer.Option(help="I3D: the center of a frame, or ten crops whose features are averaged.")
    ] = Crop.CENTER,
    flow: Annotated[
        str | None,
        typer.Option(
            help="Optical flow: tvl1, opencv-tvl1 (slow), dis (fast). By default what the encoder was trained on: "
            "tvl1 for I3D, dis for those of the rendered world."
        ),
    ] = None,
    geometry: Annotated[
        str | None,
        typer.Option(
            help="I3D: squeeze frames to this width and height before crops and flow, such as 340x256; by default they "
            "keep their shape, with a short side of 256.",
            metavar="WxH",
        ),
    ] = None,
    flow_bits: Annotated[
        int | None,
        typer.Option(min=8, max=8, help="8: round flow to 256 levels, like flow that was stored in pictures."),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(help="Folder of weights, or NAME=PATH; `weaktal weights` shows where they belong."),
    ] = None,
    random_weights: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=LARGEST_SEED,
            help="Try an encoder without its weights, with random ones from this seed; the manifest then says so.",
        ),
    ] = None,
    template: Annotated[
        str, typer.Option(help="Text of the class vectors, {} for the class name.")
    ] = "a video of a person {}",
    texts: Annotated[
        Path | None, typer.Option(help="File with several texts per class, instead of the template.", metavar="FILE")
    ] = None,
    device: Devices = "auto",
    precision: Annotated[
        Precision,
        typer.Option(
            help="Arithmetic of the networks; bf16 is faster but less exact; auto takes it where it is faster."
        ),
    ] = Precision.FP32,
    batch: Annotated[
        int | None,
        typer.Option(
            min=1, max=4096, help="Clips that go through a network at once; by default 1 on a CPU, 8 on a GPU."
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Threads for optical flow; with --engine ray, videos at once.")
    ] = None,
    engine: Annotated[Engine, typer.Option(help="This process, or a Ray cluster.")] = Engine.LOCAL,
    skip_broken: Annotated[
        bool, typer.Option(help="Skip videos that cannot be used; otherwise stop at the first one.")
    ] = True,
) -> None:
    """Turn videos into snippet features, with a manifest that says how they were made.

    If it was stopped, the same command continues: finished videos are skipped. A folder keeps features of one setting
    only; another setting needs another --features. Videos that cannot be used are named at the end, with exit code 2.
    """
    for one in encoder:  # before torch is imported, which takes longer
        check_encoder(one)
    if flow is not None:
        check_method(flow)
    refuse_absent(videos or ())
    from weaktal.encoders.weights_choice import WeightsChoice

    chosen = WeightsChoice.parse(weights or (), random_weights)
    from weaktal.encoders.look import Look
    from weaktal.extraction import extract as verb

    with showing(*_columns()) as on_progress:
        done = verb.extract(
            videos or None,
            encoders=encoder,
            into=into,
            names=features,
            fps=fps,
            stride=stride,
            window=window,
            take=Look.parse(take or ()),
            crop=crop.value,
            flow=flow,
            geometry=geometry,
            flow_bits=flow_bits,
            weights=chosen,
            template=template,
            texts=texts,
            device=device,
            precision=precision.value,
            batch=batch,
            workers=workers,
            engine=engine.value,
            skip_broken=skip_broken,
            on_progress=on_progress,
        )
    _report(done, into)


def _report(done: Extracted, into: Path) -> None:
    if done.seconds:
        print(f"{done.frames} frames in {done.seconds:.1f} s, {done.frames / done.seconds:.1f} frames/s")
    if done.busy:
        said = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in done.busy.items())
        print(f"at work: {said}; the slowest {max(done.busy.values()) / done.seconds:.0%} of the time")
    made = {*done.extracted, *done.finished_before}
    for folder in done.folders:
        state = "complete"
        if folder.lacking:
            how = systematic(folder.lacking, made)
            lack = f"{counted(len(folder.lacking), 'video')} without features, such as {folder.lacking[0]}"
            state = f"{lack}: {how}" if how else lack
        print(one_line(f"{folder.path}: {folder.dim} columns, {state}"))
    for reason in done.no_class_vectors:
        print(reason)
    if not done.annotated:
        print(f"{into} has no annotations.json yet: training needs one, with the labels of each video")
    for error in done.failures.values():
        print(f"weaktal: {error.line(shell=True)}", file=sys.stderr)
    if done.failures:
        count = counted(len(done.extracted) + len(done.finished_before) + len(done.failures), "video")
        raise InputError(f"{len(done.failures)} of {count} cannot be used, named above")
    if done.annotated:
        say_next("train", into, "--method", "cbp", "--features", done.folders[0].path.name, "--run", "RUN")


def _columns() -> tuple[progress.ProgressColumn, ...]:
    return progress.BarColumn(), _Done(), _Rate(), progress.TimeRemainingColumn()


class _Done(progress.ProgressColumn):
    def render(self, task: progress.Task) -> Text:
        of = f" of {task.total:.0f}" if task.total is not None else ""  # not known before the first video was opened
        return Text(f"{task.completed:.0f}{of} s of video")


class _Rate(progress.ProgressColumn):
    def render(self, task: progress.Task) -> Text:
        return Text(f"{task.speed:.2f} s/s" if task.speed else "")
