"""Which classes compete in VLP's softmax while it labels and learns, where the tags are known.

Under a softmax two classes that are true at once take from each other: every cliff dive is a dive, and neither gets
above a half. The paper says nothing of it, so everything here is [open].
"""

from __future__ import annotations

import torch
from torch import Tensor

from weaktal.engine.batch import VideoSet
from weaktal.engine.method import State
from weaktal.methods.collab.settings import VlpConfig
from weaktal.models.logits import against

LEAST_VIDEOS = 5  # of a class, before it can be said that another always comes with it
NESTED = "rivals"


def not_nested(tags: Tensor) -> Tensor:
    """For each class its rivals: all but those that come with it in every video, and those that it always comes with.

    A class that is in all videos has no rival left, and then keeps all: nothing tells it from the others.

    Args:
        tags: (V, C), above 0 for each tag of a training video.

    Returns:
        (C, C) bool; row c has the rivals of class c.
    """
    held = (tags > 0).double()
    together, videos = held.T @ held, held.sum(dim=0)
    always = (together == videos[:, None]) & (videos[:, None] >= LEAST_VIDEOS)  # whoever holds c holds the other too
    return ~(always | always.T | torch.eye(len(always), dtype=torch.bool))


def stored_rivals(config: VlpConfig, videos: VideoSet) -> dict[str, Tensor]:
    """What a phase has to know of all training videos: (C, C) under :data:`NESTED`, or nothing where all compete."""
    if config.rivals != "not_nested":
        return {}
    rivals = not_nested(videos.labels)
    return {} if rivals.sum() == len(rivals) * (len(rivals) - 1) else {NESTED: rivals}


def with_rivals(logits: Tensor, config: VlpConfig, tags: Tensor, state: State) -> Tensor:
    """Logits of a softmax over all classes, (B, T, C), as those of each class against its rivals alone.

    Args:
        logits: one class against the rest, as :func:`weaktal.models.logits.one_against_rest` gives them.
        config: where ``rivals`` is ``all`` they stay; ``not_nested`` takes the classes of ``state``; with ``untagged``
            the classes that a video holds do not compete with each other. Under a sigmoid they stay as well.
        tags: (B, C), above 0 for each tag.
        state: what :func:`stored_rivals` gave.
    """
    if config.rivals == "all" or config.probabilities == "sigmoid":
        return logits
    if config.rivals == "not_nested":
        return against(logits, state[NESTED].to(logits.device)) if NESTED in state else logits
    held = tags > 0
    others = ~torch.eye(held.shape[1], dtype=torch.bool, device=held.device)
    return against(logits, ~(held[:, :, None] & held[:, None, :]) & others)
