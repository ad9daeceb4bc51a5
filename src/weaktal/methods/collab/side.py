"""The classification-based side of ``collab``: what any method must offer to take part in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from weaktal.engine.batch import Batch
from weaktal.engine.method import Phase
from weaktal.methods import mmsd
from weaktal.methods.base import Inputs
from weaktal.methods.collab.either import EitherSide, Network
from weaktal.methods.collab.settings import CollabConfig
from weaktal.methods.mil import MultipleInstance
from weaktal.methods.mil_config import ScheduleConfig
from weaktal.models.outputs import SnippetOutput


class CbpSide(Protocol):
    """A weakly supervised method that ``collab`` can teach; ``mil``, ``cbp`` and ``mmsd`` are such."""

    @property
    def module(self) -> nn.Module:
        """Its network."""
        ...

    def phases(self) -> Sequence[Phase]:
        """The warm-up: all that it does when it trains alone."""
        ...

    def snippets(self, batch: Batch) -> SnippetOutput:
        """What it says of the snippets.

        Returns:
            Logits (B, T, C), whose sigmoid are the scores that localize, and an embedding (B, T, E).
        """
        ...

    def supervised(self, batch: Batch) -> tuple[SnippetOutput, dict[str, Tensor]]:
        """The same, with its own named losses on the tags: weighted, each the mean over the videos."""
        ...

    def localize(self, batch: Batch, branch: str | None) -> tuple[Tensor, Tensor]:
        """Scores of snippets (B, T, C) and of videos (B, C), as :meth:`weaktal.engine.method.Method.localize`."""
        ...


def build_side(config: CollabConfig, inputs: Inputs) -> CbpSide:
    """The side that the settings name, with fresh weights.

    Raises:
        InputError: if it cannot work on these features.
    """
    if config.cbp == "mmsd":
        return mmsd.build(config.mmsd, inputs)
    if config.cbp == "auto":
        pyramid = _on_tags("pyramid", config, inputs)
        with torch.random.fork_rng(devices=[]):  # what is drawn after the side is as where the pyramid is named
            return EitherSide({"pyramid": pyramid, "convolution": _on_tags("convolution", config, inputs)})
    return _on_tags(config.cbp, config, inputs)


def _on_tags(name: Network, config: CollabConfig, inputs: Inputs) -> MultipleInstance:
    """A network that learns the tags as the collaboration's warm-up does."""
    network = config.pyramid if name == "pyramid" else config.convolution
    schedule = config.schedule
    return MultipleInstance(
        network.build(dim=inputs.dim, classes=len(inputs.classes)),
        pooling=config.pooling,
        optimizer=config.optimizer,
        schedule=ScheduleConfig(
            epochs=schedule.warm_up,
            updates_per_epoch=schedule.updates_per_epoch,
            end_below=schedule.end_below,
        ),
    )
