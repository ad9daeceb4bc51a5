"""Checkpoints of a run: weights as safetensors, the optimizer's moments, and where the run stood.

A checkpoint is a folder that appears in one step, so a run killed while writing finds the one before it.
"""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from weaktal.errors import InputError
from weaktal.files import replacing, replacing_folder, write_json


@dataclass(frozen=True, slots=True)
class Position:
    """Where a run stands: the phase, the updates done in it, and the updates done in all."""

    phase: int = 0
    update: int = 0
    total: int = 0

    def entering(self, phase: int) -> Position:
        """The beginning of a phase; for the phase in which it is, where it stands."""
        return self if phase == self.phase else Position(phase=phase, total=self.total)


def save_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> None:
    """Writes named tensors as safetensors, whole or not at all."""
    with replacing(path) as temporary:
        save_file(
            {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()},
            temporary,
            dict(metadata)
            if metadata
            else None,  # of no tensors and empty metadata it makes a file that it cannot read
        )


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Reads a safetensors file.

    Raises:
        InputError: if it is missing or damaged.
    """
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
    """The checkpoints of a run, of which the newest is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def latest(self) -> Path | None:
        """The newest whole checkpoint."""
        whole = sorted(p for p in self.folder.glob("[0-9]*") if p.is_dir())
        return whole[-1] if whole else None

    def save(self, position: Position, module: nn.Module, optimizer: Optimizer | None) -> None:
        """Writes a checkpoint and removes the older ones."""
        target = self.folder / f"{position.total:09d}-{position.phase:03d}"
        if target.exists():
            return
        with replacing_folder(target) as temporary:
            save_tensors(temporary / "weights.safetensors", module.state_dict())
            torch.save(optimizer.state_dict() if optimizer else None, temporary / "optimizer.pt")
            write_json(temporary / "position.json", asdict(position))
        for other in self.folder.iterdir():
            if other != target:
                shutil.rmtree(other, ignore_errors=True)

    @staticmethod
    def position(checkpoint: Path) -> Position:
        """Where the run stood when the checkpoint was written.

        Raises:
            InputError: if it cannot be read.
        """
        path = checkpoint / "position.json"
        try:
            return Position(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise InputError(f"cannot be read ({error})", source=path, expected="a checkpoint's position") from None

    @staticmethod
    def optimizer_state(checkpoint: Path) -> dict[str, Any] | None:
        """The optimizer's state in a checkpoint; nothing but tensors and plain values is ever unpickled.

        Raises:
            InputError: if it cannot be read.
        """
        path = checkpoint / "optimizer.pt"
        try:
            state: dict[str, Any] | None = torch.load(path, weights_only=True)
        except (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
            raise InputError(
                f"cannot be read ({type(error).__name__})", source=path, expected="an optimizer's state"
            ) from None
        return state
