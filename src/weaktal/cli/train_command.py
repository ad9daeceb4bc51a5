"""``weaktal train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from weaktal.methods import METHODS


def train(
    dataset: Annotated[Path, typer.Argument(help="Dataset folder: annotations.json and features/NAME.")],
    method: Annotated[str, typer.Option(help=f"One of {', '.join(METHODS)}, an installed one, or package.module.")],
    features: Annotated[str, typer.Option(help="Feature folder NAME, or rgb=NAME,flow=NAME.")],
    run: Annotated[Path, typer.Option(help="Folder to make for the run.")],
    vlp_features: Annotated[
        str | None, typer.Option(help="Vision-language feature folder, for methods with that branch.")
    ] = None,
    preset: Annotated[str | None, typer.Option(help="Settings by name, such as quick; the defaults otherwise.")] = None,
    config: Annotated[Path | None, typer.Option(help="YAML file of settings over the preset or the defaults.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="One setting, such as model.levels=2; repeatable; see weaktal settings."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of weights, batches and dropout.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")] = False,
    train_subset: Annotated[str | None, typer.Option(help="Subset to train on; the dataset's own by default.")] = None,
    seconds_per_snippet: Annotated[
        float | None, typer.Option(help="Spacing of features that have no manifest.")
    ] = None,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Leave out videos whose features cannot be used.")
    ] = False,
) -> None:
    """Train on video-level tags. Segments are never read.

    Example: weaktal train DATASET --method cbp --features i3d --run runs/first
    """
    from weaktal.cli.bars import showing
    from weaktal.runs.train import train as train_run

    with showing(lines=True) as show:
        trained = train_run(
            dataset,
            method=method,
            features=features,
            run=run,
            vlp_features=vlp_features,
            preset=preset,
            config=config,
            overrides=set_ or [],
            seed=seed,
            resume=resume,
            subset=train_subset,
            seconds_per_snippet=seconds_per_snippet,
            skip_broken=skip_broken,
            on_progress=show,
        )
    print(trained.path / "weights.safetensors")
