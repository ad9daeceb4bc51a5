"""Where a training leaves what comes of it.

::

    RUN/weights.safetensors    the last weights; there once the training is finished
    RUN/losses.csv             the losses by name
    RUN/tensorboard/           the same for TensorBoard
    RUN/phases/01-NAME/        state.safetensors (such as pseudo-labels), weights.safetensors at the phase's end, and
                               statistics.json, where the method looks back at it
    RUN/SHA256SUMS             what these files held when they were written
    RUN/checkpoints/           what a stopped training continues from; gone once it is finished
"""

from __future__ import annotations

from pathlib import Path


class TrainingFolder:
    """The paths of a training."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.weights = path / "weights.safetensors"
        self.checkpoints = path / "checkpoints"
        self.losses = path / "losses.csv"
        self.tensorboard = path / "tensorboard"

    @property
    def identity(self) -> str:
        """What tells the training from others, so that a checkpoint of another one is refused."""
        return ""

    @property
    def parts(self) -> list[Path]:
        """All that a training leaves behind."""
        own = (self.weights, self.checkpoints, self.losses, self.tensorboard)
        return [*own, self.path / "phases", self.path / "SHA256SUMS"]

    def finished(self) -> bool:
        """Whether training came to its end."""
        return self.weights.exists()

    def phase(self, index: int, name: str) -> Path:
        """The folder of a phase."""
        return self.path / "phases" / f"{index + 1:02d}-{name}"
