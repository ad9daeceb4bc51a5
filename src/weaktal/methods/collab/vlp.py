"""The vision-language branch of ``collab``: its settings, and where its class vectors come from."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from pydantic import Field, PositiveFloat
from torch import Tensor

from weaktal.config import Few, Settings, Size
from weaktal.encoders.prompts import TEMPLATE, class_vectors, fill, prompted_vectors, readable
from weaktal.errors import InputError, arg, shown
from weaktal.methods.base import Inputs
from weaktal.models.temporal import BlockShape
from weaktal.models.vlp import ClassVectors, Probabilities, PromptedVectors, TextSide, VlpBranch


class TextConfig(Settings):
    """Class vectors: given with the features, or from learnable prompts through a text encoder."""

    # The text encoder of learnable prompts, named as for ``weaktal extract --encoder``: clip-vit-b16 [paper], or a
    # checkpoint folder. Null takes the vectors that the features' manifest names, with a learned residual on each.
    encoder: str | None = None
    before: Size = 16  # learnable vectors before the class name [paper]
    after: Size = 16  # and after it [paper]
    width: Size = 512  # channels of a token embedding; the encoder's own [paper: CLIP ViT-B/16]
    template: str = TEMPLATE  # text of the vanilla vectors, for the branch "vanilla" [open]
    residual_std: float = Field(0.0, ge=0)  # start of the residual on given vectors; 0 starts at the vectors. Ours


class VlpConfig(Settings):
    """The vision-language branch."""

    text: TextConfig = TextConfig()
    blocks: Few = 2  # temporal Transformer layers [paper]
    heads: Size = 8  # attention heads; they must divide the channels of the features [open]
    expansion: Few = 2  # hidden channels of a layer's MLP, in channels of the features [open]
    dropout: float = Field(0.1, ge=0, lt=1)  # on both residuals of a layer [open]
    reach: Size | None = None  # snippets that attention sees to either side; null for all [open]
    # Start of the learned factors on a layer's residuals: near 0 the branch starts as the vanilla one; 1 is none. Ours.
    residual_init: float = Field(0.001, ge=0)
    init_std: PositiveFloat = 0.01  # start of the prompts and of the temporal layers [paper: N(0, 0.01)]
    temperature: PositiveFloat = 0.07  # tau [paper]
    # Probabilities over the classes, among which there is no background, or of each class alone [open].
    probabilities: Probabilities = "softmax"

    def build(self, inputs: Inputs) -> VlpBranch:
        """The branch with fresh weights.

        Raises:
            InputError: if the features, class vectors or text encoder that it needs are missing or do not fit.
        """
        if inputs.vlp_dim is None:
            raise InputError("names no vision-language features", source=arg("vlp_features"), expected="their folder")
        if inputs.vlp_dim % self.heads:
            raise InputError(
                f"is {self.heads}",
                source="vlp.heads",
                expected=f"a divisor of {inputs.vlp_dim}, the channels of the vision-language features",
            )
        if self.probabilities == "softmax" and len(inputs.classes) < 2:
            raise InputError(
                "is softmax, and there is one class", source="vlp.probabilities", expected="sigmoid, or more classes"
            )
        given = self.text.encoder is None
        return VlpBranch(
            self._given(inputs, inputs.vlp_dim) if given else self._prompted(inputs, inputs.vlp_dim),
            dim=inputs.vlp_dim,
            blocks=self.blocks,
            shape=BlockShape(
                heads=self.heads,
                expansion=self.expansion,
                dropout=self.dropout,
                reach=self.reach,
                residual_init=self.residual_init,
            ),
            std=self.init_std,
            temperature=self.temperature,
            probabilities=self.probabilities,
        )

    def _given(self, inputs: Inputs, dim: int) -> ClassVectors:
        if inputs.trained:
            return ClassVectors(torch.zeros(len(inputs.classes), dim), std=0.0)
        if inputs.text is None:
            raise InputError(
                "there are no class vectors",
                source=arg("vlp_features"),
                expected="a manifest that names them under text, or a text encoder as vlp.text.encoder",
            )
        return ClassVectors(torch.from_numpy(inputs.text), std=self.text.residual_std)

    def _prompted(self, inputs: Inputs, dim: int) -> PromptedVectors:
        return PromptedVectors(
            classes=len(inputs.classes),
            dim=dim,
            width=self.text.width,
            before=self.text.before,
            after=self.text.after,
            std=self.init_std,
            text=None if inputs.trained else text_side(self.text, inputs.classes, dim),
        )


def text_side(config: TextConfig, classes: Sequence[str], dim: int) -> TextSide:
    """The text encoder with the class names in it, frozen.

    Raises:
        InputError: if it is missing, has no texts, or does not fit the features.
    """
    from weaktal.encoders.catalog import WeightsChoice, build_encoder
    from weaktal.encoders.names import is_reference

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
