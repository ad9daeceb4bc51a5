r"""Self-voting between streams: stored pseudo-labels, who may vote, and what the vote teaches.

From MMSD, Huang et al., TIP 2022; settings from the released code.

A stream's confidence in a snippet is how far apart it holds action and background,

.. math:: q_t = \Big| \sum_{c \le C, y_c = 1} p_{tc} - p_{t, C+1} \Big|, \qquad p_t = \mathrm{softmax}(s_t) .

Every stream stores a label of each training snippet, [attention > threshold], together with the confidence it then
had; a later label takes its place only with a higher confidence. In an update stream i is taught by its own stored
label where :math:`q^i \ge` ``reliable``, and by that of stream j where :math:`q^j \ge` ``reliable`` and
:math:`q^j - q^i \ge` ``margin``; the labels of all who vote are averaged, and the attention follows by squared error.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

# The released code adds this to the number of votes, against division by zero: one vote for action teaches 0.9999.
VOTE_EPSILON = 1e-4


class StoredLabels(NamedTuple):
    """What the streams hold of a batch of training videos.

    Attributes:
        labels: (S, B, T), 1 for foreground and 0 for background.
        confidence: (S, B, T) in [0, 1], with which the labels were stored.
    """

    labels: Tensor
    confidence: Tensor


def confidence(snippet_logits: Tensor, labels: Tensor) -> Tensor:
    """How far apart each stream holds action and background, without gradient.

    Args:
        snippet_logits: (S, B, T, C+1), the background last.
        labels: (B, C), 1 for each tag; probabilities of other classes do not count.

    Returns:
        (S, B, T) in [0, 1].
    """
    probabilities = torch.softmax(snippet_logits.detach(), dim=-1)
    action = (probabilities[..., :-1] * labels.unsqueeze(1)).sum(dim=-1)
    return (action - probabilities[..., -1]).abs()


def refreshed(stored: StoredLabels, attention: Tensor, confidences: Tensor, *, threshold: float) -> StoredLabels:
    """The stored labels, each replaced where the new confidence is higher than the one it was stored with.

    Args:
        stored: what the streams hold; zeros to begin with.
        attention: (S, B, T), now.
        confidences: (S, B, T), now.
        threshold: attention above it makes foreground.
    """
    surer = confidences > stored.confidence
    return StoredLabels(
        labels=torch.where(surer, (attention > threshold).to(stored.labels.dtype), stored.labels),
        confidence=torch.where(surer, confidences, stored.confidence),
    )


def voters(confidences: Tensor, *, reliable: float, margin: float) -> Tensor:
    """Whose stored label teaches whom.

    Args:
        confidences: (S, B, T).
        reliable: least confidence of a voter.
        margin: by how much another stream must be surer than the taught one.

    Returns:
        (S, S, B, T) bool, true at (i, j) where stream i is taught by stream j.
    """
    surer = confidences.unsqueeze(0) - confidences.unsqueeze(1) >= margin  # (i, j, B, T)
    own = torch.eye(len(confidences), dtype=torch.bool, device=confidences.device)[..., None, None]
    return (surer | own) & (confidences >= reliable)


def votes(stored_labels: Tensor, confidences: Tensor, *, reliable: float, margin: float) -> tuple[Tensor, Tensor]:
    """What each stream's attention should become, and where.

    Args:
        stored_labels: (S, B, T).
        confidences: (S, B, T), now.
        reliable: least confidence of a voter.
        margin: by how much another stream must be surer than the taught one.

    Returns:
        Targets in [0, 1], (S, B, T), and where there was at least one vote, (S, B, T) bool.
    """
    teaches = voters(confidences, reliable=reliable, margin=margin)  # (S, S, B, T)
    count = teaches.sum(dim=1, dtype=stored_labels.dtype)  # (S, B, T)
    total = (teaches * stored_labels.unsqueeze(0)).sum(dim=1)
    return total / (count + VOTE_EPSILON), count > 0


def voting_loss(attention: Tensor, targets: Tensor, voted: Tensor, mask: Tensor) -> Tensor:
    """Mean squared error over the snippets with a vote, one value a stream and video; 0 where nobody voted.

    Args:
        attention: (S, B, T).
        targets: (S, B, T).
        voted: (S, B, T) bool.
        mask: (B, T) bool.

    Returns:
        (S, B).
    """
    counted = voted & mask
    error = torch.where(counted, (attention - targets) ** 2, 0.0)
    return error.sum(dim=-1) / counted.sum(dim=-1).clamp_min(1)
