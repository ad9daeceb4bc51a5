"""Going on with a run that was stopped, by its folder alone."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from weaktal.config import parse_settings
from weaktal.engine.logs import Logger
from weaktal.methods.base import stored_method
from weaktal.progress import OnProgress
from weaktal.runs.folder import UNTAGGED, RunFolder
from weaktal.runs.run import Run
from weaktal.runs.train import train


def resume(
    run: str | PathLike[str],
    *,
    dataset: str | PathLike[str] | None = None,
    method: str | None = None,
    loggers: Sequence[Logger] = (),
    look: bool = False,
    device: str | None = None,
    on_progress: OnProgress | None = None,
) -> Run:
    """Goes on with a run from its newest checkpoint, as its folder says that it was started.

    Args:
        run: the folder.
        dataset: where the dataset lies now, if it was moved since.
        method: the run's method, where it is a module that is not installed as a method.
        loggers, look, device, on_progress: as of :func:`weaktal.train`.

    Returns:
        The finished run; at once if it was finished before.

    Raises:
        InputError: if the folder is not a run, or what it was trained on is not there any more or has changed.
        RunError: if training diverges.
    """
    folder = RunFolder(Path(run))
    info = folder.info()
    source = folder.path / "run.json"
    module = stored_method(info.method, method, source)
    return train(
        info.dataset if dataset is None else dataset,
        method=info.method,
        features=info.features,
        run=folder.path,
        vlp_features=info.vlp_features,
        settings=parse_settings(module.CONFIG, info.settings, source),
        seed=info.seed,
        resume=True,
        subset=info.train_subset,
        seconds_per_snippet=info.seconds_per_snippet,
        seconds_per_window=info.seconds_per_window,
        skip_broken=any(reason != UNTAGGED for reason in info.skipped.values()),
        loggers=loggers,
        look=look,
        device=device,
        on_progress=on_progress,
    )
