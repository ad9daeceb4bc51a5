"""Several texts a class out of a file: templates, and descriptions in words of one's own.

    templates:                    # of the class names; optional
      - a video of a person {}
      - a photo of {}
    classes:                      # whole texts, besides the templates; optional, and not of every class
      high jump: [an athlete leaps backwards over a bar]

A class's vector is the mean of the unit vectors of all its texts, made a unit vector again (Radford et al. 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from weaktal.config import Settings, load_settings, setting
from weaktal.encoders.prompts import class_vectors, fill, readable
from weaktal.errors import InputError, nearest, shown

if TYPE_CHECKING:
    from torch import Tensor

    from weaktal.encoders.vision_language import VisionLanguageEncoder

_Text = Annotated[str, Field(min_length=1, max_length=1000)]


class Descriptions(Settings):
    """Texts of classes."""

    templates: Annotated[tuple[_Text, ...], Field(max_length=200)] = setting(
        (), "Texts with {} for the name of the class, used for every class.", "ours"
    )
    classes: dict[str, Annotated[tuple[_Text, ...], Field(max_length=200)]] = setting(
        {}, "Whole texts of a class by its name.", "ours"
    )


def class_texts(labels: Sequence[str], template: str, file: Path | None = None) -> list[list[str]]:
    """The texts of each class.

    Args:
        labels: class names.
        template: for classes that a file says nothing of, or where there is none.
        file: as this module's docstring has it.

    Raises:
        InputError: if a template is not one, or the file cannot be read or describes a class that does not exist.
    """
    if file is None:
        return [[text] for text in fill(template, labels)]
    given = load_settings(Descriptions, file)
    own = {readable(name): texts for name, texts in given.classes.items()}
    words = [readable(label) for label in labels]
    for name in given.classes:
        if readable(name) not in words:
            expected = f"one of the {len(labels)} classes; nearest is {nearest(name, labels)}"
            raise InputError(f"describes {shown(name)}", source=file, place="classes", expected=expected)
    filled = [fill(each, labels) for each in given.templates]
    texts = [[*(row[index] for row in filled), *own.get(word, ())] for index, word in enumerate(words)]
    return [some or fill(template, [label]) for some, label in zip(texts, labels, strict=True)]


def described_vectors(encoder: VisionLanguageEncoder, texts: Sequence[Sequence[str]]) -> Tensor:
    """Unit vectors (C, D) of classes that have one or several texts each."""
    import torch

    every = class_vectors(encoder, [text for some in texts for text in some])  # (sum of texts, D)
    means = torch.stack([part.mean(dim=0) for part in torch.split(every, [len(some) for some in texts])])
    return torch.nn.functional.normalize(means, dim=-1)
