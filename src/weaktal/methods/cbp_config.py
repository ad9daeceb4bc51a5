"""Settings of ``cbp``, whose network ``collab`` has too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Self

from pydantic import NonNegativeFloat, model_validator

from weaktal.config import Few, OddSize, Settings, Size, group, setting
from weaktal.engine.settings import OptimizerConfig
from weaktal.methods.base import MethodConfig
from weaktal.methods.mil_config import PoolingConfig, ScheduleConfig

if TYPE_CHECKING:
    from weaktal.models.pyramid import PyramidBranch


CONTEXT_DROPOUT = 0.5  # of the second network, which is that of mil


class PyramidConfig(Settings):
    """The pyramid encoder and its decoder. The paper gives the kinds of layers; all numbers are open."""

    width: Size = setting(256, "Size of the embedding.", "open", unit="channels")
    levels: int = setting(3, "Temporal scales, each half the rate of the one before.", "open", gt=0, le=12)
    blocks: Few = setting(1, "Transformer blocks at each level.", "open")
    heads: Size = setting(8, "Attention heads; they must divide the width.", "open")
    expansion: Few = setting(2, "Hidden channels of a block's MLP.", "open", unit="widths")
    reach: Size | None = setting(
        None, "How far attention sees to either side at each level; null for all.", "open", unit="places of the level"
    )
    kernel: OddSize = setting(
        1,
        "Snippets that each convolution sees, an odd number. Four layers of 3 smear a score over 9 snippets, and tags "
        "alone do not correct that; where snippets are shorter than boundaries are sharp (0.64 s on THUMOS14), 3 is "
        "worth a try.",
        "open",
        unit="snippets",
    )
    dropout: float = setting(
        0.1, "Share of channels that are dropped inside the blocks and before the classifier.", "open", ge=0, lt=1
    )
    input_dropout: float = setting(0.5, "Share of the features' channels that are dropped.", "open", ge=0, lt=1)
    residual_init: NonNegativeFloat | None = setting(
        0.001,
        "Start of the learned factors on every residual and on the coarse levels (LayerScale); null for residuals at "
        "full strength without factors. Near zero, the branch starts as a plain snippet classifier and takes in "
        "context as it learns; at full strength, attention carries the video's tags to every snippet and nothing in "
        "the loss objects.",
        "ours",
    )
    context: OddSize | None = setting(
        None,
        "Snippets around each one, itself among them, that a second network sees, an odd number. Its probability "
        "multiplies the snippet's, so that surroundings can silence a snippet and never speak for it; null for no such "
        "network. For classes that differ in the order of their parts or in what lies beside them.",
        "ours",
        unit="snippets",
    )
    context_left_out: float = setting(
        0.5, "Share of the training videos for which that factor is left out.", "ours", ge=0, lt=1
    )
    activation: Literal["gelu", "quick_gelu"] = setting(
        "gelu", "Inside the MLP of a block; quick_gelu is CLIP's approximation.", "open"
    )

    @model_validator(mode="after")
    def _heads_divide_width(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"heads to divide the width, which {self.heads} does not do with {self.width}")
        return self

    def build(self, *, dim: int, classes: int) -> PyramidBranch:
        """The branch with fresh weights."""
        from weaktal.models.convolution import ConvolutionBranch
        from weaktal.models.pyramid import Context, ConvDecoder, PyramidBranch, PyramidEncoder
        from weaktal.models.temporal import BlockShape

        encoder = PyramidEncoder(
            dim=dim,
            width=self.width,
            levels=self.levels,
            blocks=self.blocks,
            shape=BlockShape(
                heads=self.heads,
                expansion=self.expansion,
                dropout=self.dropout,
                reach=self.reach,
                residual_init=self.residual_init,
                activation=self.activation,
            ),
            input_dropout=self.input_dropout,
            kernel=self.kernel,
        )
        decoder = ConvDecoder(width=self.width, classes=classes, kernel=self.kernel, dropout=self.dropout)
        if self.context is None:
            return PyramidBranch(encoder, decoder)
        around = ConvolutionBranch(
            dim=dim, width=self.width, classes=classes, kernel=self.context, dropout=CONTEXT_DROPOUT
        )
        return PyramidBranch(encoder, decoder, Context(around, left_out=self.context_left_out))


class CbpConfig(MethodConfig):
    """Settings of ``cbp``."""

    model: PyramidConfig = PyramidConfig()
    pooling: PoolingConfig = PoolingConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig = group(ScheduleConfig(end_below=0.2), source="ours")

    def known_branches(self) -> Sequence[str]:
        """The method has no branches to choose from."""
        return ()
