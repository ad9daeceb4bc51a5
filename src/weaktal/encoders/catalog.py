"""Encoders by name, with their weights: what ``--encoder`` and ``--weights`` of ``weaktal extract`` mean."""

from __future__ import annotations

import importlib
import inspect
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, cast

import torch

from weaktal.encoders.look import Look
from weaktal.encoders.names import CHECKPOINT, HOUSE, installed, is_reference
from weaktal.encoders.networks import Precision, SnippetEncoder
from weaktal.encoders.weights import KNOWN, known, locate
from weaktal.errors import InputError, arg, shown


@dataclass(frozen=True, slots=True)
class WeightsChoice:
    """Which weights to take.

    Attributes:
        root: folder to look in instead of the usual one.
        paths: files or folders by the names of ``weaktal weights``, taken before ``root``.
        seed: draw random weights instead, for trying things without weights.
    """

    root: Path | None = None
    paths: Mapping[str, Path] = field(default_factory=dict)
    seed: int | None = None

    @classmethod
    def of(cls, weights: WeightsLike | None, seed: int | None = None) -> WeightsChoice:
        """From what a Python caller gives: a folder, files and folders by name, or a choice that was made before.

        Raises:
            InputError: if both are given, the seed is negative, or a path does not exist.
        """
        _check_seed(seed, weights is not None)
        if isinstance(weights, WeightsChoice):
            return weights
        if isinstance(weights, str | os.PathLike):
            return cls(root=_existing(weights))
        paths = {} if weights is None else dict(weights)
        return cls(paths={name: _existing(path) for name, path in paths.items()}, seed=seed)

    @classmethod
    def parse(cls, options: Sequence[str], seed: int | None) -> WeightsChoice:
        """From ``--weights FOLDER``, ``--weights NAME=PATH`` and ``--random-weights SEED``.

        Raises:
            InputError: if the options contradict each other or name nothing.
        """
        _check_seed(seed, bool(options))
        root, paths = None, {}
        for option in options:
            name, equals, path = option.partition("=")
            if equals and name in KNOWN:
                paths[name] = Path(path)
            elif Path(option).exists():
                root = Path(option)
            elif equals and Path(path).exists():
                paths[name] = Path(path)
            else:
                expected = f"an existing file or folder, or NAME=PATH with NAME one of {', '.join(KNOWN)}"
                raise InputError("no such file or folder", source=f"{arg('weights')} {option}", expected=expected)
        return cls(root, paths, seed)

    def path(self, name: str) -> Path:
        """The weights of that name.

        Raises:
            InputError: if they are nowhere.
        """
        if name in self.paths:
            return locate(known(name), self.paths[name])
        return locate(known(name), self.root)

    def named(self, name: str) -> Path | None:
        """What the user named for an encoder that weaktal does not know: NAME=PATH, or else the one folder."""
        return self.paths.get(name, self.root)


# From Python: a folder of weights, files and folders by the names of ``weaktal weights``, or a choice made before.
WeightsLike = str | os.PathLike[str] | Mapping[str, str | os.PathLike[str]] | WeightsChoice


def _check_seed(seed: int | None, weights: bool) -> None:
    if seed is not None and weights:
        raise InputError(f"contradicts {arg('weights')}", source=arg("random_weights"), expected="one of the two")
    if seed is not None and not 0 <= seed < 2**63:
        raise InputError(f"is {seed}", source=arg("random_weights"), expected="a seed from 0 on")


def _existing(path: str | os.PathLike[str]) -> Path:
    if not Path(path).exists():
        source = f"{arg('weights')} {os.fspath(path)}"
        raise InputError("no such file or folder", source=source, expected="an existing file or folder")
    return Path(path)


class EncoderBuilder(Protocol):
    """A function that builds an encoder: one of weaktal's own, or an own one, which weaktal calls just the same."""

    def __call__(
        self, *, name: str, weights: WeightsChoice, device: torch.device, precision: Precision
    ) -> SnippetEncoder:
        """The encoder, ready to run.

        Args:
            name: what the user calls it, and what manifests will.
            weights: what was said of weights; ``weights.named(name)`` is the path that is meant for it, if any, and
                ``weights.seed`` asks for random ones.
            device: where to run.
            precision: of its networks; an encoder that has but one may ignore it.

        Raises:
            InputError: if weights are missing or damaged.
        """
        ...


def build_encoder(
    name: str,
    weights: WeightsChoice,
    *,
    device: torch.device | None = None,
    precision: Precision = "fp32",
    look: Look | None = None,
) -> SnippetEncoder:
    """The encoder of that name, ready to run.

    Args:
        name: one of :data:`weaktal.encoders.names.HOUSE`, the name of an entry point ``weaktal.encoders`` of an
            installed package, ``package.module:function``, a checkpoint folder, or ORGANIZATION/MODEL. Of these,
            ``package.module:function`` runs any code that can be imported, so it must come from the user.
        weights: which to take.
        device: where to run; the CPU without it.
        precision: of its networks.
        look: which layer and pooling of a checkpoint of the transformers library; other encoders leave no choice.

    Raises:
        InputError: if there is no such encoder, it takes no ``look``, or its weights are missing or damaged.
    """
    device = device or torch.device("cpu")
    named = None if name in HOUSE else installed().get(name)
    own = named or (name if is_reference(name) and not Path(name).is_dir() else None)
    if own is None and HOUSE.get(name, CHECKPOINT) == CHECKPOINT:
        build: Any = _function(CHECKPOINT)
        checkpoint: SnippetEncoder = build(name=name, weights=weights, device=device, precision=precision, look=look)
        return checkpoint
    if look is not None:
        expected = "to be left out; checkpoints of the transformers library leave such a choice"
        raise InputError(f"is not for {shown(name)}", source=arg("look"), expected=expected)
    if name in HOUSE:
        return _function(HOUSE[name])(name=name, weights=weights, device=device, precision=precision)
    assert own is not None
    source = f"{arg('encoder')} {name}"
    function = _function(own, source)
    arguments = {"name": name, "weights": weights, "device": device, "precision": precision}
    try:
        inspect.signature(function).bind(**arguments)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"cannot be called ({error})", source=source, expected=f"a function of {', '.join(arguments)}"
        ) from None
    encoder: object = function(name=name, weights=weights, device=device, precision=precision)
    if not isinstance(encoder, SnippetEncoder):
        raise InputError(f"gave {shown(encoder)}", source=source, expected="a weaktal.encoders.networks.SnippetEncoder")
    # The manifest must hold the name under which the encoder is found again, and all that it is built with.
    return replace(encoder, name=name, provenance={"precision": precision, **encoder.provenance})


def _function(reference: str, source: str | None = None) -> EncoderBuilder:
    """What ``package.module:function`` names; ``source`` is what the user named, for messages.

    Raises:
        InputError: if there is no such thing.
    """
    module, _, path = reference.partition(":")
    try:
        found: object = importlib.import_module(module)
    except Exception as error:  # the module runs, and may fail in any way
        raise InputError(
            f"cannot be imported ({type(error).__name__}: {error})",
            source=source,
            expected="a module that is installed or lies on PYTHONPATH",
        ) from error
    for part in path.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        problem = "is no function" if found is not None else f"there is no {path} in {module}"
        raise InputError(problem, source=source, expected="package.module:function")
    return cast(EncoderBuilder, found)


def folder_name(encoder: str) -> str:
    """The feature folder that an encoder writes to where the user names none."""
    return Path(encoder).name if Path(encoder).is_dir() else encoder.replace("/", "--").replace(":", ".")
