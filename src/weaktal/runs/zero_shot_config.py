"""Settings and class names of localization without training.

The sources speak of the vision-language branch of Ju et al. 2023.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from weaktal.config import Settings, setting
from weaktal.decoding.config import DecodeConfig
from weaktal.encoders.prompts import TEMPLATE
from weaktal.errors import InputError, arg, shown


class ZeroShotConfig(Settings):
    """How names become segments."""

    fps: Annotated[float, Field(gt=0, le=500)] = setting(
        2.0,
        "Frames that are looked at, each in the middle of its snippet; actions last seconds.",
        "ours",
        unit="frames a second",
    )
    template: str = setting(TEMPLATE, "Text of a class; {} is its name.", "ours")
    texts: Path | None = setting(
        None,
        "File of several texts a class, see weaktal.encoders.descriptions; its classes are described by their mean.",
        "ours",
    )
    centered: bool = setting(
        False,
        "Take each text's mean cosine over all snippets of all videos off: a text that fits everything fits nothing.",
        "ours",
    )
    background: tuple[Annotated[str, Field(min_length=1)], ...] = setting(
        (),
        "What else a frame may show, as whole texts; they take part in the softmax and are never localized.",
        "ours",
    )
    activation: Literal["softmax", "relative", "auto"] = setting(
        "auto",
        "How cosines become scores, see weaktal.models.zero_shot. auto is softmax, as in the paper, and relative where "
        "there is but one text, since its softmax is always 1.",
        "paper",
    )
    temperature: PositiveFloat = setting(0.07, "Temperature tau of the softmax.", "paper")
    above_chance: bool = setting(
        True, "Subtract what guessing among the texts would give; false is the plain softmax of the paper.", "ours"
    )
    divisor: PositiveInt = setting(
        8, "A video's score is the mean of its ceil(T / divisor) highest snippets, as in training.", "open"
    )
    decode: DecodeConfig = DecodeConfig()


def parse_labels(text: str) -> tuple[str, ...]:
    """Class names out of ``"high jump, pole vault"``.

    Raises:
        InputError: if there is none, or one is empty or appears twice.
    """
    labels = tuple(label.strip() for label in text.split(","))
    for label in labels:
        if not label or labels.count(label) > 1:
            problem = f"the class {shown(label)} appears twice" if label else "a class without a name"
            raise InputError(
                problem, source=f"{arg('zero_shot')} {shown(text)}", expected="distinct names between commas"
            )
    return labels


def full_setting(override: str) -> str:
    """A setting as the command line takes it: those of decoding need no ``decode.`` before them."""
    key = override.partition("=")[0].strip()
    return f"decode.{override}" if key in DecodeConfig.model_fields else override
