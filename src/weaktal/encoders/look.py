"""What is taken out of a network that offers several things: which layer, and how its tokens become one vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, Unpack, cast, get_args

import torch
from torch import Tensor

from weaktal.errors import InputError, arg, nearest, shown

Pooling = Literal["own", "first", "mean"]
_FRAMES = 512  # more are looked at by no model


@dataclass(frozen=True, slots=True)
class Look:
    """Settings of an encoder that is a model of the transformers library.

    Attributes:
        layer: of the hidden states; -1 is the output of the last one, after its normalization.
        pooling: "own" as the family is mostly used: the first token where it has one for the whole, else the mean; of
            AST's last layer, as the library pools it. "first" the first token, "mean" of all tokens that stand for a
            part of the picture or sound.
        frames: how many frames of a window a video model sees; None takes what it was trained with.
    """

    layer: int = -1
    pooling: Pooling = "own"
    frames: int | None = None

    @classmethod
    def parse(cls, settings: Sequence[str]) -> Look | None:
        """From ``--take layer=-2``, any number of times; None where there is none.

        Raises:
            InputError: for an unknown setting or a value that it cannot have.
        """
        if not settings:
            return None
        values: dict[str, int | str] = {}
        for setting in settings:
            key, _, text = setting.partition("=")
            if key not in ("layer", "pooling", "frames"):
                expected = (
                    f"layer=N, pooling=WORD or frames=N; nearest is {nearest(key, ('layer', 'pooling', 'frames'))}"
                )
                raise InputError(f"no setting {shown(key)}", source=f"{arg('take')} {setting}", expected=expected)
            number = text.removeprefix("-").isdecimal() and len(text) < 6
            values[key] = int(text) if key != "pooling" and number else text
        return cls.of(values)

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Look:
        """From settings by name, as a manifest or a Python caller has them.

        Raises:
            InputError: for a value that a setting cannot have.
        """
        layer, pooling, frames = (values.get(key, default) for key, default in _DEFAULTS.items())
        if type(layer) is not int or not -1000 < layer < 1000:
            raise InputError(f"is {shown(layer)}", source=f"{arg('take')} layer", expected="a number of a layer")
        if pooling not in get_args(Pooling):
            expected = " or ".join(get_args(Pooling))
            raise InputError(f"is {shown(pooling)}", source=f"{arg('take')} pooling", expected=expected)
        if frames is not None and (type(frames) is not int or not 1 <= frames <= _FRAMES):
            raise InputError(f"is {shown(frames)}", source=f"{arg('take')} frames", expected=f"1 to {_FRAMES}")
        return cls(layer, cast(Pooling, pooling), frames)


_DEFAULTS: Mapping[str, object] = {"layer": -1, "pooling": "own", "frames": None}


@dataclass(frozen=True, slots=True)
class Tokens:
    """How a family lays out its tokens.

    Attributes:
        special: how many tokens stand before those of the picture.
        own: how its classifier pools.
    """

    special: int
    own: Literal["first", "mean"]


class Place(TypedDict):
    """Keyword arguments of :class:`TokenModel`: its name, for messages; where it runs, and in what."""

    name: str
    device: torch.device
    dtype: torch.dtype


class TokenModel:
    """A model of the library whose tokens become one vector.

    Args:
        model: whose configuration has ``hidden_size``.
        look: which layer and pooling.
        layout: of its tokens.
        place: name, device and dtype.

    Raises:
        InputError: if the model has no such layer.
    """

    def __init__(self, model: Any, look: Look, layout: Tokens, **place: Unpack[Place]) -> None:
        self._device, self._dtype = place["device"], place["dtype"]
        _check_layer(look.layer, getattr(model.config, "num_hidden_layers", 0), place["name"])
        self.model = model.eval().requires_grad_(False).to(self._device, self._dtype)
        self.dim: int = model.config.hidden_size
        self.look, self._layout = look, layout

    def vectors(self, **inputs: Any) -> Tensor:
        """What the model is given, as (B, D), float32, on the CPU; tensors of numbers are taken to where it runs."""
        placed = {
            key: value.to(self._device, self._dtype) if isinstance(value, Tensor) else value
            for key, value in inputs.items()
        }
        with torch.inference_mode():
            tokens = hidden(self.model, self.look, **placed)  # (B, N, D)
            return gathered(tokens, self._layout, self.look.pooling).cpu()


def _check_layer(layer: int, layers: int, name: str) -> None:
    if layer != -1 and not -layers - 1 <= layer <= layers:
        expected = f"{-layers - 1} to {layers}"
        raise InputError(f"has {layers} layers", source=f"{name}, {arg('take')} layer={layer}", expected=expected)


def hidden(model: Any, look: Look, **inputs: Any) -> Tensor:
    """Tokens (B, N, D) of the layer that is asked for."""
    if look.layer == -1:
        tokens: Tensor = model(**inputs).last_hidden_state
        return tokens
    states = model(**inputs, output_hidden_states=True).hidden_states  # of the embedding, then of each layer
    chosen: Tensor = states[look.layer]
    return chosen


def gathered(tokens: Tensor, layout: Tokens, pooling: Pooling) -> Tensor:
    """Tokens (B, N, D) as one vector each (B, D), float32."""
    way = layout.own if pooling == "own" else pooling
    picked = tokens[:, 0] if way == "first" else tokens[:, layout.special :].mean(dim=1)
    return picked.float()
