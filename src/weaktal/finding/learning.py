"""Training within a find: what a run was learned from, and whether it still serves.

A run stays as long as everything that it learned from is as it was: new videos are found with it. Where a tag that it
learned from has changed, or there is a class that it does not know, a new run is trained beside it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from weaktal.data.annotations import Annotations
from weaktal.errors import InputError, counted
from weaktal.files import read_model, write_json
from weaktal.finding.plan import Plan, fitting_preset
from weaktal.progress import OnProgress
from weaktal.runs.folder import RunFolder
from weaktal.runs.train import train

log = logging.getLogger("weaktal")


class Lesson(BaseModel):
    """What a run learns from: equal ones give equal weights.

    Attributes:
        method, features, vlp_features: as of :class:`~weaktal.finding.plan.Plan`.
        preset: of the settings; None for the method's defaults.
        settings: of the method, over the preset.
        seed: of everything random.
        classes: in order.
        tags: of the training videos.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: str
    features: str
    vlp_features: str | None
    preset: str | None
    settings: dict[str, Any]
    seed: int
    classes: tuple[str, ...]
    tags: dict[str, tuple[str, ...]]


class State(BaseModel):
    """What a find remembers, as ``OUT/find.json``.

    Attributes:
        run: name of the folder of the run that is used.
        lesson: what it learns from; None before the first training.
        videos: size in bytes and time of change of each video when its features were made.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    run: Annotated[str, StringConstraints(pattern=r"^run(-[1-9][0-9]{0,8})?$")] = "run"  # never a path elsewhere
    lesson: Lesson | None = None
    videos: dict[str, tuple[int, int]] = {}


FILE = "find.json"


def read_state(out: Path) -> State:
    """What an earlier find left in the folder; nothing where there was none.

    Raises:
        InputError: if the folder holds anything else.
    """
    if (out / FILE).exists():
        return read_model(out / FILE, State, "what weaktal find wrote there")
    if out.exists() and (not out.is_dir() or any(not path.name.startswith(".") for path in out.iterdir())):
        raise InputError("exists, and is not a folder of weaktal find", source=out, expected="a new folder")
    return State()


def write_state(out: Path, state: State) -> None:
    """Keeps the state, whole or not at all."""
    write_json(out / FILE, state.model_dump(mode="json"))


def next_lesson(
    out: Path, state: State, plan: Plan, annotations: Annotations, *, preset: str | None, seed: int, again: bool
) -> State:
    """The state with the run to use: the existing one, or a new one that is still to be trained.

    Args:
        out: the folder of the find.
        state: as it was.
        plan: features and method.
        annotations: of the dataset as it is now.
        preset: that the user names; the fitting one by default.
        seed: of training.
        again: train anew, now that there are more videos.
    """
    tagged = {video.name: video.labels for video in annotations.videos.values() if video.labels}
    training = {
        name: tags for name, tags in tagged.items() if annotations.videos[name].subset == annotations.train_subset
    }
    wanted = Lesson(
        method=plan.method,
        features=plan.features,
        vlp_features=plan.vlp_features,
        preset=preset or fitting_preset(plan.method, len(training)),
        settings={key: value for key, value in plan.settings.items() if key != "engine"},
        seed=seed,
        classes=annotations.classes,
        tags=training,
    )
    before, finished = state.lesson, RunFolder(out / state.run).finished()
    if before == wanted:
        return state
    if before is not None and finished and not again:
        reason = _outdated(before, wanted, tagged, named=preset is not None)
        if reason is None:
            more = len(training.keys() - before.tags.keys())
            if more:
                came = counted(more, "video")
                log.info("%s added since training: searched with the existing run", came)
            return state
        log.info("training again, since %s", reason)
    name = state.run if before is None else _free(out, state.run)
    return state.model_copy(update={"run": name, "lesson": wanted})


def _outdated(before: Lesson, wanted: Lesson, tagged: Mapping[str, tuple[str, ...]], *, named: bool) -> str | None:
    """Why a finished run does not serve any more; None where it does."""
    if before.classes != wanted.classes:
        return "the actions are others than before"
    for name, labels in before.tags.items():
        if name in tagged and tagged[name] != labels:
            return f"the tags of {name} have changed"
    for field in ("method", "features", "vlp_features", "seed", "settings", *(["preset"] if named else [])):
        if getattr(before, field) != getattr(wanted, field):
            return f"the {field.replace('_', ' ')} is another"
    return None


def _free(out: Path, run: str) -> str:
    number = int(run.partition("-")[2] or 1) + 1
    while (out / f"run-{number}").exists():
        number += 1
    return f"run-{number}"


def learn(out: Path, dataset: Path, plan: Plan, state: State, on_progress: OnProgress | None) -> Path:
    """Trains the run of the state, or goes on with it, or leaves it as it is where it is finished.

    Returns:
        Its folder.
    """
    folder, lesson = out / state.run, state.lesson
    assert lesson is not None
    training = RunFolder(folder)
    if not training.finished():
        train(
            dataset,
            method=lesson.method,
            features=lesson.features,
            vlp_features=lesson.vlp_features,
            run=folder,
            preset=lesson.preset,
            settings=plan.settings,
            seed=lesson.seed,
            resume=True,
            skip_broken=True,
            on_progress=on_progress,
        )
    elif training.checkpoints.exists() or (folder / ".lock").exists():
        from weaktal.engine.checkpoint import settle  # late: imports torch

        settle(training)
    return folder
