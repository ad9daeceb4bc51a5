"""Where a training begins: at the newest checkpoint, or at the very beginning."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import nn
from torch.optim import Optimizer

from weaktal.engine.checkpoint import WEIGHTS, Checkpoints, Position, load_weights
from weaktal.engine.method import Phase
from weaktal.errors import InputError


class Start:
    """What a stopped training left behind; without a checkpoint it stands at the very beginning.

    Args:
        checkpoints: of the training.

    Attributes:
        position: the phase, and the updates that are done.

    Raises:
        InputError: if the newest checkpoint is damaged.
    """

    def __init__(self, checkpoints: Checkpoints) -> None:
        self._checkpoint: Path | None = checkpoints.latest()
        self.position = Position() if self._checkpoint is None else checkpoints.position(self._checkpoint)

    def check(self, phases: Sequence[Phase]) -> None:
        """Refuses a checkpoint that stands where no training of such phases comes by.

        Raises:
            InputError: naming the checkpoint.
        """
        at, source = self.position, self._checkpoint
        before = phases[: at.phase]
        most = sum(phase.updates for phase in before)
        least = sum(phase.ask_every if phase.may_end_early else phase.updates for phase in before)
        inside = at.phase < len(phases) and at.update <= phases[at.phase].updates
        if not inside or not least <= at.total - at.update <= most:
            problem = f"stands at update {at.update} of phase {at.phase}, after {at.total} in all"
            planned = ", ".join(str(phase.updates) for phase in phases)
            raise InputError(problem, source=source, expected=f"phases of {planned} updates")

    def has_begun(self, phase: int) -> bool:
        """Whether the training stopped in this phase or a later one: the state of the phase is stored already."""
        return self._checkpoint is not None and phase <= self.position.phase

    def is_over(self, phase: int) -> bool:
        """Whether it stopped in a later one: there is nothing left to train in this phase."""
        return phase < self.position.phase

    def load_weights(self, module: nn.Module) -> None:
        """Puts the weights of the checkpoint into the network; without one it keeps those that it has."""
        if self._checkpoint is not None:
            load_weights(module, self._checkpoint / WEIGHTS)

    def load_moments(self, phase: int, optimizer: Optimizer) -> None:
        """Puts the moments into the optimizer of the phase in which the training stopped.

        At the beginning of a phase there are none, nor in the checkpoint of a run that continues from another run's
        weights.
        """
        if self._checkpoint is not None and phase == self.position.phase:
            Checkpoints.load_moments(self._checkpoint, optimizer)
