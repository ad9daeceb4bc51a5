"""Features of videos into a dataset folder: what ``weaktal extract`` does."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

from weaktal.data.annotations import Annotations
from weaktal.data.features import FeatureFolder, Features
from weaktal.data.usable import check_grid
from weaktal.data.video_files import PathLike, dataset_videos, find_usable, find_videos
from weaktal.devices import EVERY, Habits, Precision, choose_devices, habits
from weaktal.encoders.frames import Crop
from weaktal.encoders.look import Look
from weaktal.encoders.networks import Compilable
from weaktal.encoders.prompts import TEMPLATE
from weaktal.encoders.weights_choice import WeightsChoice, WeightsLike
from weaktal.errors import InputError, arg, counted, shown, within
from weaktal.extraction import folders
from weaktal.extraction.cluster import run_on_ray
from weaktal.extraction.folders import Target
from weaktal.extraction.pipeline import Job, Pipeline, Sampling
from weaktal.extraction.recipe import Recipe
from weaktal.extraction.sources import drop_replaced, note_source
from weaktal.formerly import formerly
from weaktal.locks import alone_in
from weaktal.progress import Progress
from weaktal.video.container import probe

Engine = Literal["local", "ray"]
LONG = 3600.0  # seconds of video a device from which on compiling its networks can pay for itself
log = logging.getLogger("weaktal")


@dataclass(frozen=True, slots=True)
class Filled:
    """A feature folder after an extraction.

    Attributes:
        path: ``DATASET/features/NAME``.
        dim: D, columns of its feature files.
        lacking: the videos that have no file there, of those that were asked for and those of the dataset's
            annotations; empty where the folder is complete.
    """

    path: Path
    dim: int
    lacking: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Extracted:
    """What :func:`extract` did.

    Attributes:
        folders: one for each encoder, in their order.
        extracted: the videos whose features were made.
        finished_before: the videos whose features were there already.
        failures: the videos that cannot be used, and why; by path what could not even be opened, such as broken links.
        notes: what was wrong with videos that could be used all the same.
        no_class_vectors: why a vision-language encoder's folder got none, one sentence a folder.
        annotated: whether the dataset has annotations.json, without which nothing can be trained.
        frames: how many were looked at.
        seconds: how long the work took; 0 where there was none.
        busy: seconds that each stage has worked, by its name; empty on Ray.
    """

    folders: tuple[Filled, ...]
    extracted: tuple[str, ...]
    finished_before: tuple[str, ...]
    failures: Mapping[str, InputError]
    notes: Mapping[str, tuple[str, ...]]
    no_class_vectors: tuple[str, ...]
    annotated: bool
    frames: int
    seconds: float
    busy: Mapping[str, float]


@formerly(look="take", strict="not skip_broken")
def extract(
    videos: PathLike | Iterable[PathLike] | None = None,
    *,
    encoders: str | Sequence[str],
    into: PathLike,
    names: str | Sequence[str] | None = None,
    fps: float = 25.0,
    stride: int = 16,
    window: int | None = None,
    crop: Crop = "center",
    flow: str | None = None,
    geometry: str | tuple[int, int] | None = None,
    flow_bits: int | None = None,
    weights: WeightsLike | None = None,
    random_weights: int | None = None,
    template: str = TEMPLATE,
    texts: PathLike | None = None,
    device: str = "auto",
    precision: Precision | Literal["auto"] = "fp32",
    take: Look | Mapping[str, object] | None = None,
    batch: int | None = None,
    workers: int | None = None,
    engine: Engine = "local",
    skip_broken: bool = True,
    on_progress: Callable[[Progress], None] | None = None,
) -> Extracted:
    """Turns videos into snippet features, with a manifest that tells how they were made.

    An extraction that was stopped goes on where it was: finished videos are skipped, unless their files hold something
    else by now. A folder keeps features of one setting only; another setting needs another of ``names``. A video that
    cannot be used does not stop the others.

    Args:
        videos: a file, a folder that is searched with its subfolders, a dataset, or several of them; those of the
            dataset ``into`` by default. Files that the dataset names are called as it calls them.
        encoders: one or more names; several in one go decode each video once. See
            :func:`weaktal.encoders.catalog.build_encoder`.
        into: the dataset folder; features go to ``features/NAME`` in it.
        names: of the feature folders, one for each encoder; named after the encoders by default.
        fps: frames a second that are looked at.
        stride: frames from one snippet to the next.
        window: frames that a snippet covers; as many as the encoders were made to look at, and 16 at least, by default.
        crop: "center", or "ten" crops whose features are averaged (I3D only).
        flow: name of the optical-flow method; None takes what the encoders were trained on.
        geometry: width and height that I3D's frames are squeezed to before crops and flow, such as "340x256", which
            many published features were made with; their own shape with a short side of 256 by default.
        flow_bits: 8 rounds flow to 256 levels, as flow that was stored in pictures; None keeps it as it is.
        weights: a folder of weights, or files and folders by the names of ``weaktal weights``.
        random_weights: a seed to draw weights from, to try things without any; the manifest says so.
        template: text of the class vectors, {} for the class name.
        texts: a file of several texts a class, as :mod:`weaktal.encoders.descriptions` has it.
        device: "cpu", "cuda", "cuda:1", "mps"; "auto" takes a GPU if there is one. Several with commas, such as
            "cuda:0,cuda:1", or "all" GPUs, work side by side, each on videos of its own.
        precision: of the networks; "bf16" is faster and rounds, "auto" takes it where the device has instructions for
            it. The manifest says which.
        take: "layer", "pooling" and "frames" of checkpoints of the transformers library; see
            :class:`weaktal.encoders.look.Look`.
        batch: clips that go through a network at once; None is 1 on a CPU and 8 elsewhere.
        workers: threads for optical flow, of all devices together, or, on Ray, videos at once; None is the number of
            cores.
        engine: "local" for this process, "ray" for a Ray cluster.
        skip_broken: skip videos that cannot be used, and say which; otherwise the first one ends it.
        on_progress: called with seconds of video, from a thread of the extraction.

    Raises:
        InputError: for a bad setting, missing or damaged weights, a folder with features of other settings, or, without
            ``skip_broken``, the first video that cannot be used. Features made before stay.
    """
    devices = [habits(name) for name in choose_devices(device)]
    within(fps=(fps, 0.01, 1000), stride=(stride, 1, 2**31 - 1), window=(window, 1, 4096))
    within(batch=(batch, 1, 4096), workers=(workers, 1, 1000))
    _check_words(
        crop=(crop, get_args(Crop)),
        precision=(precision, (*get_args(Precision), "auto")),
        engine=(engine, get_args(Engine)),
    )
    if engine == "ray":
        _check_ray(device)
    exact: Precision = _precision(devices) if precision == "auto" else precision
    recipe = Recipe(
        dataset=Path(into),
        encoders=_several(encoders),
        names=_several(names or ()),
        weights=WeightsChoice.of(weights, random_weights),
        sampling=Sampling(fps=fps, stride=stride, crop=crop, geometry=_sides(geometry), eight_bits=_eight(flow_bits)),
        flow=flow,
        template=template,
        device=devices[0].device,
        precision=exact,
        batch=batch or devices[0].batch,
        window=window,
        look=take if take is None or isinstance(take, Look) else Look.of(take),
    )
    annotations = folders.read_dataset(recipe.dataset)
    own = dataset_videos(recipe.dataset) if annotations else {}
    where = recipe.dataset if videos is None else videos
    found, skipped = find_usable(where, own) if skip_broken else (find_videos(where, own), {})
    targets = recipe.targets()
    with contextlib.ExitStack() as alone:
        for target in targets:
            alone.enter_context(alone_in(target.folder, "weaktal extract"))
            for video in drop_replaced(target.folder, found):
                log.info("%s: was replaced; its features in %s are made again", found[video], target.folder.name)
        folders.keep_apart(targets, found)
        jobs = folders.plan(found, targets)
        work = _Work(recipe, targets, jobs, devices, batch, on_progress or (lambda _event: None))
        if jobs:
            work.targets = targets = [folders.noted(target, work.told()) for target in targets]
        folders.begin(targets)
        reasons = folders.write_class_vectors(
            targets, annotations, template, found, None if texts is None else Path(texts)
        )
        log.info("%s, %d of them finished before", counted(len(found), "video"), len(found) - len(jobs))
        if jobs:
            for line in work.told():
                log.info("computes on %s", line)
            work.run(engine, workers or os.cpu_count() or 1, skip_broken=skip_broken)
        lacking = folders.finish(targets, found, annotations)
    if annotations is not None:
        _compare_durations(targets, annotations)
    to_do = {job.video for job in jobs}
    made = set(work.extracted)
    return Extracted(
        folders=tuple(
            Filled(target.folder, target.manifest.dim, tuple(lacking.get(target.folder.name, ()))) for target in targets
        ),
        extracted=tuple(job.video for job in jobs if job.video in made),
        finished_before=tuple(name for name in found if name not in to_do),
        failures={**skipped, **work.failures},
        notes=work.notes,
        no_class_vectors=tuple(reasons),
        annotated=annotations is not None,
        frames=work.frames,
        seconds=work.seconds,
        busy=work.busy,
    )


def _compare_durations(targets: Sequence[Target], annotations: Annotations) -> None:
    """Warns where the annotations' durations are all off by one ratio from the lengths of the videos themselves."""
    for target in targets:
        features = Features({"": FeatureFolder(target.folder, manifest=target.manifest)})
        try:
            check_grid(features, {name: video.duration for name, video in annotations.videos.items()})
        except InputError as error:
            log.warning("durations of %s do not fit the videos: %s", annotations.source, error.problem)


@dataclass(slots=True)
class _Work:
    """Videos that are being worked on, and what became of them.

    Attributes:
        recipe: on the first device.
        targets: the folders, with encoders on the first device.
        jobs: what to do.
        devices: that do it, each with a pipeline of its own.
        batch: clips at once; what suits each device by default.
        on_progress: is told how far the work has come.
    """

    recipe: Recipe
    targets: list[Target]
    jobs: Sequence[Job]
    devices: Sequence[Habits]
    batch: int | None
    on_progress: Callable[[Progress], None]
    extracted: list[str] = field(default_factory=list)
    failures: dict[str, InputError] = field(default_factory=dict)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    frames: int = 0
    seconds: float = 0.0
    busy: dict[str, float] = field(default_factory=dict)
    lengths: dict[Path, float] = field(init=False)  # seconds of video
    total: float = field(init=False)
    _done: float = 0.0
    _telling: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.lengths = {job.path: _length(job.path) for job in self.jobs}
        self.total = sum(self.lengths.values())

    def _compiles(self, device: Habits) -> bool:
        """Whether compiling, which takes a minute, can pay for itself."""
        networks = [network for target in self.targets for network in target.encoder.networks]
        return (
            device.compiles
            and self.total / len(self.devices) > LONG
            and any(isinstance(network, Compilable) for network in networks)
        )

    def told(self) -> list[str]:
        """On what, and how, the features are computed, a line for each kind of device."""
        wanted = max(target.encoder.batch for target in self.targets)
        lines = {
            each.told(self.recipe.precision, max(self.batch or each.batch, wanted), compiled=self._compiles(each))
            for each in self.devices
        }
        return sorted(lines)

    def run(self, engine: Engine, workers: int, *, skip_broken: bool) -> None:
        """Does the jobs.

        Raises:
            InputError: without ``skip_broken``, that of the first video that cannot be used; and if there is no Ray.
        """
        start = time.perf_counter()
        self._tell(0.0)
        pipelines: list[Pipeline] = []
        if engine == "ray":
            reports = run_on_ray(self.recipe, self.jobs, workers)
        else:
            side_by_side = list(self._workers(max(1, workers // len(self.devices))))
            pipelines = [pipeline for pipeline, _ in side_by_side]
            if len(side_by_side) > 1:
                reports = folders.run_side_by_side(side_by_side, self.jobs, self._looked_at)
            else:
                reports = folders.run_here(pipelines[0], self.jobs, self.targets, self._looked_at)
        with contextlib.closing(reports):
            for report in reports:
                if engine == "ray":
                    self._tell(self.lengths[report.path])
                self._note(report)
                if report.error is not None and not skip_broken:
                    raise report.error
        self.seconds = time.perf_counter() - start
        busy = [pipeline.busy.seconds() for pipeline in pipelines]
        self.busy = {stage: sum(each[stage] for each in busy) / len(busy) for stage in (busy[0] if busy else ())}

    def _workers(self, threads: int) -> Iterator[tuple[Pipeline, list[Target]]]:
        """A pipeline for each device, with encoders of its own, and ``threads`` for optical flow."""
        for index, device in enumerate(self.devices):
            recipe = replace(self.recipe, device=device.device, batch=self.batch or device.batch)
            targets = recipe.targets() if index else self.targets
            if self._compiles(device):
                for target in targets:
                    for network in target.encoder.networks:
                        if isinstance(network, Compilable):
                            network.compile()
            yield recipe.pipeline(targets, threads), targets

    def _note(self, report: folders.Report) -> None:
        name = report.name
        self.frames += report.frames
        for note in report.notes:
            log.warning("%s: %s", report.path, note)
        if report.notes:
            self.notes[name] = report.notes
        if report.error is None:
            self.extracted.append(name)
            for target in self.targets:
                note_source(target.folder, name, report.path)
        else:
            self.failures[name] = report.error

    def _looked_at(self, frames: int) -> None:
        self._tell(frames / self.recipe.sampling.fps)

    def _tell(self, more: float) -> None:
        with self._telling:  # several devices tell
            self._done += more
            self.on_progress(Progress("videos", self._done, self.total, "s of video"))


def _sides(geometry: str | tuple[int, int] | None) -> tuple[int, int] | None:
    """Width and height out of ``340x256``.

    Raises:
        InputError: if it is something else, or less than I3D's crops are cut from.
    """
    if geometry is None:
        return None
    width, _, height = (geometry if isinstance(geometry, str) else "x".join(map(str, geometry))).partition("x")
    least, most = 224, 4096
    if not (width.isdecimal() and height.isdecimal() and all(least <= int(side) <= most for side in (width, height))):
        expected = f"WIDTHxHEIGHT of {least} to {most} pixels each, such as 340x256"
        raise InputError(f"is {shown(geometry)}", source=arg("geometry"), expected=expected)
    return int(width), int(height)


def _eight(bits: int | None) -> bool:
    if bits not in (None, 8):
        raise InputError(f"is {shown(bits)}", source=arg("flow_bits"), expected="8, or to be left out")
    return bits == 8


def _several(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _length(path: Path) -> float:
    """Seconds of a video as its file says; 0 where it does not, or cannot be opened, which is said in its turn."""
    try:
        return probe(path).duration or 0.0
    except InputError:
        return 0.0


def _check_words(**settings: tuple[str, Sequence[str]]) -> None:
    """Refuses words that are none of those that mean something."""
    for name, (value, words) in settings.items():
        if value not in words:
            raise InputError(f"is {shown(value)}", source=arg(name), expected=" or ".join(words))


def _precision(devices: Sequence[Habits]) -> Precision:
    """What all of the devices are fastest in."""
    return "bf16" if all(device.precision == "bf16" for device in devices) else "fp32"


def _check_ray(device: str) -> None:
    """Refuses devices by number: a worker on a cluster sees its own GPU alone.

    Raises:
        InputError: if several are named, or one by its number.
    """
    if "," in device or ":" in device or device == EVERY:
        expected = f"cuda, cpu or auto; {arg('workers')} says how many at once"
        raise InputError(f"is {device}", source=f"{arg('engine')} ray, {arg('device')}", expected=expected)
