"""Class vectors of a vision-language encoder: from words, or from learnable vectors around class names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from weaktal.errors import InputError, arg, shown

if TYPE_CHECKING:  # settings take TEMPLATE from here, and are listed without torch
    from torch import Tensor

    from weaktal.encoders.vision_language import VisionLanguageEncoder

TEMPLATE = "a video of a person {}"
_AT_ONCE = 100  # texts that an encoder is given

# Where a label of several words may have been written as one: CleanAndJerk, cricket_shot, TVSet2.
_WORD_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[_\s]+")


def readable(label: str) -> str:
    """A class label as words.

    >>> [readable(label) for label in ("CleanAndJerk", "cricket_shot", "High jump", "BMX")]
    ['clean and jerk', 'cricket shot', 'high jump', 'bmx']
    """
    return " ".join(word for word in _WORD_BORDER.split(label) if word).lower()


def fill(template: str, labels: Sequence[str]) -> list[str]:
    """The template with each label in words in place of its ``{}``.

    Raises:
        InputError: if the template does not hold exactly one ``{}``.
    """
    if template.count("{}") != 1:
        raise InputError(f"holds {shown(template)}", source=arg("template"), expected="text with one {} for the class")
    return [template.replace("{}", readable(label)) for label in labels]


def class_vectors(encoder: VisionLanguageEncoder, texts: Sequence[str]) -> Tensor:
    """Unit vectors (C, D) of texts, of which the encoder is given some at a time, however many there are."""
    import torch

    parts = []
    for start in range(0, len(texts), _AT_ONCE):
        prompts = encoder.assemble(encoder.embed_texts(texts[start : start + _AT_ONCE]))
        parts.append(encoder.encode_text(prompts.embeddings, prompts.end))
    return torch.cat(parts)


def prompted_vectors(encoder: VisionLanguageEncoder, names: Sequence[Tensor], before: Tensor, after: Tensor) -> Tensor:
    """Unit vectors (C, D) of class names with learnable vectors around them; gradients reach these.

    Args:
        encoder: with its parameters frozen by the caller.
        names: token embeddings (n, E) of each class name, from :meth:`VisionLanguageEncoder.embed_texts`.
        before: (K, E), shared by all classes; K = 0 is allowed.
        after: (K', E).
    """
    import torch

    prompts = encoder.assemble([torch.cat([before, name, after]) for name in names])  # (C, L, E)
    return encoder.encode_text(prompts.embeddings, prompts.end)
