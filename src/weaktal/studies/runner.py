"""Runs cells side by side, each in a process of its own, and keeps what is finished."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from weaktal.files import write_json
from weaktal.studies.cell import Job
from weaktal.studies.fork import step_folder

POLL = 0.2  # seconds between looks at the running processes
GRACE = 10  # seconds that a process gets to end before it is killed


@dataclass(frozen=True, slots=True)
class Failure:
    """A cell that went wrong.

    Attributes:
        name: training and seed.
        code: exit code.
        log: all that it said.
        last: the last line of it.
    """

    name: str
    code: int
    log: Path
    last: str


class _Cell:
    """A running process."""

    def __init__(self, name: str, job: Job, environment: dict[str, str]) -> None:
        self.name = name
        self.log = job.run.with_name(f"{job.run.name}.log")
        self.started = time.monotonic()
        file = job.run.with_name(f"{job.run.name}.json")
        write_json(file, job.model_dump(mode="json"))
        self._stream: IO[bytes] = self.log.open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "weaktal.studies.cell", str(file)],
            stdin=subprocess.PIPE,  # never written to; it closes when this process ends, whatever ends it
            stdout=self._stream,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,  # Ctrl-C is for the runner, which ends its cells itself
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
        if self.process.stdin is not None:
            self.process.stdin.close()

    def stop(self) -> None:
        """Ends the process and what it started."""
        for kind in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, kind)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(GRACE)
                return

    def failure(self) -> Failure:
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return Failure(self.name, self.process.returncode, self.log, lines[-1] if lines else "")


def run_jobs(jobs: Sequence[tuple[str, Job]], *, workers: int, console: Console) -> list[Failure]:
    """Runs all jobs, at most ``workers`` at once, and returns those that failed; the others go on.

    A job that goes on from another one's step waits until that step is stored, or until the other one has ended.

    Args:
        jobs: names and jobs, each after the one that it goes on from.
        workers: processes.
        console: for progress.
    """
    waiting = list(jobs)
    running: list[_Cell] = []
    pending = {job.run for _, job in jobs}
    failures: list[Failure] = []
    environment = _environment(workers)
    with _progress(console) as progress, contextlib.ExitStack() as open_cells:
        task = progress.add_task("trainings", total=len(jobs), running="")
        try:
            while waiting or running:
                for entry in [e for e in waiting if _ready(e[1], pending)][: workers - len(running)]:
                    waiting.remove(entry)
                    running.append(open_cells.enter_context(_Cell(*entry, environment)))
                progress.update(task, running=", ".join(cell.name for cell in running))
                time.sleep(POLL)
                for cell in [c for c in running if c.process.poll() is not None]:
                    running.remove(cell)
                    pending.discard(next(job.run for name, job in jobs if name == cell.name))
                    failed = cell.process.returncode != 0
                    if failed:
                        failures.append(cell.failure())
                    progress.advance(task)
                    done = len(jobs) - len(waiting) - len(running)
                    console.print(
                        f"{done}/{len(jobs)} {cell.name}: {'FAILED' if failed else 'done'} "
                        f"in {time.monotonic() - cell.started:.0f} s",
                        highlight=False,
                        markup=False,
                    )
        finally:
            for cell in running:
                cell.stop()
    return failures


def _ready(job: Job, pending: set[Path]) -> bool:
    if job.source is None or job.run.exists():
        return True
    source, step = job.source
    return source not in pending or step_folder(source, step) is not None


def _environment(workers: int) -> dict[str, str]:
    threads = str(max(1, available_cores() // workers))
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return {**os.environ, **dict.fromkeys(names, threads), "PYTHONUNBUFFERED": "1"}


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def _progress(console: Console) -> Iterator[Progress]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[running]}", markup=False),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield progress
