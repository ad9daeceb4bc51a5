"""The plain baseline of weak supervision: one convolution, one classifier."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from weaktal.models.outputs import SnippetOutput
from weaktal.models.temporal import MaskedConv1d


class ConvolutionBranch(nn.Module):
    """One 1-D convolution with ReLU and dropout, then a linear classifier of each snippet.

    Args:
        dim: channels of the features, D.
        width: channels of the embedding, E.
        classes: C.
        kernel: snippets that the convolution sees, odd.
        dropout: before the classifier.
    """

    def __init__(self, *, dim: int, width: int, classes: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.conv = MaskedConv1d(dim, width, kernel=kernel)
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(width, classes)

    def forward(self, features: Tensor, mask: Tensor) -> SnippetOutput:
        """(B, T, D) and (B, T) to logits (B, T, C) and embedding (B, T, E)."""
        embedding = torch.relu(self.conv(features, mask))
        return SnippetOutput(logits=self.classify(self.dropout(embedding)), embedding=embedding)
