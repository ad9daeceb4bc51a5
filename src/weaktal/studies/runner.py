"""Runs trainings side by side, each in a process of its own; one that fails does not stop the others."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from weaktal.files import write_json
from weaktal.studies.seeded import SeededTraining
from weaktal.studies.steps import step_folder

POLL = 0.2  # seconds between looks at the running processes
GRACE = 5  # seconds that processes get to end before they are killed


@dataclass(frozen=True, slots=True)
class Work:
    """A process to run.

    Attributes:
        name: for people; each once.
        words: module and arguments, as ``python -m`` takes them.
        log: file that takes all that it says.
        ready: whether it can begin, told the names of the works that have not ended.
    """

    name: str
    words: tuple[str, ...]
    log: Path
    ready: Callable[[Set[str]], bool] = lambda _unfinished: True


@dataclass(frozen=True, slots=True)
class Failure:
    """A training that went wrong.

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


class _Process:
    """A work that is running."""

    def __init__(self, work: Work, slot: int, environment: dict[str, str]) -> None:
        self.work = work
        self.slot = slot
        self.started = time.monotonic()
        work.log.parent.mkdir(parents=True, exist_ok=True)
        self._stream: IO[bytes] = work.log.open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", *work.words],  # -P: nothing of the folder that the call comes from is run
            stdin=subprocess.PIPE,  # never written to; it closes when this process ends, whatever ends it
            stdout=self._stream,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,  # Ctrl-C is for the runner, which ends its processes itself
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
        if self.process.stdin is not None:
            self.process.stdin.close()

    def failure(self) -> Failure:
        return Failure(self.work.name, self.process.returncode, self.work.log, self.said())

    def said(self) -> str:
        """The last line of its log."""
        lines = self.work.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else ""


def run_jobs(jobs: Sequence[tuple[str, SeededTraining]], *, workers: int, console: Console) -> list[Failure]:
    """Runs all cells of an ablation, at most ``workers`` at once, and returns those that failed; the others go on.

    A job that continues from another one's step waits until that step is stored, or until the other one has ended.

    Args:
        jobs: names and jobs, each after the one that it continues from.
        workers: processes.
        console: for progress.
    """
    runs = {name: job.run for name, job in jobs}
    return run_all([_cell(name, job, runs) for name, job in jobs], workers=workers, console=console)


def _cell(name: str, job: SeededTraining, runs: Mapping[str, Path]) -> Work:
    file = job.run.with_name(f"{job.run.name}.json")
    write_json(file, job.model_dump(mode="json"))

    def ready(unfinished: Set[str]) -> bool:
        if job.source is None or job.run.exists():
            return True
        source, step = job.source
        return source not in {runs[other] for other in unfinished} or step_folder(source, step) is not None

    return Work(name, ("weaktal.studies.cell", str(file)), job.run.with_name(f"{job.run.name}.log"), ready)


def run_all(works: Sequence[Work], *, workers: int, console: Console, gpus: int = 0) -> list[Failure]:
    """Runs works, at most ``workers`` at once, and returns those that failed; the others go on.

    Args:
        works: what to run; those that are ready begin in this order.
        workers: processes.
        console: for progress.
        gpus: where there are any, each process sees one of them.
    """
    waiting = list(works)
    running: list[_Process] = []
    failures: list[Failure] = []
    slots = list(range(workers))
    with _progress(console) as progress, contextlib.ExitStack() as opened:
        task = progress.add_task("trainings", total=len(works), running="")
        try:
            while waiting or running:
                unfinished = {work.name for work in (*waiting, *(process.work for process in running))}
                for work in [work for work in waiting if work.ready(unfinished - {work.name})][: len(slots)]:
                    waiting.remove(work)
                    slot = slots.pop(0)
                    running.append(opened.enter_context(_Process(work, slot, _environment(workers, slot, gpus))))
                progress.update(task, running=", ".join(f"{p.work.name} ({p.said()})" for p in running))
                time.sleep(POLL)
                for process in [p for p in running if p.process.poll() is not None]:
                    running.remove(process)
                    slots.append(process.slot)
                    failed = process.process.returncode != 0
                    if failed:
                        failures.append(process.failure())
                    progress.advance(task)
                    done = len(works) - len(waiting) - len(running)
                    console.print(
                        f"{done}/{len(works)} {process.work.name}: {'FAILED' if failed else 'done'} "
                        f"in {time.monotonic() - process.started:.0f} s",
                        highlight=False,
                        markup=False,
                    )
        finally:
            _stop(running)
    return failures


def _stop(running: Sequence[_Process]) -> None:
    """Ends processes and what they started, all at the same time."""
    for kind in (signal.SIGTERM, signal.SIGKILL):
        left = [each.process for each in running if each.process.poll() is None]
        for process in left:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, kind)
        until = time.monotonic() + GRACE
        for process in left:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, until - time.monotonic()))


def _environment(workers: int, slot: int, gpus: int) -> dict[str, str]:
    """Of the process in a slot: its share of the cores, or fewer threads where the user wants fewer; and its GPU."""
    share = max(1, available_cores() // workers)
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    asked = {name: os.environ.get(name, "") for name in names}
    threads = {
        name: str(min(share, int(text)) if text.isdecimal() and int(text) else share) for name, text in asked.items()
    }
    seen = os.environ.get("CUDA_VISIBLE_DEVICES")
    devices = seen.split(",") if seen else [str(gpu) for gpu in range(gpus)]
    gpu = {"CUDA_VISIBLE_DEVICES": devices[slot % len(devices)]} if gpus else {}
    return {**os.environ, **threads, **gpu, "PYTHONUNBUFFERED": "1"}


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
