"""One training of an ablation with one seed, and all readings of it: the process that the runner starts for each.

``python -m weaktal.studies.cell JOB.json`` trains, or goes on training, and writes a file for each reading. It ends
when its standard input closes, so that nothing goes on behind the back of a runner that was killed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from weaktal.config import as_yaml, parse_settings
from weaktal.data.annotations import Annotations, Video, read_annotations, read_tags
from weaktal.data.features import Features
from weaktal.data.usable import usable
from weaktal.devices import choose_device
from weaktal.engine.batch import VideoSet
from weaktal.engine.checkpoint import load_weights
from weaktal.engine.method import Choosing, Method
from weaktal.errors import InputError
from weaktal.evaluation.diagnose import diagnose
from weaktal.evaluation.protocols import protocol_named
from weaktal.evaluation.scoring import score
from weaktal.files import read_model, scratch_folder, write_json, write_text
from weaktal.methods.base import VLP, method_module
from weaktal.methods.collab.phases import seen_by_statistics
from weaktal.methods.collab.settings import CollabConfig
from weaktal.methods.collab.turns import Collaboration
from weaktal.progress import OnProgress, showing
from weaktal.runs.folder import RunFolder
from weaktal.runs.train import train
from weaktal.runs.trained import Trained, phase_statistics
from weaktal.studies.child import exit_code
from weaktal.studies.fork import fork
from weaktal.studies.seeded import Data, Measured, PendingReading, SeededTraining
from weaktal.studies.steps import step_folder
from weaktal.studies.tables import CHOICE, METHOD


def run_cell(job: SeededTraining, console: Console) -> None:
    """Trains and reads.

    Raises:
        InputError: for bad input.
        RunError: if training diverges.
    """
    config = parse_settings(CollabConfig, job.settings, "job")
    if job.source is not None and not (job.run / "run.json").exists():
        source, step = job.source
        if step_folder(source, step) is not None:  # else it failed, and this one trains from scratch
            console.print(f"continues from {source} after {step}", highlight=False, soft_wrap=True)
            fork(source, step, job.run, config)
    settings = job.run.with_name(f"{job.run.name}.yaml")
    write_text(settings, as_yaml(config))
    started = time.monotonic()
    with showing(console, lines=True) as show:
        _train(job, settings, show)
    console.print(f"trained in {time.monotonic() - started:.1f} s", highlight=False)
    data = job.data
    truth = read_annotations(data.dataset)
    cbp = Features.open(data.dataset, data.features, data.seconds_per_snippet)
    vlp = Features.open(data.dataset, data.vlp_features)
    videos, _ = usable(truth.subset(data.subset), [cbp, vlp], skip_broken=False)
    for reading in job.readings:
        write_json(reading.out, measured(job, reading, truth, videos, cbp, vlp).model_dump(mode="json"))


def _train(job: SeededTraining, settings: Path, show: OnProgress) -> None:
    data = job.data
    train(
        data.dataset,
        method=METHOD,
        features=data.features,
        vlp_features=data.vlp_features,
        run=job.run,
        config=settings,
        seed=job.seed,
        resume=True,
        subset=data.train_subset,
        seconds_per_snippet=data.seconds_per_snippet,
        on_progress=show,
    )


def measured(
    job: SeededTraining,
    reading: PendingReading,
    truth: Annotations,
    videos: list[Video],
    cbp: Features,
    vlp: Features,
) -> Measured:
    """Localizes with the weights after a step and scores the segments and the snippets.

    Raises:
        InputError: if the run has not finished the step.
    """
    run = RunFolder(job.run)
    info = run.info()
    config = parse_settings(CollabConfig, reading.settings, "job")
    method = method_module(METHOD).build(config, info.inputs)
    folder = step_folder(job.run, reading.after)
    if folder is None:
        raise InputError(f"has not finished {reading.after}", source=job.run, expected="a run beyond it")
    branch: str | None = reading.branch
    chosen: str | None = None
    if reading.branch == CHOICE and isinstance(method, Choosing):
        folders = [run.phase(index, phase.name) for index, phase in enumerate(method.phases())]
        try:
            choice = method.choose(statistics_for(job, method, config, folders, cbp, vlp))
        except ValueError as error:
            raise InputError(str(error), source=job.run, expected="statistics of its phases to choose by") from None
        branch = choice.branch or method.branches[0]
        if choice.phase is not None:
            folder = folders[choice.phase]
        chosen = f"{folder.name} {branch}"
    load_weights(method.module, folder / "weights.safetensors")
    trained = Trained(job.run, method, config, info, branch, config.decode, device=config.engine.device)
    needed = vlp if trained.needs_vlp else None
    return scored(
        trained,
        job.data,
        truth,
        videos,
        cbp,
        needed,
        reading=reading.name,
        after=reading.after,
        branch=reading.branch,
        chosen=chosen,
    )


def scored(
    trained: Trained,
    data: Data,
    truth: Annotations,
    videos: list[Video],
    cbp: Features,
    vlp: Features | None,
    *,
    reading: str,
    after: str,
    branch: str,
    chosen: str | None = None,
) -> Measured:
    """What a trained method finds in videos, held against the truth.

    Args:
        trained: the method, its branch and its decoding.
        data: subset, protocol and thresholds.
        truth: annotations with segments.
        videos: to localize.
        cbp, vlp: their features, the latter where the branch needs them.
        reading, after, branch, chosen: what the reading is called, see :class:`Measured`.
    """
    with scratch_folder() as folder_of_scores:
        scores_file = folder_of_scores / "scores.safetensors"
        results, _ = trained.segments(videos, cbp, vlp, scores=scores_file)
        errors = diagnose(data.dataset, scores_file, threshold=data.threshold)
    scores = score(truth, results, protocol_named(data.protocol), subset=data.subset, tious=data.tiou)
    return Measured(
        reading=reading,
        seed=trained.info.seed,
        after=after,
        branch=branch,
        settings=trained.settings.model_dump(mode="json"),
        tiou=scores.tious,
        map=tuple(scores.map.tolist()),
        average_map=scores.average_map,
        ap={label: tuple(row.tolist()) for label, row in zip(scores.classes, scores.ap, strict=True)},
        misses=errors.miss_rate if errors.action else None,
        false_alarms=errors.false_alarm_rate if errors.background else None,
        chosen=chosen,
    )


def statistics_for(
    job: SeededTraining, method: Method, config: CollabConfig, folders: Sequence[Path], cbp: Features, vlp: Features
) -> Callable[[int], Mapping[str, Any]]:
    """The statistics of each phase of the run, for the reading's settings.

    Those that the run stored, unless the reading mixes the branches or takes teachers or students otherwise than the
    training that it shares: then the training videos are looked at again.
    """
    info = RunFolder(job.run).info()
    trained = parse_settings(CollabConfig, info.settings, job.run / "run.json")
    if seen_by_statistics(config) == seen_by_statistics(trained) or not isinstance(method, Collaboration):
        return lambda index: phase_statistics(folders[index], method).model_dump()
    tags = read_tags(job.data.dataset)
    videos = VideoSet([tags.videos[name] for name in info.videos], info.classes, cbp, {VLP: vlp})
    method.module.to(choose_device(config.engine.device)).requires_grad_(False).eval()

    @torch.no_grad()
    def again(index: int) -> Mapping[str, Any]:
        load_weights(method.module, folders[index] / "weights.safetensors")
        return method.review(videos, {})

    return again


def main() -> int:
    """Runs the job that the command line names."""
    return exit_code(
        lambda: run_cell(read_model(Path(sys.argv[1]), SeededTraining, "a job of weaktal ablate"), Console(width=200))
    )


if __name__ == "__main__":
    sys.exit(main())
