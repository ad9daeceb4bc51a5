"""Settings that every method shares: the optimizer and the engine itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, PositiveFloat

from weaktal.config import Count, Settings, Size, setting
from weaktal.devices import check_device
from weaktal.errors import InputError

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer


def _device(name: str) -> str:
    try:
        check_device(name)
    except InputError as error:
        raise ValueError(error.expected) from None
    return name


Decay = Annotated[float, Field(ge=0, lt=1)]
Device = Annotated[str, AfterValidator(_device), Field(examples=["auto", "cpu", "cuda", "cuda:1", "mps"])]


class OptimizerConfig(Settings):
    """Adam and what an update sees."""

    lr: float = setting(1e-4, "Learning rate.", "paper", gt=0, le=10)
    betas: tuple[Decay, Decay] = setting((0.9, 0.999), "Decay of Adam's two moments; the defaults are Adam's.", "ours")
    weight_decay: float = setting(0.0, "L2 term inside Adam.", "ours", ge=0)
    clip_norm: PositiveFloat | None = setting(
        1.0, "Longest gradient, in the L2 norm, against the spikes of a young Transformer; null does not clip.", "ours"
    )
    batch_size: Size = setting(64, "Videos in an update.", "paper", unit="videos")
    micro_batch: Size | None = setting(
        None, "Videos in a forward pass: fewer save memory; null passes the whole batch at once.", "ours", unit="videos"
    )
    max_snippets: Count = setting(
        1000,
        "Length T of a training crop, which is of consecutive snippets. Ju et al. have 1000, and 400 on ActivityNet.",
        "paper",
        unit="snippets",
    )

    def build(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """The optimizer of a phase; a method with another one derives from this class."""
        import torch

        return torch.optim.Adam(parameters, lr=self.lr, betas=self.betas, weight_decay=self.weight_decay)


class EngineConfig(Settings):
    """How training runs, whatever it trains."""

    device: Device = setting("auto", "Where to train; auto takes a GPU if there is one.", "ours")
    precision: Literal["32-true", "bf16-mixed", "auto"] = setting(
        "32-true",
        "Of the arithmetic; bf16 needs no loss scaling, so resuming stays exact. auto takes it if the device has "
        "instructions for it.",
        "ours",
    )
    checkpoint_every: Count = setting(
        100, "Updates between checkpoints: at most so many are lost if training is killed.", "ours", unit="updates"
    )
    log_every: Count = setting(
        10, "Updates between rows of losses.csv and points of TensorBoard.", "ours", unit="updates"
    )
    workers: int = setting(
        0, "Processes that read ahead; 0 reads between updates.", "ours", unit="processes", ge=0, le=1024
    )
    tensorboard: bool = setting(True, "Also write RUN/tensorboard, where weaktal[log] is installed.", "ours")
    look_every: int = setting(
        0,
        "Updates between looks at held-out tags and at the labels, where they were asked for; 0 looks at the end of "
        "each phase alone.",
        "ours",
        unit="updates",
        ge=0,
        le=10**9,
    )


# Settings of the engine that cannot change the weights.
HARMLESS = ("checkpoint_every", "log_every", "workers", "tensorboard", "look_every")
# What may differ when a run is resumed: the device of its start may be gone, and those of a kind round alike.
RESUMABLE = ("device", *HARMLESS)
