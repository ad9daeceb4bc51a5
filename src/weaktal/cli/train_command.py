"""``weaktal train``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from weaktal.cli.devices import DeviceOverSetting
from weaktal.cli.following import say_next
from weaktal.cli.seeds import parse_seeds
from weaktal.errors import LARGEST_SEED, InputError
from weaktal.methods import METHODS

if TYPE_CHECKING:
    from weaktal.runs.run import Run

T = TypeVar("T")


def train(
    dataset: Annotated[
        Path,
        typer.Argument(
            help="Dataset folder: annotations.json and features/NAME. With --resume alone: the run's folder.",
        ),
    ],
    method: Annotated[
        str | None, typer.Option(help=f"One of {', '.join(METHODS)}, an installed one, or package.module.")
    ] = None,
    features: Annotated[str | None, typer.Option(help="Feature folder NAME, or rgb=NAME,flow=NAME.")] = None,
    run: Annotated[Path | None, typer.Option(help="Folder to make for the run.")] = None,
    vlp_features: Annotated[
        str | None, typer.Option(help="Vision-language feature folder, for methods with that branch.")
    ] = None,
    preset: Annotated[str | None, typer.Option(help="Named settings, such as quick, instead of the defaults.")] = None,
    config: Annotated[
        Path | None, typer.Option(help="YAML file of settings that overrule the preset or the defaults.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="One setting, such as model.levels=2; repeatable; see weaktal settings."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of weights, batches and dropout.")] = 0,
    seeds: Annotated[
        str | None, typer.Option(help="Several seeds, such as 0-4 or 0,1,2: RUN then holds a run seed-N for each.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, max=1000, help="Trainings of --seeds at once; by default as many as GPUs, or cores without any."
        ),
    ] = None,
    device: DeviceOverSetting = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue a run that was stopped.")] = False,
    train_subset: Annotated[str | None, typer.Option(help="Subset to train on; the dataset's own by default.")] = None,
    seconds_per_snippet: Annotated[
        float | None, typer.Option(min=0.001, max=3600, help="Spacing of features that have no manifest.")
    ] = None,
    seconds_per_window: Annotated[
        float | None,
        typer.Option(min=0.001, max=3600, help="Seconds that a snippet of these features covers, if windows overlap."),
    ] = None,
    logger: Annotated[
        list[str] | None,
        typer.Option(
            help="Also log to wandb, mlflow, or the logger that package.module:function returns, with Lightning "
            "Fabric's methods; repeatable."
        ),
    ] = None,
    look: Annotated[
        bool,
        typer.Option(
            "--look",
            help="Also log how well the tags of held-out videos are predicted and, if segments are known, how "
            "many pseudo-labels are right; the weights stay the same.",
        ),
    ] = False,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Skip videos whose features cannot be used.")
    ] = False,
) -> None:
    """Train on video-level tags. Segments are never read, except by --look, which only logs.

    Example: weaktal train DATASET --method cbp --features i3d --run runs/first

    `weaktal train --resume RUN` continues a run that was stopped, whatever it was started with.
    """
    from weaktal.runs.settings import check_settings

    several = None if seeds is None else parse_seeds(seeds)
    if several is not None and seed:
        raise InputError("contradicts --seeds", source="--seed", expected="one of them")
    if method is not None:  # before torch is imported, which takes longer than all of this
        check_settings(method, preset=preset, config=config, overrides=set_ or ())
    from weaktal.cli.bars import showing
    from weaktal.engine.logs import logger_named

    loggers = [logger_named(name) for name in logger or []]  # each training of several makes its own once more
    if resume and run is None:
        from weaktal.runs.resume import resume as resume_run
        from weaktal.studies.seeds import is_seeds, resume_seeds

        _only_with_run(
            {
                "--features": features,
                "--vlp-features": vlp_features,
                "--preset": preset,
                "--config": config,
                "--set": set_,
                "--seed": seed,
                "--seeds": None if is_seeds(dataset) else seeds,
                "--train-subset": train_subset,
                "--seconds-per-snippet": seconds_per_snippet,
                "--seconds-per-window": seconds_per_window,
                "--skip-broken": skip_broken,
            }
        )
        if is_seeds(dataset):
            watched: dict[str, Any] = {"workers": workers, "look": look, "loggers": logger or [], "device": device}
            _tell_several(dataset, resume_seeds(dataset, method=method, seeds=several, **watched), "DATASET")
            return
        with showing(lines=True) as show:
            _tell(resume_run(dataset, method=method, loggers=loggers, look=look, device=device, on_progress=show).path)
        return
    given: dict[str, Any] = {
        "method": _needed("--method", method),
        "features": _needed("--features", features),
        "run": _needed("--run", run),
        "vlp_features": vlp_features,
        "preset": preset,
        "config": config,
        "overrides": set_ or [],
        "resume": resume,
        "subset": train_subset,
        "seconds_per_snippet": seconds_per_snippet,
        "seconds_per_window": seconds_per_window,
        "skip_broken": skip_broken,
        "look": look,
        "device": device,
    }
    if several is not None:
        from weaktal.studies.seeds import train_seeds

        made = train_seeds(dataset, seeds=several, workers=workers, loggers=logger or [], **given)
        _tell_several(given["run"], made, dataset)
        return
    from weaktal.runs.train import train as train_run

    with showing(lines=True) as show:
        _tell(train_run(dataset, seed=seed, loggers=loggers, on_progress=show, **given).path)


def _only_with_run(options: Mapping[str, object]) -> None:
    """Refuses what would be ignored, since a run that continues knows what it was started with.

    Raises:
        InputError: for the first option that was given.
    """
    for option, value in options.items():
        if value:
            expected = "weaktal train --resume RUN without it, or --run RUN and all else that it was started with"
            raise InputError("is what RUN was started with", source=option, expected=expected)


def _needed(option: str, value: T | None) -> T:
    if value is None:
        raise InputError("is missing", source=option, expected="a value, or weaktal train --resume RUN alone")
    return value


def _tell(run: Path) -> None:
    print(run / "weights.safetensors")
    say_next("localize", run, "DATASET", "--out", "results.json")


def _tell_several(folder: Path, runs: Sequence[Run], dataset: Path | str) -> None:
    for run in runs:
        print(run.path / "weights.safetensors")
    say_next("compare", folder, "--dataset", dataset)
