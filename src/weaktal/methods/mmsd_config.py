"""Settings of MMSD (Huang et al., TIP 2022); [code] marks what the authors' released code has."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, NonNegativeFloat, PositiveFloat

from weaktal.config import Settings, Size
from weaktal.decode.config import DecodeConfig
from weaktal.engine.settings import OptimizerConfig
from weaktal.methods.base import MethodConfig

Share = Annotated[float, Field(ge=0, le=1)]


def _whole(weights: tuple[float, float, float]) -> tuple[float, float, float]:
    if abs(sum(weights) - 1) > 1e-6:
        raise ValueError(f"three weights with sum 1, not {sum(weights):g}")
    return weights


class MMSDModelConfig(Settings):
    """The three streams."""

    channels: Size = 1024  # D, width of the embeddings [code]
    scale: PositiveFloat = 20.0  # factor on cosines [code]
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.6  # after each embedding layer [code]


class MMSDLossConfig(Settings):
    """Weights and shapes of the losses."""

    attended: NonNegativeFloat = 1.0  # weight: video prediction pooled by the attention [code]
    classwise: NonNegativeFloat = 0.5  # weight: video prediction pooled by each class's own scores [code]
    attention: NonNegativeFloat = 0.1  # weight: attention regularizer [code]
    distillation: NonNegativeFloat = 0.1  # weight: distillation between streams [code]
    voting: NonNegativeFloat = 2.0  # weight: attention against the votes [code]
    ratio: PositiveFloat = 8.0  # one snippet in this many counts as largest or smallest [code]
    temperature: PositiveFloat = 0.2  # of the distillation [code]
    fused_to_single: bool = False  # also distill fused into RGB and flow: in the abstract, not in the code [code: off]


class VotingConfig(Settings):
    """Stored pseudo-labels and who may vote."""

    threshold: Share = 0.55  # attention above it is stored as foreground [code]
    reliable: Share = 0.6  # least confidence of a voter [code]
    margin: Share = 0.3  # by how much another stream must be surer than the taught one [code]


class MMSDScheduleConfig(Settings):
    """When what happens, in epochs: passes over the training videos."""

    epochs: Size = 240  # [code]
    vote_every: Size = 40  # pseudo-labels are stored, and stored anew, after each so many epochs [code]
    decay_after: Size = 70  # epochs at the full learning rate [code]
    decay: PositiveFloat = 0.2  # factor on the learning rate from then on [code]


class MMSDTraining(Settings):
    """All that MMSD needs but what every method has; ``collab`` nests it."""

    model: MMSDModelConfig = MMSDModelConfig()
    losses: MMSDLossConfig = MMSDLossConfig()
    voting: VotingConfig = VotingConfig()
    optimizer: OptimizerConfig = OptimizerConfig(
        lr=5e-5,  # [code]
        betas=(0.9, 0.99),  # [code]
        weight_decay=1e-3,  # [code]
        clip_norm=None,  # [code]
        batch_size=10,  # videos whose gradients are summed for an update [code]
        max_snippets=100_000,  # whole videos [code]
    )
    schedule: MMSDScheduleConfig = MMSDScheduleConfig()
    modalities: tuple[str, str] = ("rgb", "flow")  # names of the features' streams, as in their manifest; ours
    # RGB, flow and fused at test time [code]
    mix: Annotated[tuple[Share, Share, Share], AfterValidator(_whole)] = (0.2, 0.4, 0.4)


class MMSDConfig(MMSDTraining, MethodConfig):
    """Settings of ``mmsd``."""

    decode: DecodeConfig = DecodeConfig(
        theta_cls=0.2,  # [code]
        keep_top=0,  # a video may stay empty [code]
        theta_loc=tuple(round(0.0003 + 0.0005 * step, 4) for step in range(20)),  # 0.0003 to 0.0098 [code]
        threshold_scale="raw",  # [code]
        score="inner_outer",  # [code]
        outer_share=0.25,  # [code]
        min_snippets=2,  # [code]
        nms="hard",  # [code]
        nms_overlap=0.4,  # [code]
        overlap="covered",  # of the other segment's length [code]
        score_floor=0.0,  # proposals no higher than their surroundings go; the code keeps them at the very end [ours]
    )
