"""Method ``cbp``: the classification-based branch of Ju et al. (CVPR 2023), section 3.2, on its own.

A Transformer pyramid encoder over frozen classification features (I3D), a decoder of three convolutions to class
probabilities of every snippet, and multiple-instance learning on the video-level tags. It is the warm-up of the
collaboration and the baseline that the paper calls incomplete.
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from weaktal.config import Few, OddSize, Settings, Size
from weaktal.engine.settings import OptimizerConfig
from weaktal.methods.base import Inputs, MethodConfig
from weaktal.methods.mil import MultipleInstance, PoolingConfig, ScheduleConfig
from weaktal.models.pyramid import ConvDecoder, PyramidBranch, PyramidEncoder
from weaktal.models.temporal import BlockShape


class PyramidConfig(Settings):
    """The pyramid encoder and its decoder. The paper gives the kinds of layers; all numbers here are [open]."""

    width: Size = 256  # channels of the embedding
    levels: int = Field(3, gt=0, le=12)  # temporal scales, each half the rate of the one before
    blocks: Few = 1  # Transformer blocks a level
    heads: Size = 8  # attention heads; they must divide the width
    expansion: Few = 2  # hidden channels of a block's MLP, in widths
    reach: Size | None = None  # places that attention sees to either side at each level; null for all
    # Snippets that each convolution sees, odd. Four layers of 3 smear a score over 9 snippets, and tags alone do not
    # correct that; where snippets are shorter than boundaries are sharp (0.64 s on THUMOS14), 3 is worth a try.
    kernel: OddSize = 1
    dropout: float = Field(0.1, ge=0, lt=1)  # inside the blocks and before the classifier
    input_dropout: float = Field(0.5, ge=0, lt=1)  # of feature channels
    # Start of the learned factors on every residual and on the coarse levels (LayerScale). Near zero, the branch starts
    # as a plain snippet classifier and takes in context as it learns; at 1, attention carries the video's tags to every
    # snippet and nothing in the loss objects.
    residual_init: float = Field(0.001, ge=0)

    @model_validator(mode="after")
    def _heads_divide_width(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"heads to divide the width, which {self.heads} does not do with {self.width}")
        return self

    def build(self, *, dim: int, classes: int) -> PyramidBranch:
        """The branch with fresh weights."""
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
            ),
            input_dropout=self.input_dropout,
            kernel=self.kernel,
        )
        decoder = ConvDecoder(width=self.width, classes=classes, kernel=self.kernel, dropout=self.dropout)
        return PyramidBranch(encoder, decoder)


class CbpConfig(MethodConfig):
    """Settings of ``cbp``."""

    model: PyramidConfig = PyramidConfig()
    pooling: PoolingConfig = PoolingConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig()


CONFIG = CbpConfig


def build(config: CbpConfig, inputs: Inputs) -> MultipleInstance:
    """The branch with fresh weights."""
    return MultipleInstance(
        config.model.build(dim=inputs.dim, classes=len(inputs.classes)),
        pooling=config.pooling,
        optimizer=config.optimizer,
        schedule=config.schedule,
    )
