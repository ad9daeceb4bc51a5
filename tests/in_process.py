"""Trainings of a study in the process of the test, which has imported torch already: each process would again."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from rich.console import Console

from weaktal.errors import InputError, RunError
from weaktal.files import read_model
from weaktal.studies.cell import run_cell
from weaktal.studies.runner import Failure, Work
from weaktal.studies.seed import SeedJob, train_seed
from weaktal.studies.seeded import SeededTraining


class Finished:
    """A work as the runner holds it, done by the time that it is made; its process has ended."""

    def __init__(self, work: Work, slot: int, environment: dict[str, str]) -> None:
        self.work = work
        self.slot = slot
        self.started = time.monotonic()
        self.process = self
        self.returncode = 0
        module, file = work.words
        work.log.parent.mkdir(parents=True, exist_ok=True)
        with work.log.open("a", encoding="utf-8") as stream:
            try:
                JOBS[module](Path(file), Console(file=stream, width=200))
            except (InputError, RunError) as error:
                self.returncode = 1
                stream.write(f"weaktal: {error}\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left to close."""

    def poll(self) -> int:
        return self.returncode

    def stop(self) -> None:
        """Nothing runs any more."""

    def failure(self) -> Failure:
        return Failure(self.work.name, self.returncode, self.work.log, self.said())

    def said(self) -> str:
        lines = self.work.log.read_text(encoding="utf-8").strip().splitlines()
        return lines[-1] if lines else ""


JOBS: dict[str, Callable[[Path, Console], None]] = {
    "weaktal.studies.cell": lambda file, console: run_cell(read_model(file, SeededTraining, "a job"), console),
    "weaktal.studies.seed": lambda file, console: train_seed(read_model(file, SeedJob, "a job"), console),
}
