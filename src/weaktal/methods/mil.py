"""Method ``mil``: plain multiple-instance learning, the baseline of the field.

One convolution, one classifier; a video's probability of a class is the mean of its k highest snippets, and that is
held against the tags by cross-entropy. :class:`MultipleInstance` is also what ``cbp`` trains with, on another network.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from weaktal.engine.batch import Batch, VideoSet
from weaktal.engine.method import Phase, SingleWay, State
from weaktal.engine.settings import OptimizerConfig
from weaktal.losses.mil import classification_loss, tag_entropy, top_k_mean
from weaktal.methods.base import Inputs
from weaktal.methods.mil_config import MilConfig, PoolingConfig, ScheduleConfig
from weaktal.models.outputs import SnippetOutput

LOOK_BATCH = 8  # videos at full length that are looked at together


class MultipleInstance(SingleWay):
    """A branch trained on video-level tags alone.

    Args:
        branch: features (B, T, D) and mask (B, T) to class logits and an embedding.
        pooling, optimizer, schedule: settings.
    """

    def __init__(
        self, branch: nn.Module, *, pooling: PoolingConfig, optimizer: OptimizerConfig, schedule: ScheduleConfig
    ) -> None:
        self.module = branch
        self.pooling = pooling
        self.optimizer = optimizer
        self.schedule = schedule

    def phases(self) -> list[Phase]:
        """One phase: L_cls on the tags."""
        return [
            Phase(
                name="warm-up",
                updates=self.schedule.epochs * self.schedule.updates_per_epoch,
                trains=[""],
                losses=self.losses,
                optimizer=self.optimizer,
                enough=self.has_learned_the_tags,
                ask_every=self.schedule.updates_per_epoch if self.schedule.end_below else 0,
            )
        ]

    def has_learned_the_tags(self, videos: VideoSet) -> bool:
        """Whether L_cls of the whole videos, without dropout, has come below its share of the tags' entropy.

        From there on training finds no more tags. It drives scores to 0 and 1, and what resembles an action in part
        goes to 1: false alarms rise, while the tags of other videos are told ever better.
        """
        device = next(self.module.parameters()).device
        total = 0.0
        for batch in videos.whole(LOOK_BATCH):
            probabilities = self.localize(batch.to(device), None)[1]
            total += len(batch) * classification_loss(probabilities, batch.labels.to(device)).item()
        return total / len(videos) < self.schedule.end_below * tag_entropy(videos.labels).item()

    def losses(self, batch: Batch, _state: State) -> dict[str, Tensor]:
        """L_cls, the only one."""
        return self.supervised(batch)[1]

    def snippets(self, batch: Batch) -> SnippetOutput:
        """Logits (B, T, C) and embedding (B, T, E)."""
        output: SnippetOutput = self.module(batch.features, batch.mask)
        return output

    def supervised(self, batch: Batch) -> tuple[SnippetOutput, dict[str, Tensor]]:
        """The same, and L_cls."""
        output = self.snippets(batch)
        videos = video_probabilities(output.logits, batch.mask, self.pooling)
        return output, {"cls": classification_loss(videos, batch.labels)}

    def localize(self, batch: Batch, _branch: str | None) -> tuple[Tensor, Tensor]:
        """Snippet probabilities (B, T, C) and video probabilities (B, C)."""
        return probabilities(self.snippets(batch).logits, batch.mask, self.pooling)


def video_probabilities(logits: Tensor, mask: Tensor, pooling: PoolingConfig) -> Tensor:
    """Snippet logits (B, T, C) and mask (B, T) to (B, C)."""
    if pooling.of == "logits":
        return torch.sigmoid(top_k_mean(logits, mask, pooling.divisor))
    return top_k_mean(torch.sigmoid(logits), mask, pooling.divisor)


def probabilities(logits: Tensor, mask: Tensor, pooling: PoolingConfig) -> tuple[Tensor, Tensor]:
    """Of snippets, (B, T, C), zero in the padding, and of videos, (B, C)."""
    snippets = torch.sigmoid(logits).masked_fill(~mask[:, :, None], 0.0)
    return snippets, video_probabilities(logits, mask, pooling)


CONFIG = MilConfig


def build(config: MilConfig, inputs: Inputs) -> MultipleInstance:
    """The baseline with fresh weights."""
    return MultipleInstance(
        config.model.build(dim=inputs.dim, classes=len(inputs.classes)),
        pooling=config.pooling,
        optimizer=config.optimizer,
        schedule=config.schedule,
    )
