"""The vision-language branch of ``collab``, and where its class vectors come from."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from weaktal.encoders.prompts import class_vectors, fill, prompted_vectors, readable
from weaktal.errors import InputError, arg, shown
from weaktal.methods.base import VLP, Inputs, OtherFeatures
from weaktal.methods.collab.settings import TextConfig, VlpConfig
from weaktal.models.temporal import BlockShape
from weaktal.models.vlp import ClassVectors, PromptedVectors, TextSide, VlpBranch


def build_vlp(config: VlpConfig, inputs: Inputs) -> VlpBranch:
    """The vision-language branch with fresh weights.

    Raises:
        InputError: if the features, class vectors or text encoder that it needs are missing or do not fit.
    """
    if VLP not in inputs.others:
        raise InputError("names no vision-language features", source=arg("vlp_features"), expected="their folder")
    other = inputs.others[VLP]
    if other.dim % config.heads:
        raise InputError(
            f"is {config.heads}",
            source="vlp.heads",
            expected=f"a divisor of {other.dim}, the channels of the vision-language features",
        )
    if config.probabilities == "softmax" and len(inputs.classes) < 2:
        raise InputError(
            "is softmax, and there is one class", source="vlp.probabilities", expected="sigmoid, or more classes"
        )
    given = config.text.encoder is None
    return VlpBranch(
        _given(config, inputs, other) if given else _prompted(config, inputs, other.dim),
        dim=other.dim,
        blocks=config.blocks,
        shape=BlockShape(
            heads=config.heads,
            expansion=config.expansion,
            dropout=config.dropout,
            reach=config.reach,
            residual_init=config.residual_init,
            activation=config.activation,
        ),
        std=config.init_std,
        temperature=config.temperature,
        probabilities=config.probabilities,
        positions=config.positions if config.position == "learned" else None,
        scaled=config.scaled,
    )


def _given(config: VlpConfig, inputs: Inputs, other: OtherFeatures) -> ClassVectors:
    if inputs.trained:
        return ClassVectors(torch.zeros(len(inputs.classes), other.dim), std=0.0)
    if other.text is None:
        raise InputError(
            "there are no class vectors",
            source=arg("vlp_features"),
            expected="a manifest that names them under text, or a text encoder as vlp.text.encoder",
        )
    return ClassVectors(torch.from_numpy(other.text), std=config.text.residual_std)


def _prompted(config: VlpConfig, inputs: Inputs, dim: int) -> PromptedVectors:
    return PromptedVectors(
        classes=len(inputs.classes),
        dim=dim,
        width=config.text.width,
        before=config.text.before,
        after=config.text.after,
        std=config.init_std,
        text=None if inputs.trained else text_side(config.text, inputs.classes, dim),
    )


def text_side(config: TextConfig, classes: Sequence[str], dim: int) -> TextSide:
    """The text encoder with the class names in it, frozen.

    Raises:
        InputError: if it is missing, has no texts, or does not fit the features.
    """
    from weaktal.encoders.catalog import build_encoder
    from weaktal.encoders.names import is_reference
    from weaktal.encoders.weights_choice import WeightsChoice

    assert config.encoder is not None
    if is_reference(config.encoder):  # settings come from files, which must not decide which code is run
        expected = "the name of an encoder; an installed package may offer its own"
        raise InputError(f"is {shown(config.encoder)}", source="vlp.text.encoder", expected=expected)
    encoder = build_encoder(config.encoder, WeightsChoice()).text
    if encoder is None:
        raise InputError("encodes no texts", source=config.encoder, expected="CLIP or SigLIP with its tokenizer")
    for what, has, wanted in (
        ("dimensions in common with images", encoder.dim, dim),
        ("channels a token", encoder.token_dim, config.width),
    ):
        if has != wanted:
            expected = f"{wanted}, the width of the vision-language features"
            if wanted is config.width:
                expected = f"{wanted}, as vlp.text.width says"
            raise InputError(f"has {has} {what}", source=config.encoder, expected=expected)
    names = encoder.embed_texts([readable(label) for label in classes])
    with torch.no_grad():
        vanilla = class_vectors(encoder, fill(config.template, classes))

    def prompted(before: Tensor, after: Tensor) -> Tensor:
        if names[0].device != before.device:  # the trainer moves the branch, of which the encoder is no part
            encoder.to(before.device)
            names[:] = [name.to(before.device) for name in names]
        return prompted_vectors(encoder, names, before, after)

    return TextSide(vanilla=vanilla, prompted=prompted)
