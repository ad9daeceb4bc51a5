"""One method trained with several seeds, side by side, into one folder.

::

    RUN/seeds.json      what all seeds have in common, and which seeds were asked for
    RUN/seed-N/         a run folder, as a single training makes it; beside it its log
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from rich.console import Console

from weaktal.config import Settings, flat, load_settings, parse_settings
from weaktal.data.annotations import read_tags
from weaktal.devices import check_device
from weaktal.engine.settings import RESUMABLE
from weaktal.errors import LARGEST_SEED, InputError, RunError, arg, shown, within
from weaktal.files import read_model, write_json
from weaktal.methods.base import method_settings, stored_method
from weaktal.methods.presets import preset_file
from weaktal.progress import console_on
from weaktal.runs.run import Run
from weaktal.runs.train import on_device
from weaktal.studies.folder import alone_in
from weaktal.studies.runner import Work, available_cores, run_all
from weaktal.studies.seed import Request, SeedJob

FILE = "seeds.json"
_HARMLESS = {"dataset", *(f"settings.engine.{name}" for name in RESUMABLE)}


class _Seeds(BaseModel):
    """What ``seeds.json`` holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    request: Request
    seeds: tuple[Annotated[int, Field(ge=0, le=LARGEST_SEED)], ...]


@dataclass(frozen=True, slots=True)
class _Watched:
    """What changes nothing in a training: whether it is looked at, and the names of who is told of it."""

    look: bool
    loggers: tuple[str, ...]


def train_seeds(
    dataset: str | PathLike[str],
    *,
    method: str,
    features: str,
    run: str | PathLike[str],
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    vlp_features: str | None = None,
    preset: str | None = None,
    config: str | PathLike[str] | None = None,
    settings: Mapping[str, Any] | Settings | None = None,
    overrides: Sequence[str] = (),
    resume: bool = False,
    workers: int | None = None,
    subset: str | None = None,
    seconds_per_snippet: float | None = None,
    seconds_per_window: float | None = None,
    skip_broken: bool = False,
    look: bool = False,
    loggers: Sequence[str] = (),
    device: str | None = None,
    console: Console | None = None,
) -> tuple[Run, ...]:
    """Trains a method with several seeds, side by side, each in a process of its own.

    Args:
        dataset, method, features, vlp_features: as of :func:`weaktal.train`.
        run: folder to make; it holds one run folder ``seed-N`` for each seed.
        seeds: of the trainings.
        preset, config, settings, overrides: as of :func:`weaktal.train`.
        resume: go on with ``run``, which may be given more seeds; finished ones are kept.
        workers: trainings at once; as many as GPUs, or without any as cores, by default.
        subset, seconds_per_snippet, seconds_per_window, skip_broken, look, device: as of :func:`weaktal.train`.
        loggers: names of what is told of each training, as of :func:`weaktal.engine.logs.logger_named`; each training
            makes its own.
        console: where progress goes; standard error by default.

    Returns:
        The finished runs, in the order of ``seeds``.

    Raises:
        InputError: for bad input, before anything is trained.
        RunError: if a training failed; the others are finished first.
    """
    check_seeds(seeds)
    overrides = on_device(overrides, device)
    kind = method_settings(method)
    base = load_settings(kind, preset_file(method, preset)) if preset else None
    chosen = load_settings(kind, None if config is None else Path(config), overrides, base=base, values=settings)
    request = Request(
        dataset=Path(dataset).absolute(),
        method=method,
        features=features,
        vlp_features=vlp_features,
        settings=chosen.model_dump(mode="json"),
        subset=subset,
        seconds_per_snippet=seconds_per_snippet,
        seconds_per_window=seconds_per_window,
        skip_broken=skip_broken,
    )
    asked = _Seeds(request=request, seeds=tuple(seeds))
    return _train(Path(run), asked, resume, workers, console, _Watched(look, tuple(loggers)))


def check_seeds(seeds: Sequence[int], option: str = arg("seeds")) -> None:
    """Refuses seeds of several trainings that are none, twice the same, or more than a generator takes.

    Args:
        seeds: what was given.
        option: by which.

    Raises:
        InputError: if they are.
    """
    if not seeds or len(set(seeds)) != len(seeds) or min(seeds) < 0 or max(seeds) > LARGEST_SEED:
        expected = f"whole numbers from 0 to {LARGEST_SEED}, each once"
        raise InputError(f"are {shown(list(seeds))}", source=option, expected=expected)


def resume_seeds(
    run: str | PathLike[str],
    *,
    dataset: str | PathLike[str] | None = None,
    method: str | None = None,
    seeds: Sequence[int] | None = None,
    workers: int | None = None,
    look: bool = False,
    loggers: Sequence[str] = (),
    device: str | None = None,
    console: Console | None = None,
) -> tuple[Run, ...]:
    """Goes on with a folder of several seeds, as it says that it was started.

    Args:
        run: the folder.
        dataset: where the dataset lies now, if it was moved since.
        method: as of :func:`weaktal.resume`.
        seeds: to train or to finish, which may be new ones; those that the folder was asked for, by default.
        workers, look, loggers, device, console: as of :func:`train_seeds`.

    Raises:
        InputError, RunError: as of :func:`train_seeds`.
    """
    asked = _read(Path(run))
    module = stored_method(asked.request.method, method, Path(run) / FILE)
    parse_settings(module.CONFIG, asked.request.settings, Path(run) / FILE)
    if dataset is not None:
        moved = asked.request.model_copy(update={"dataset": Path(dataset).absolute()})
        asked = asked.model_copy(update={"request": moved})
    if device is not None:
        check_device(device)
        engine = {**asked.request.settings["engine"], "device": device}
        settings = {**asked.request.settings, "engine": engine}
        asked = asked.model_copy(update={"request": asked.request.model_copy(update={"settings": settings})})
    if seeds is not None:
        check_seeds(seeds)
        asked = asked.model_copy(update={"seeds": tuple(seeds)})
    return _train(Path(run), asked, True, workers, console, _Watched(look, tuple(loggers)))


def is_seeds(folder: Path) -> bool:
    """Whether a folder is one of several seeds."""
    return (folder / FILE).is_file()


def seed_runs(folder: Path) -> dict[int, Path]:
    """The run folders of a folder of several seeds, by seed, finished or not.

    Raises:
        InputError: if the folder is none.
    """
    return {seed: folder / f"seed-{seed}" for seed in _read(folder).seeds}


def _read(folder: Path) -> _Seeds:
    return read_model(folder / FILE, _Seeds, "what weaktal train --seeds wrote there")


def _train(
    run: Path, asked: _Seeds, resume: bool, workers: int | None, console: Console | None, watched: _Watched
) -> tuple[Run, ...]:
    within(workers=(workers, 1, 1000))
    read_tags(asked.request.dataset)  # what cannot be read at all is said here, and not by every seed
    with alone_in(run, FILE, "runs of several seeds"):
        everything = _started(run, asked, resume)
        write_json(run / FILE, everything.model_dump(mode="json"))
        todo = [seed for seed in asked.seeds if not (run / f"seed-{seed}" / "weights.safetensors").exists()]
        gpus = _gpus(asked.request)
        count = workers or min(gpus or available_cores(), max(1, len(todo)))
        failures = run_all(
            list(_works(run, asked.request, todo, watched)),
            workers=count,
            console=console or console_on("stderr"),
            gpus=gpus,
        )
    if failures:
        said = "; ".join(f"{failure.name} failed: {failure.last} ({failure.log})" for failure in failures)
        raise RunError(f"{said}; the same command with --resume continues")
    return tuple(Run(run / f"seed-{seed}") for seed in asked.seeds)


def _started(run: Path, asked: _Seeds, resume: bool) -> _Seeds:
    """What the folder is to hold from now on: the seeds that it was started with, and those that are added."""
    if not (run / FILE).exists():
        return asked
    if not resume:
        raise InputError("holds runs already", source=run, expected=f"a new folder, or {arg('resume')}")
    stored = _read(run)
    before, now = (flat(seeds.request.model_dump(mode="json")) for seeds in (stored, asked))
    for key in [*before, *(key for key in now if key not in before)]:
        if key not in _HARMLESS and before.get(key) != now.get(key):
            raise InputError(
                f"was started with {key} {shown(before.get(key))}, not {shown(now.get(key))}",
                source=run,
                expected="the same settings to resume, or a new folder",
            )
    return _Seeds(request=asked.request, seeds=tuple(sorted({*stored.seeds, *asked.seeds})))


def _works(run: Path, request: Request, seeds: Sequence[int], watched: _Watched) -> Iterator[Work]:
    for seed in seeds:
        file = run / f"seed-{seed}.json"
        job = SeedJob(request=request, seed=seed, run=run / f"seed-{seed}", look=watched.look, loggers=watched.loggers)
        write_json(file, job.model_dump(mode="json"))
        yield Work(f"seed {seed}", ("weaktal.studies.seed", str(file)), run / f"seed-{seed}.log")


def _gpus(request: Request) -> int:
    """GPUs that the trainings may use; one that is named by its number is all that they get."""
    import torch

    return torch.cuda.device_count() if request.settings["engine"]["device"] in ("auto", "cuda") else 0
