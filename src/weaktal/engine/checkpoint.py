"""Checkpoints of a run: weights and the optimizer's moments as safetensors, and where the run stood.

A checkpoint is a folder that appears in one step, so a run killed while writing finds the one before it, and that lists
the checksums of its files, so a damaged one is noticed. Nothing in it is ever unpickled.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn
from torch.optim import Optimizer

from weaktal.engine.checksums import FILE, check, note, read_sums, seal
from weaktal.engine.folder import TrainingFolder
from weaktal.engine.moments import Groups, put_back, taken_apart
from weaktal.errors import InputError
from weaktal.files import read_model, remove_left_over, replacing, replacing_folder, sha256, write_json
from weaktal.locks import remove_stale

WEIGHTS, MOMENTS, GROUPS, POSITION = "weights.safetensors", "moments.safetensors", "optimizer.json", "position.json"
_WHAT = "what a checkpoint says of itself"
_NAME = re.compile(r"\d{9,}-\d{3,}")  # of a checkpoint: updates in all, phase

_Updates = Annotated[int, Field(ge=0, strict=True)]


class Position(BaseModel):
    """Where a run stands: the phase, the updates done in it, and the updates done in all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    phase: _Updates = 0
    update: _Updates = 0
    total: _Updates = 0

    def entering(self, phase: int) -> Position:
        """The beginning of a phase; for the phase in which it is, where it stands."""
        return self if phase == self.phase else Position(phase=phase, total=self.total)

    @property
    def name(self) -> str:
        """What a checkpoint of this position is called."""
        return f"{self.total:09d}-{self.phase:03d}"


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    run: str
    position: Position


def save_tensors(path: Path, tensors: Mapping[str, Tensor], within: Path | None = None) -> None:
    """Writes named tensors as safetensors, whole or not at all.

    Args:
        path: the file.
        tensors: by name.
        within: a folder above the file that lists its checksum.
    """
    with replacing(path) as temporary:
        # Not save_file: it writes to a file of its own first, which a process that is killed then leaves behind.
        temporary.write_bytes(save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}))
        if within is not None:  # first: a file that is there is listed, also when the process is killed in between
            note(within, {path.relative_to(within).as_posix(): sha256(temporary)})


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Reads a safetensors file.

    Raises:
        InputError: if it is missing, damaged, or not the file that a folder above it lists; see
            :mod:`weaktal.engine.checksums`.
    """
    check(path)
    try:
        return load_file(path)
    except FileNotFoundError:
        raise InputError("no such file", source=path, expected="weights as safetensors") from None
    except (OSError, SafetensorError, ValueError) as error:
        raise InputError(f"cannot be read ({error})", source=path, expected="weights as safetensors") from None


def load_weights(module: nn.Module, path: Path) -> None:
    """Puts stored weights into a network.

    Raises:
        InputError: if the file is damaged or belongs to another network.
    """
    weights = load_tensors(path)
    own = module.state_dict()
    for name in sorted(own.keys() | weights.keys()):
        if name not in weights or name not in own:
            where = "has no" if name not in weights else "has an unknown"
            raise InputError(f"{where} tensor {name}", source=path, expected="the weights of this run's network")
        if weights[name].shape != own[name].shape:
            raise InputError(
                f"tensor {name} has shape {tuple(weights[name].shape)}",
                source=path,
                expected=str(tuple(own[name].shape)),
            )
        if weights[name].dtype != own[name].dtype or not weights[name].isfinite().all():
            raise InputError(
                f"tensor {name} is {weights[name].dtype} or not finite",
                source=path,
                expected=f"finite {own[name].dtype}",
            )
    module.load_state_dict(weights)


class Checkpoints:
    """The checkpoints of a run, of which the newest is kept.

    Args:
        run: its folder; a checkpoint of a run of another identity is refused.
    """

    def __init__(self, run: TrainingFolder) -> None:
        self.folder = run.checkpoints
        self._run = run

    def latest(self) -> Path | None:
        """The newest whole checkpoint."""
        return max(self._all(), key=lambda path: path.name, default=None)

    def _all(self) -> list[Path]:
        """What in the folder is called like a checkpoint."""
        return [path for path in self.folder.glob("*") if _NAME.fullmatch(path.name)]

    def save(self, position: Position, module: nn.Module, optimizer: Optimizer) -> None:
        """Writes a checkpoint and removes the older ones."""
        target = self.folder / position.name
        if target.exists():
            return
        with replacing_folder(target) as temporary:
            save_tensors(temporary / WEIGHTS, module.state_dict())
            tensors, groups = taken_apart(optimizer)
            save_tensors(temporary / MOMENTS, tensors)
            write_json(temporary / GROUPS, groups.model_dump(mode="json"))
            self.complete(temporary, position)
        self._remove(other for other in self._all() if other != target)

    def complete(self, folder: Path, position: Position) -> None:
        """Makes a checkpoint of a folder that has weights and, where its phase has begun, moments."""
        write_json(folder / POSITION, _Stored(run=self._run.identity, position=position).model_dump(mode="json"))
        seal(folder, [path.name for path in folder.iterdir()])

    def clear(self) -> None:
        """Removes the checkpoints, also half ones of killed processes, and their folder if nothing else is in it."""
        if self.folder.is_symlink():
            return
        self._remove(self._all())
        remove_left_over(self.folder)
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    @staticmethod
    def _remove(checkpoints: Iterable[Path]) -> None:
        """Removes what weaktal puts into a checkpoint, and nothing else."""
        for checkpoint in checkpoints:
            with contextlib.suppress(OSError):
                for name in (POSITION, WEIGHTS, MOMENTS, GROUPS, FILE):
                    (checkpoint / name).unlink(missing_ok=True)
                checkpoint.rmdir()

    def position(self, checkpoint: Path) -> Position:
        """Where the run stood when the checkpoint was written.

        Raises:
            InputError: if the checkpoint is damaged or of another run.
        """
        path = checkpoint / POSITION
        listed = read_sums(checkpoint, f"without {self.folder} the training starts from the beginning")
        for name in (POSITION, WEIGHTS):
            if name not in listed:
                raise InputError(f"does not list {name}", source=checkpoint / FILE, expected="a whole checkpoint")
        for name in listed:
            check(checkpoint / name)
        stored = read_model(path, _Stored, _WHAT)
        if stored.run != self._run.identity:
            raise InputError("is of another run", source=checkpoint, expected="a checkpoint of this one")
        if stored.position.name != checkpoint.name:
            raise InputError(f"is {stored.position.name}", source=path, expected=f"{checkpoint.name}, as it is called")
        return stored.position

    @staticmethod
    def load_moments(checkpoint: Path, optimizer: Optimizer) -> None:
        """Puts the stored moments into an optimizer; it stays as it is where the checkpoint has none.

        Raises:
            InputError: if they are damaged or of another optimizer.
        """
        path = checkpoint / MOMENTS
        if MOMENTS not in read_sums(checkpoint):
            return
        groups = read_model(checkpoint / GROUPS, Groups, _WHAT)
        try:
            put_back(optimizer, load_tensors(path), groups)
        except (ValueError, TypeError, KeyError, RuntimeError) as error:
            raise InputError(f"does not fit ({error})", source=path, expected="the state of this optimizer") from None


def settle(run: TrainingFolder) -> None:
    """Removes what a training that was killed at its very end left: checkpoints and its lock."""
    Checkpoints(run).clear()
    remove_stale(run.path)
