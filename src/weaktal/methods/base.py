"""What the methods have in common: their settings' frame, what they are built for, and how they are found by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from weaktal.config import Settings
from weaktal.decoding.config import DecodeConfig
from weaktal.engine.settings import EngineConfig
from weaktal.errors import InputError, arg, nearest, shown
from weaktal.methods import METHODS, SETTINGS

if TYPE_CHECKING:
    from weaktal.arrays import Floats32
    from weaktal.engine.method import Method


class MethodConfig(Settings):
    """Settings that every method has; its own add models, losses and schedules."""

    engine: EngineConfig = EngineConfig()
    decode: DecodeConfig = DecodeConfig()

    def known_branches(self) -> Sequence[str] | None:
        """The method's ``branches``, where they are known without building it; None otherwise."""
        return None


GROUP = "weaktal.methods"  # entry points of methods that other packages bring

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
    text: Floats32 | None = None


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a method is built for.

    Attributes:
        dim: D, columns of the features.
        classes: the class list, C of them.
        streams: column ranges of the modalities, where the features have them.
        others: further features by name, where there are any.
        videos: training videos, for methods whose epoch is one pass over them.
        trained: stored weights will be loaded into the method, so only shapes have to be known.
    """

    dim: int
    classes: tuple[str, ...]
    streams: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    others: Mapping[str, OtherFeatures] = field(default_factory=dict)
    videos: int = 1
    trained: bool = False


class MethodModule(Protocol):
    """A module that holds a method: one of this package, or anybody's."""

    CONFIG: type[MethodConfig]

    def build(self, config: MethodConfig, inputs: Inputs) -> Method:
        """Makes the method with fresh weights, drawn from PyTorch's generator.

        Raises:
            InputError: if the method cannot work on these inputs.
        """
        ...


def installed_methods() -> dict[str, EntryPoint]:
    """Methods that installed packages offer as entry points of the group ``weaktal.methods``, by name.

    A name of this package's own stands for its own method, whatever else is installed.
    """
    return {point.name: point for point in entry_points(group=GROUP) if point.name not in METHODS}


def method_module(name: str) -> MethodModule:
    """The module of a method.

    Args:
        name: one of ``METHODS``, one that is installed, or the dotted name of any module. That module is imported, so
            a name that comes from elsewhere than the user goes through :func:`stored_method`.

    Raises:
        InputError: if there is no such method, or its module cannot be imported or lacks what makes a method.
    """
    if name in METHODS:
        return cast(MethodModule, importlib.import_module(METHODS[name]))
    installed = installed_methods()
    if name in installed:
        return _checked(name, installed[name].load)
    if _is_dotted(name):
        return _checked(name, lambda: importlib.import_module(name))
    raise no_method(name)


def no_method(name: str) -> InputError:
    """What to say where there is no method of that name."""
    known = [*METHODS, *installed_methods()]
    near = nearest(name, known, least=0.6)
    expected = f"one of {', '.join(known)}, or package.module" + (f"; nearest is {near}" if near else "")
    return InputError(f"no method {shown(name)}", source=arg("method"), expected=expected)


def method_settings(name: str) -> type[MethodConfig]:
    """The settings of a method; of weaktal's own without torch.

    Raises:
        InputError: as :func:`method_module`.
    """
    if name not in SETTINGS:
        return method_module(name).CONFIG
    module, _, kind = SETTINGS[name].partition(":")
    return cast(type[MethodConfig], getattr(importlib.import_module(module), kind))


def stored_method(name: str, named: str | None, source: Path) -> MethodModule:
    """The module of the method that a run's folder names.

    A folder may come from anybody, and importing a module runs it. So only this package's methods and installed ones
    are taken at the folder's word; of any other module the user says the name too.

    Args:
        name: what the folder says.
        named: what the user says, if anything.
        source: the folder's file, for messages.

    Raises:
        InputError: if both differ, the user has to say it, or as :func:`method_module`.
    """
    if named is not None and named != name:
        raise InputError(
            f"names {shown(named)}, and the run was trained with {shown(name)}",
            source=arg("method"),
            expected="the method of the run, or to be left out",
        )
    if named is None and name not in {*METHODS, *METHODS.values(), *installed_methods()}:
        unknown = f"names the method {shown(name)}, which is neither weaktal's nor installed"
        if _is_dotted(name):
            raise InputError(unknown, source=source, expected=f"{arg('method')} {name}, if this module may be run")
        raise InputError(unknown, source=source, expected=f"the package that has it among its entry points {GROUP}")
    return method_module(name)


def _is_dotted(name: str) -> bool:
    return "." in name and all(part.isidentifier() for part in name.split("."))


def _checked(name: str, load: Callable[[], Any]) -> MethodModule:
    source = f"{arg('method')} {name}"
    try:
        module = load()
    except Exception as error:  # whatever somebody's module does while it is imported
        raise InputError(
            f"cannot be imported ({type(error).__name__}: {error})",
            source=source,
            expected="a module that is installed or in a folder of PYTHONPATH, and runs",
        ) from None
    config = getattr(module, "CONFIG", None)
    if not (isinstance(config, type) and issubclass(config, MethodConfig)):
        problem = "has no CONFIG" if config is None else "has a CONFIG of another kind"
        expected = "a class of settings, derived from weaktal.methods.base.MethodConfig"
        raise InputError(problem, source=source, expected=expected)
    if not callable(getattr(module, "build", None)):
        raise InputError(
            "has no build", source=source, expected="a function build(config, inputs) that makes the method"
        )
    return cast(MethodModule, module)
