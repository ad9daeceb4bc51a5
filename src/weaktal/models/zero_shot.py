"""Scores of actions that nothing was trained on: frames against class vectors of a vision-language model, by cosine.

Ju et al. 2023 call this the vanilla vision-language baseline (section 3.3). Shapes: T snippets, C classes, K background
texts.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Activation = Literal["softmax", "relative"]

# Cosines of a still picture differ by rounding alone; a smaller spread than this is no rise of anything.
LEAST_SPREAD = 0.005


def snippet_scores(
    cosines: Tensor, *, classes: int, activation: Activation, temperature: float, above_chance: bool = False
) -> Tensor:
    """Scores (T, C) in [0, 1].

    "softmax" is the probability of a class among all texts, as in the paper. Of one text alone it would always be 1.
    "relative" looks at each class by itself: with z, the standard deviations by which a snippet's cosine lies above the
    video's mean, it is 2 sigmoid(z) - 1, and 0 below the mean. It finds where in a video an action is likeliest, not
    whether it is there at all.

    Args:
        cosines: (T, C + K), of snippets with classes and then with texts of the background.
        classes: C.
        activation: how cosines become scores.
        temperature: tau, for "softmax".
        above_chance: for "softmax": with n texts, p becomes (n p - 1) / (n - 1), and 0 where p is below 1 / n. Among
            few texts p is high everywhere, and without this the whole video is a class's best segment.

    Raises:
        ValueError: for a softmax over a single text.
    """
    if activation == "softmax":
        if cosines.shape[1] < 2:
            raise ValueError("the softmax of a single text is always 1")
        count = cosines.shape[1]
        probabilities = torch.softmax(cosines / temperature, dim=1)[:, :classes]  # (T, C)
        return ((probabilities * count - 1) / (count - 1)).clamp(min=0) if above_chance else probabilities
    wanted = cosines[:, :classes]
    spread = wanted.std(dim=0, correction=0).clamp(min=LEAST_SPREAD)  # (C,)
    return (2 * torch.sigmoid((wanted - wanted.mean(dim=0)) / spread) - 1).clamp(min=0)  # (T, C)
