"""A video's score of a class is the mean of its snippets' scores, weighted by a learned attention."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from weaktal.config import Count, Settings, Size, setting
from weaktal.engine.batch import Batch
from weaktal.engine.method import Phase, SingleWay, State
from weaktal.engine.settings import OptimizerConfig
from weaktal.losses.mil import classification_loss
from weaktal.methods.base import Inputs, MethodConfig


class ModelConfig(Settings):
    """The network."""

    width: Size = setting(128, "Width of the embedding.", "ours", unit="channels")


class AttentionConfig(MethodConfig):
    """Settings of the method, which ``--set`` and ``--config`` change; decoding and the engine add theirs."""

    model: ModelConfig = ModelConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    updates: Count = setting(1000, "How long training goes on.", "ours", unit="updates")


class Network(nn.Module):
    """Features (B, T, D) to class logits (B, T, C) and attention logits (B, T)."""

    def __init__(self, dim: int, width: int, classes: int) -> None:
        super().__init__()
        self.embed = nn.Linear(dim, width)
        self.classify = nn.Linear(width, classes)
        self.attend = nn.Linear(width, 1)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Both of every snippet."""
        embedding = torch.relu(self.embed(features))  # (B, T, W)
        return self.classify(embedding), self.attend(embedding).squeeze(-1)


class AttentionPooling(SingleWay):
    """The method as the engine sees it: a network, phases, and scores for a batch."""

    def __init__(self, network: Network, config: AttentionConfig) -> None:
        self.module = network
        self.config = config

    def phases(self) -> list[Phase]:
        """One phase: the tags supervise the pooled scores."""
        return [
            Phase(
                name="pooling",
                updates=self.config.updates,
                trains=[""],
                losses=self.losses,
                optimizer=self.config.optimizer,
            )
        ]

    def losses(self, batch: Batch, _state: State) -> dict[str, Tensor]:
        """Cross-entropy of the pooled scores with the tags."""
        _, videos = self.scores(batch)
        return {"cls": classification_loss(videos, batch.labels)}

    def scores(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Probabilities of snippets, (B, T, C), zero in the padding, and of videos, (B, C)."""
        logits, attention = self.module(batch.features)
        snippets = torch.sigmoid(logits)
        weights = attention.masked_fill(~batch.mask, -torch.inf).softmax(dim=1)  # (B, T), 0 in the padding
        videos = (weights[:, :, None] * snippets).sum(dim=1)
        relevant = torch.sigmoid(attention)[:, :, None] * snippets
        return relevant.masked_fill(~batch.mask[:, :, None], 0.0), videos

    def localize(self, batch: Batch, _branch: str | None) -> tuple[Tensor, Tensor]:
        """What training pools."""
        return self.scores(batch)


# What weaktal looks for in this module.
CONFIG = AttentionConfig


def build(config: AttentionConfig, inputs: Inputs) -> AttentionPooling:
    """The method with fresh weights."""
    return AttentionPooling(Network(inputs.dim, config.model.width, len(inputs.classes)), config)
