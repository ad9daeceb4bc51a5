"""What a branch hands out for a batch of videos."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class SnippetOutput(NamedTuple):
    """Scores and features of snippets.

    Attributes:
        logits: (B, T, C), one a class; their sigmoid is the class activation sequence.
        embedding: (B, T, E), the features that the scores came from.
    """

    logits: Tensor
    embedding: Tensor
