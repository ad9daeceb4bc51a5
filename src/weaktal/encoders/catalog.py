"""Encoders by name, with their weights: what ``--encoder`` and ``--weights`` of ``weaktal extract`` mean."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, cast

import torch

from weaktal.devices import Precision
from weaktal.encoders.look import Look
from weaktal.encoders.names import CHECKPOINT, HOUSE, installed, is_reference
from weaktal.encoders.networks import SnippetEncoder
from weaktal.encoders.weights_choice import WeightsChoice
from weaktal.errors import InputError, arg, shown


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
        raise InputError(f"is not for {shown(name)}", source=arg("take"), expected=expected)
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
            expected="a module that is installed or on PYTHONPATH",
        ) from error
    for part in path.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        problem = "is not a function" if found is not None else f"there is no {path} in {module}"
        raise InputError(problem, source=source, expected="package.module:function")
    return cast(EncoderBuilder, found)


def folder_name(encoder: str) -> str:
    """The feature folder that an encoder writes to where the user names none."""
    return Path(encoder).name if Path(encoder).is_dir() else encoder.replace("/", "--").replace(":", ".")
