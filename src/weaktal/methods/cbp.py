"""Method ``cbp``: the classification-based branch of Ju et al. (CVPR 2023), section 3.2, on its own.

A Transformer pyramid encoder over frozen classification features (I3D), a decoder of three convolutions to class
probabilities of every snippet, and multiple-instance learning on the video-level tags. It is the warm-up of the
collaboration and the baseline that the paper calls incomplete.
"""

from __future__ import annotations

from weaktal.methods.base import Inputs
from weaktal.methods.cbp_config import CbpConfig
from weaktal.methods.mil import MultipleInstance

CONFIG = CbpConfig


def build(config: CbpConfig, inputs: Inputs) -> MultipleInstance:
    """The branch with fresh weights."""
    return MultipleInstance(
        config.model.build(dim=inputs.dim, classes=len(inputs.classes)),
        pooling=config.pooling,
        optimizer=config.optimizer,
        schedule=config.schedule,
    )
