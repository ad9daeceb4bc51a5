"""What the methods have in common: their settings' frame, what they are built for, and how they are found by name."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, cast

from weaktal.config import Settings
from weaktal.decode.config import DecodeConfig
from weaktal.engine.settings import EngineConfig
from weaktal.errors import InputError, arg, nearest, shown
from weaktal.methods import METHODS, SETTINGS

if TYPE_CHECKING:
    from weaktal.data.features import Array
    from weaktal.engine.method import Method


class MethodConfig(Settings):
    """Settings that every method has; its own add models, losses and schedules."""

    engine: EngineConfig = EngineConfig()
    decode: DecodeConfig = DecodeConfig()


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a method is built for.

    Attributes:
        dim: D, columns of the features.
        classes: the class list, C of them.
        streams: column ranges of the modalities, where the features have them.
        vlp_dim: columns of the vision-language features, where there are any.
        videos: training videos, for methods whose epoch is one pass over them.
        text: (C, vlp_dim) class vectors that came with the vision-language features, where there are any.
        trained: stored weights will be loaded into the method, so nothing but shapes has to be at hand.
    """

    dim: int
    classes: tuple[str, ...]
    streams: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    vlp_dim: int | None = None
    videos: int = 1
    text: Array | None = None
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
    _check_method(name)
    return cast(MethodModule, importlib.import_module(METHODS[name]))


def method_settings(name: str) -> type[MethodConfig]:
    """The settings of a method, without torch.

    Raises:
        InputError: if no method has that name.
    """
    _check_method(name)
    module, _, kind = SETTINGS[name].partition(":")
    return cast(type[MethodConfig], getattr(importlib.import_module(module), kind))


def _check_method(name: str) -> None:
    if name not in METHODS:
        expected = f"one of {', '.join(METHODS)}; nearest is {nearest(name, METHODS)}"
        raise InputError(f"no method {shown(name)}", source=arg("method"), expected=expected)
