"""The training of one seed, in a process of its own: ``python -m weaktal.studies.seed JOB.json``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from rich.console import Console

from weaktal.config import parse_settings
from weaktal.engine.logs import logger_named
from weaktal.files import read_model
from weaktal.methods.base import method_module
from weaktal.progress import showing
from weaktal.runs.train import train
from weaktal.studies.child import exit_code


class Request(BaseModel):
    """What trainings of one method have in common that differ by their seed; as :func:`weaktal.train` has it.

    Attributes:
        settings: all of the method's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: Path
    method: str
    features: str
    vlp_features: str | None = None
    settings: dict[str, Any]
    subset: str | None = None
    seconds_per_snippet: float | None = None
    seconds_per_window: float | None = None
    skip_broken: bool = False


class SeedJob(BaseModel):
    """A request with one seed, and the folder of its run.

    Attributes:
        look: as of :func:`weaktal.train`.
        loggers: names of what is told of the training.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    request: Request
    seed: int
    run: Path
    look: bool = False
    loggers: tuple[str, ...] = ()


def train_seed(job: SeedJob, console: Console) -> None:
    """Trains, or goes on with what was stopped.

    Raises:
        InputError: for bad input.
        RunError: if training diverges.
    """
    request = job.request
    with showing(console, lines=True) as show:
        train(
            request.dataset,
            method=request.method,
            features=request.features,
            run=job.run,
            vlp_features=request.vlp_features,
            settings=parse_settings(method_module(request.method).CONFIG, request.settings, "job"),
            seed=job.seed,
            resume=True,
            subset=request.subset,
            seconds_per_snippet=request.seconds_per_snippet,
            seconds_per_window=request.seconds_per_window,
            skip_broken=request.skip_broken,
            loggers=[logger_named(name) for name in job.loggers],
            look=job.look,
            on_progress=show,
        )


def main() -> int:
    """Runs the job that the command line names."""
    return exit_code(lambda: train_seed(read_model(Path(sys.argv[1]), SeedJob, "a job"), Console(width=200)))


if __name__ == "__main__":
    sys.exit(main())
