"""Extraction spread over the machines of a Ray cluster, a video at a time.

Every worker builds the encoders once and writes its files itself, so the dataset folder, the videos and the weights
must lie where all machines see them. A worker that dies is started again and its video is done again; a file appears
whole or not at all, so it cannot arrive twice or in half.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from weaktal.errors import InputError, arg
from weaktal.extraction.folders import Report, Target, plan, run_here
from weaktal.extraction.pipeline import Job
from weaktal.extraction.recipe import Recipe
from weaktal.packages import require

RETRIES = 3  # of a video whose worker died: one that crashes its decoder must not be tried forever


class _Worker:
    """Runs on the cluster."""

    def __init__(self, recipe: Recipe) -> None:
        self._targets: list[Target] = recipe.targets()
        self._pipeline = recipe.pipeline(self._targets, workers=1)

    def extract(self, path: Path, name: str) -> Report:
        """Makes what is still lacking of one video."""
        jobs = plan({name: path}, self._targets)  # nothing, where an earlier try wrote its files and then died
        for report in run_here(self._pipeline, jobs, self._targets):
            return report
        return Report(path, name)


def run_on_ray(recipe: Recipe, jobs: Sequence[Job], workers: int) -> Generator[Report]:
    """Does the jobs on a Ray cluster: the one of ``RAY_ADDRESS``, else a running one, else one of this machine.

    Args:
        recipe: what to make; its manifests must have been written.
        jobs: what to do.
        workers: how many at once.

    Raises:
        InputError: if Ray is not installed or no cluster can be had.
    """
    require("ray", source=f"{arg('engine')} ray")
    import ray

    started = not ray.is_initialized()
    if started:
        try:
            ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
        except Exception as error:
            raise InputError(f"no Ray cluster ({error})", source=f"{arg('engine')} ray") from None
    try:
        yield from _spread(ray, _absolute(recipe), jobs, workers)
    finally:
        if started:
            ray.shutdown()


def _absolute(recipe: Recipe) -> Recipe:
    """Workers have a current folder of their own."""
    weights = replace(
        recipe.weights,
        root=recipe.weights.root.resolve() if recipe.weights.root else None,
        paths={name: path.resolve() for name, path in recipe.weights.paths.items()},
    )
    encoders = tuple(str(Path(name).resolve()) if Path(name).is_dir() else name for name in recipe.encoders)
    return replace(recipe, dataset=recipe.dataset.resolve(), weights=weights, encoders=encoders)


def _spread(ray: Any, recipe: Recipe, jobs: Sequence[Job], workers: int) -> Generator[Report]:
    gpus = 1 if recipe.device.startswith("cuda") else 0
    remote = ray.remote(_Worker).options(max_restarts=-1, max_task_retries=RETRIES, num_cpus=1, num_gpus=gpus)
    free = [remote.remote(recipe) for _ in range(min(workers, len(jobs)))]
    left = list(reversed(jobs))
    running: dict[Any, tuple[Any, Job]] = {}
    while left or running:
        while left and free:
            worker, job = free.pop(), left.pop()
            running[worker.extract.remote(job.path.resolve(), job.video)] = (worker, job)
        (ready, *_), _ = ray.wait(list(running), num_returns=1)
        worker, job = running.pop(ready)
        free.append(worker)
        try:
            report: Report = ray.get(ready)
        except ray.exceptions.RayActorError:
            problem = f"its worker died {RETRIES + 1} times"
            error = InputError(problem, source=job.path, expected="a video that can be decoded")
            report = Report(job.path, job.video, error=error)
        if left:
            following = left.pop()
            running[free.pop().extract.remote(following.path.resolve(), following.video)] = (worker, following)
        yield replace(report, path=job.path)
