"""``weaktal extract``: features of videos into a dataset folder."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weaktal.errors import InputError

if TYPE_CHECKING:
    from rich.progress import Progress

    from weaktal.extraction.folders import Report, Target
    from weaktal.extraction.pipeline import Job
    from weaktal.extraction.recipe import Recipe


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


def extract(
    videos: Annotated[list[Path], typer.Argument(help="Videos, or folders of videos.", metavar="VIDEO|DIR...")],
    encoder: Annotated[
        list[str],
        typer.Option(
            help="i3d (RGB and flow), i3d-rgb, i3d-flow, clip-vit-b16, a folder with a CLIP or SigLIP checkpoint, "
            "ORGANIZATION/MODEL, or those of the rendered world, which come with weaktal: world-cbp, world-rgb, "
            "world-flow, world-vlp. Several in one go decode each video once: repeat the option."
        ),
    ],
    into: Annotated[
        Path, typer.Option(help="Dataset folder; features go to DATASET/features/NAME.", metavar="DATASET")
    ],
    name: Annotated[
        list[str] | None, typer.Option(help="Feature folder, one for each --encoder; named after it otherwise.")
    ] = None,
    fps: Annotated[float, typer.Option(min=0.01, max=1000, help="Frames a second that are looked at.")] = 25.0,
    stride: Annotated[int, typer.Option(min=1, help="Frames from one snippet to the next.")] = 16,
    crop: Annotated[
        Crop, typer.Option(help="I3D: the center of a frame, or ten crops whose features are averaged.")
    ] = Crop.CENTER,
    flow: Annotated[
        str | None,
        typer.Option(
            help="Optical flow: tvl1, opencv-tvl1 (slow), dis (fast). Without it, what the encoder was trained on: "
            "tvl1 for I3D, dis for those of the rendered world."
        ),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(help="Folder of weights, or NAME=PATH; `weaktal weights` shows where they are looked for."),
    ] = None,
    random_weights: Annotated[
        int | None, typer.Option(help="Try without weights: draw them from this seed; the manifest says so.")
    ] = None,
    template: Annotated[
        str, typer.Option(help="Text of the class vectors, {} for the class name.")
    ] = "a video of a person {}",
    device: Annotated[str, typer.Option(help="cpu, cuda, ...; auto takes a GPU if there is one.")] = "auto",
    precision: Annotated[Precision, typer.Option(help="Of the networks; bf16 is faster and rounds.")] = Precision.FP32,
    batch: Annotated[
        int | None, typer.Option(min=1, help="Clips that go through a network at once; 1 on a CPU, 8 on a GPU.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Threads for optical flow; with --engine ray, videos at once.")
    ] = None,
    engine: Annotated[Engine, typer.Option(help="This process, or a Ray cluster.")] = Engine.LOCAL,
    strict: Annotated[bool, typer.Option(help="Stop at the first video that cannot be used.")] = False,
) -> None:
    """Turn videos into snippet features, with a manifest that tells how they were made.

    A run that was stopped goes on where it was: finished videos are skipped. A folder keeps features of one setting
    only; another setting needs another --name. Videos that cannot be used are named at the end, with exit code 2.
    """
    from weaktal.data.video_files import find_videos
    from weaktal.encoders.catalog import WeightsChoice
    from weaktal.extraction import folders
    from weaktal.extraction.pipeline import Sampling
    from weaktal.extraction.recipe import Recipe

    device = _device(device)
    recipe = Recipe(
        dataset=into,
        encoders=tuple(encoder),
        names=tuple(name or ()),
        weights=WeightsChoice.parse(weights or (), random_weights),
        sampling=Sampling(fps=fps, stride=stride, crop=crop.value),
        flow=flow,
        template=template,
        device=device,
        precision=precision.value,
        batch=batch or (1 if device == "cpu" else 8),
    )
    found = find_videos(videos)
    annotations = folders.read_dataset(into)
    targets = recipe.targets()
    jobs = folders.plan(found, targets)
    folders.begin(targets)
    reasons = folders.write_class_vectors(targets, annotations, template)
    print(f"{len(found)} videos, {len(found) - len(jobs)} of them finished before")
    count = workers or os.cpu_count() or 1
    failures = _work(recipe, targets, jobs, count, engine, strict)
    lacking = folders.finish(targets, found, annotations)
    for target in targets:
        state = (
            f"{len(lacking[target.folder.name])} videos lack features" if target.folder.name in lacking else "complete"
        )
        print(f"{target.folder}: {target.manifest.dim} columns, {state}")
    for reason in reasons:
        print(reason)
    if annotations is None:
        print(f"{into} has no annotations.json yet: training needs one, with the labels of each video")
    if failures:
        for report in failures:
            assert report.error is not None
            print(f"weaktal: {report.error.line(shell=True)}", file=sys.stderr)
        raise InputError(f"{len(failures)} of {len(found)} videos cannot be used, named above")


def _device(name: str) -> str:
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"cannot be used ({reason})", source=f"--device {name}", expected="cpu or auto") from None
    return name


def _work(
    recipe: Recipe, targets: list[Target], jobs: Sequence[Job], workers: int, engine: Engine, strict: bool
) -> list[Report]:
    """Does the jobs; gives the reports of videos that cannot be used."""
    from weaktal.extraction.cluster import run_on_ray
    from weaktal.extraction.folders import run_here

    if not jobs:
        return []
    failures = []
    pipeline = None
    start, frames = time.perf_counter(), 0
    with _progress() as progress:
        seconds = _lengths(jobs)
        task = progress.add_task("videos", total=sum(seconds.values()))
        reports: Generator[Report]
        if engine is Engine.RAY:
            reports = run_on_ray(recipe, jobs, workers)
        else:
            pipeline = recipe.pipeline(targets, workers)
            reports = run_here(
                pipeline, jobs, targets, lambda count: progress.advance(task, count / recipe.sampling.fps)
            )
        done = 0.0
        for report in reports:
            done += seconds[report.path]
            progress.update(task, completed=done if engine is Engine.RAY else None)
            frames += report.frames
            for note in report.notes:
                progress.console.print(f"{report.path}: {note}", markup=False, soft_wrap=True)
            if report.error is not None:
                if strict:
                    reports.close()
                    raise report.error
                failures.append(report)
    spent = time.perf_counter() - start
    print(f"{frames} frames in {spent:.1f} s, {frames / spent:.1f} frames/s")
    if pipeline is not None:
        stages = {stage: getattr(pipeline.busy, stage) for stage in ("decoding", "frames", "networks")}
        said = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in stages.items())
        print(f"at work: {said}; the slowest {max(stages.values()) / spent:.0%} of the time")
    return failures


def _lengths(jobs: Sequence[Job]) -> dict[Path, float]:
    """Seconds of each video as its file says; 0 where it does not."""
    from weaktal.video.container import probe

    lengths = {}
    for job in jobs:
        try:
            lengths[job.path] = probe(job.path).duration or 0.0
        except InputError:  # said when its turn comes
            lengths[job.path] = 0.0
    return lengths


def _progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.2f} s/s" if task.speed else "")

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f} of {task.total:.0f} s of video"),
        Rate(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
