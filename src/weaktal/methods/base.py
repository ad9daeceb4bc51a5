"""What the methods have in common: their settings' frame, what they are built for, and how they are found by name."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, cast

from weaktal.config import Settings
from weaktal.decode.config import DecodeConfig
from weaktal.engine.settings import EngineConfig
from weaktal.errors import InputError, arg, shown
from weaktal.methods import METHODS

if TYPE_CHECKING:
    from weaktal.data.features import Array
    from weaktal.engine.method import Method


class MethodConfig(Settings):
    """Settings that every method has; its own add models, losses and schedules."""

    engine: EngineConfig = EngineConfig()
    decode: DecodeConfig = DecodeConfig()


# What a method's further features are called that ``weaktal train`` opens as ``vlp_features``.
VLP = "vlp"


@dataclass(frozen=True, slots=True)
class OtherFeatures:
    """What a method is told of further features.

    Attributes:
        dim: their columns.
        text: (C, dim) class vectors that came with them, where there are any.
    """

    dim: int
    text: Array | None = None


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a method is built for.

    Attributes:
        dim: D, columns of the features.
        classes: the class list, C of them.
        streams: column ranges of the modalities, where the features have them.
        others: further features by name, where there are any.
        videos: training videos, for methods whose epoch is one pass over them.
        trained: stored weights will be loaded into the method, so nothing but shapes has to be at hand.
    """

    dim: int
    classes: tuple[str, ...]
    streams: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    others: Mapping[str, OtherFeatures] = field(default_factory=dict)
    videos: int = 1
    trained: bool = False


class MethodModule(Protocol):
    """A module of this package that holds a method."""

    CONFIG: type[MethodConfig]

    def build(self, config: MethodConfig, inputs: Inputs) -> Method:
        """Makes the method with fresh weights, drawn from PyTorch's generator.

        Raises:
            InputError: if the method cannot work on these inputs.
        """
        ...


def method_module(name: str) -> MethodModule:
    """The module of a method.

    Raises:
        InputError: if no method has that name.
    """
    if name not in METHODS:
        raise InputError(f"no method {shown(name)}", source=arg("method"), expected=f"one of {', '.join(METHODS)}")
    return cast(MethodModule, importlib.import_module(METHODS[name]))
