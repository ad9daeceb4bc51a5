"""The classification-based side where its network is not named: the paper's pyramid, or a plain convolution.

The paper's collaboration rests on a CBP that finds too little and is sure of that. A network that on tags alone hardly
tells action from the rest more clearly than vanilla VLP does is not that; so another takes its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor, nn

from weaktal.engine.batch import Batch, VideoSet
from weaktal.engine.method import Phase
from weaktal.methods.mil import MultipleInstance
from weaktal.models.outputs import SnippetOutput

Network = Literal["pyramid", "convolution"]
NETWORKS: tuple[Network, ...] = ("pyramid", "convolution")  # in the order in which they learn the tags


class EitherNetwork(nn.ModuleDict):
    """Both networks, and which of them stands for the side; the latter is stored with the weights."""

    taken: Tensor

    def __init__(self, networks: Mapping[Network, nn.Module]) -> None:
        super().__init__({str(name): network for name, network in networks.items()})
        self.register_buffer("taken", torch.tensor(0))


class EitherSide:
    """A side with two networks; which of them stands for it is decided after the first has had its warm-up.

    Args:
        sides: a side with each network, by its name.
    """

    def __init__(self, sides: Mapping[Network, MultipleInstance]) -> None:
        self.sides = sides
        self.module = EitherNetwork({name: side.module for name, side in sides.items()})

    @property
    def taken(self) -> Network:
        """The network that stands for the side."""
        return "convolution" if bool(self.module.taken) else "pyramid"

    def take(self, network: Network) -> None:
        """From here on this network stands for the side."""
        self.module.taken.fill_(NETWORKS.index(network))

    def phases(self) -> Sequence[Phase]:
        """The pyramid on the tags, then the convolution, which is over after an epoch where it is not taken."""
        phases = []
        for name, side in self.sides.items():
            (alone,) = side.phases()
            phases.append(replace(alone, name=name, stream=0))  # each as where it is named
        convolution = self.sides["convolution"]
        schedule = convolution.schedule
        phases[-1] = replace(
            phases[-1], enough=_over(self, convolution, schedule.end_below), ask_every=schedule.updates_per_epoch
        )
        return phases

    def snippets(self, batch: Batch) -> SnippetOutput:
        """Logits (B, T, C) and embedding (B, T, E) of the network that is taken."""
        return self.sides[self.taken].snippets(batch)

    def supervised(self, batch: Batch) -> tuple[SnippetOutput, dict[str, Tensor]]:
        """The same, and L_cls."""
        return self.sides[self.taken].supervised(batch)

    def localize(self, batch: Batch, branch: str | None) -> tuple[Tensor, Tensor]:
        """Snippet probabilities (B, T, C) and video probabilities (B, C) of the network that is taken."""
        return self.sides[self.taken].localize(batch, branch)


def _over(side: EitherSide, convolution: MultipleInstance, end_below: float) -> Callable[[VideoSet], bool]:
    def over(videos: VideoSet) -> bool:
        return side.taken == "pyramid" or (end_below > 0 and convolution.has_learned_the_tags(videos))

    return over
