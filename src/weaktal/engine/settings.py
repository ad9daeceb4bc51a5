"""Settings that every method shares: the optimizer and the engine itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, PositiveFloat

from weaktal.config import Count, Settings, Size

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer


Decay = Annotated[float, Field(ge=0, lt=1)]


class OptimizerConfig(Settings):
    """Adam and what an update sees."""

    lr: float = Field(1e-4, gt=0, le=10)  # learning rate [paper]
    betas: tuple[Decay, Decay] = (0.9, 0.999)  # decay of Adam's moments; its defaults, ours
    weight_decay: float = Field(0.0, ge=0)  # L2 term inside Adam; ours
    clip_norm: PositiveFloat | None = 1.0  # longest gradient, L2; ours, against the spikes of a young Transformer
    batch_size: Size = 64  # videos an update [paper]
    micro_batch: Size | None = None  # videos a forward pass; smaller saves memory, null is all at once
    max_snippets: Count = 1000  # T, consecutive snippets of a training crop [paper: 1000; ActivityNet 400]

    def build(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """The optimizer of a phase; a method with another one derives from this class."""
        import torch

        return torch.optim.Adam(parameters, lr=self.lr, betas=self.betas, weight_decay=self.weight_decay)


class EngineConfig(Settings):
    """How training runs, whatever it trains."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["32-true", "bf16-mixed"] = "32-true"  # bf16 needs no loss scaling, so resuming stays exact
    checkpoint_every: Count = 100  # updates between checkpoints; what a kill can cost
    log_every: Count = 10  # updates between rows of losses.csv and TensorBoard points
    workers: int = Field(0, ge=0, le=1024)  # processes that read ahead; 0 reads between updates
    tensorboard: bool = True  # also write RUN/tensorboard


# Settings of the engine that cannot change the weights, so that a run may be resumed with others.
HARMLESS = ("checkpoint_every", "log_every", "workers", "tensorboard")
