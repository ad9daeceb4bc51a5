"""A run that continues from another run's finished step, in place of training the same steps again."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from weaktal.config import as_yaml
from weaktal.engine.checkpoint import WEIGHTS, Checkpoints, Position
from weaktal.engine.checksums import note, read_sums
from weaktal.engine.logs import read_losses
from weaktal.errors import InputError
from weaktal.files import remove_left_over, replacing_folder, write_json
from weaktal.locks import remove_stale
from weaktal.methods.base import MethodConfig
from weaktal.runs.folder import RunFolder
from weaktal.studies.steps import phases_of, step_folder


def fork(source: Path, step: str, target: Path, config: MethodConfig) -> None:
    """Makes a run folder that stands at the end of ``step``, for ``weaktal train --resume`` to go on with.

    The phases until there, and the rows of losses.csv, are those of ``source``. Nothing else of it is needed: each step
    begins with an optimizer of its own.

    Args:
        source: run folder that has finished ``step``.
        step: the last step that both runs share.
        target: run folder to make.
        config: settings of the new run. Those that act until ``step`` must equal the source's.

    Raises:
        InputError: if the source has not finished the step, or ``target`` exists.
    """
    last = step_folder(source, step)
    if last is None:
        raise InputError(f"has not finished {step}", source=source, expected="a run beyond it")
    info = RunFolder(source).info().model_copy(update={"settings": config.model_dump(mode="json")})
    phases = phases_of(source)
    phases = phases[: phases.index(last) + 1]
    update, total = _end_of(source / "losses.csv", last.name.partition("-")[2])
    position = Position(phase=len(phases) - 1, update=update, total=total)
    if target.is_dir():  # of a start that was killed, if nothing else is in it
        remove_left_over(target)
        remove_stale(target)
        with contextlib.suppress(OSError):
            target.rmdir()
    with replacing_folder(target) as folder:
        for phase in phases:
            # Hidden are files that a run at work is about to move into place.
            hidden = shutil.ignore_patterns(".*")
            shutil.copytree(phase, folder / "phases" / phase.name, copy_function=_link, ignore=hidden)
        shutil.copyfile(source / "losses.csv", folder / "losses.csv")
        (folder / "settings.yaml").write_text(as_yaml(config), encoding="utf-8")
        write_json(folder / "run.json", info.model_dump(mode="json"))
        kept = {f"phases/{phase.name}" for phase in phases}
        note(folder, {name: digest for name, digest in read_sums(source).items() if name.rpartition("/")[0] in kept})
        forked = RunFolder(folder)
        checkpoint = forked.checkpoints / position.name
        checkpoint.mkdir(parents=True)
        _link(last / WEIGHTS, checkpoint / WEIGHTS)
        Checkpoints(forked).complete(checkpoint, position)


def _end_of(losses: Path, phase: str) -> tuple[int, int]:
    """Updates of a finished phase, and of the run until its end; its last row is always written."""
    found = [(int(update), int(total)) for total, name, update, _, _ in read_losses(losses) if name == phase]
    if not found:
        raise InputError(f"has no row of {phase}", source=losses, expected="the losses of each phase")
    return max(found)


def _link(source: str | Path, target: str | Path) -> None:
    """The same file once more, without its bytes where the disk allows; runs replace their files, never change them."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
