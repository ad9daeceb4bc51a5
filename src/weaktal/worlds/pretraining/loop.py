"""A plain training loop: AdamW, a rate that rises and falls, a log of what the losses did."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from weaktal.errors import RunError


@dataclass(frozen=True, slots=True)
class Fit:
    """How to train.

    Attributes:
        updates: steps of the optimizer.
        batch: samples of a step.
        rate: highest learning rate; it rises over the first tenth and then falls to zero as a cosine.
        decay: weight decay, on matrices and filters only.
        seed: of weights, batches and augmentation.
        clip_norm: gradients are scaled down to this norm.
    """

    updates: int
    batch: int
    rate: float
    decay: float
    seed: int
    clip_norm: float = 1.0

    def as_dict(self) -> dict[str, float]:
        """For the log."""
        return asdict(self)


def half() -> torch.autocast:
    """Convolutions in bfloat16: half the time on a CPU that can do it, weights stay in float32."""
    return torch.autocast("cpu", dtype=torch.bfloat16)


def rate_at(update: int, fit: Fit) -> float:
    """The learning rate of update 0, 1, ...

    >>> fit = Fit(updates=100, batch=1, rate=1.0, decay=0.0, seed=0)
    >>> [round(rate_at(update, fit), 2) for update in (0, 9, 54, 99)]
    [0.1, 1.0, 0.52, 0.0]
    """
    warm = max(1, fit.updates // 10)
    if update < warm:
        return fit.rate * (update + 1) / warm
    return fit.rate * 0.5 * (1 + math.cos(math.pi * (update - warm) / max(1, fit.updates - warm)))


def train(
    model: nn.Module,
    loss_of: Callable[[torch.Generator], dict[str, Tensor]],
    fit: Fit,
    *,
    every: int = 50,
    say: Callable[[str], None] = print,
) -> list[dict[str, float]]:
    """Trains ``model`` in place.

    Args:
        model: in training mode afterwards too.
        loss_of: draws a batch with the generator and gives named numbers; "loss" is minimized, the others are logged.
        fit: how.
        every: updates between two lines of the log.
        say: gets each line.

    Returns:
        The log: for each line the update, the seconds so far and the means of the numbers since the last line.

    Raises:
        RunError: if the loss is not a number.
    """
    model.train()
    optimizer = torch.optim.AdamW(_groups(model, fit.decay), lr=fit.rate, betas=(0.9, 0.98))
    generator = torch.Generator().manual_seed(fit.seed)
    log: list[dict[str, float]] = []
    sums: dict[str, float] = {}
    start = time.perf_counter()
    for update in range(fit.updates):
        for group in optimizer.param_groups:
            group["lr"] = rate_at(update, fit)
        parts = loss_of(generator)
        if not torch.isfinite(parts["loss"]):
            raise RunError(f"the loss of update {update} is {parts['loss'].item()}")
        optimizer.zero_grad(set_to_none=True)
        parts["loss"].backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), fit.clip_norm)
        optimizer.step()
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + value.item()
        if (update + 1) % every == 0 or update + 1 == fit.updates:
            count = update % every + 1
            line = {name: round(total / count, 5) for name, total in sums.items()}
            log.append({"update": update + 1, "seconds": round(time.perf_counter() - start, 1), **line})
            say(" ".join(f"{name} {value:g}" for name, value in log[-1].items()))
            sums = {}
    return log


def _groups(model: nn.Module, decay: float) -> Sequence[dict[str, object]]:
    """Biases, norms and scales keep their size."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
