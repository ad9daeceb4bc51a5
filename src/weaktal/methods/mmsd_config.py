"""Settings of MMSD (Huang et al., TIP 2022).

The defaults are those of the authors' released code, but for the threshold of the votes and some of decoding, where
others work better on composed videos (docs/results.md). Preset ``paper`` has the released ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field, NonNegativeFloat, PositiveFloat, field_validator

from weaktal.config import Settings, Size, group, setting
from weaktal.decoding.config import DecodeConfig
from weaktal.engine.settings import OptimizerConfig
from weaktal.methods.base import MethodConfig

Share = Annotated[float, Field(ge=0, le=1)]
FUSED = "fused"  # the branch that sees both streams
CLASSES = "classes"  # the branch that mixes all three and asks no attention


def _whole(weights: tuple[float, float, float]) -> tuple[float, float, float]:
    if abs(sum(weights) - 1) > 1e-6:
        raise ValueError(f"three weights with sum 1, not {sum(weights):g}")
    return weights


class MMSDModelConfig(Settings):
    """The three streams."""

    channels: Size = setting(1024, "Size D of the embeddings.", "code", unit="channels")
    scale: PositiveFloat = setting(20.0, "Factor on cosines.", "code")
    dropout: Annotated[float, Field(ge=0, lt=1)] = setting(
        0.6, "Share of channels that are dropped after each embedding layer.", "code"
    )


class MMSDLossConfig(Settings):
    """Weights and shapes of the losses."""

    attended: NonNegativeFloat = setting(1.0, "Weight of the video prediction pooled by the attention.", "code")
    classwise: NonNegativeFloat = setting(
        0.5, "Weight of the video prediction pooled by each class's own scores.", "code"
    )
    attention: NonNegativeFloat = setting(0.1, "Weight of the attention regularizer.", "code")
    distillation: NonNegativeFloat = setting(0.1, "Weight of the distillation between streams.", "code")
    voting: NonNegativeFloat = setting(2.0, "Weight of the attention against the votes.", "code")
    ratio: PositiveFloat = setting(
        8.0, "One snippet in this many counts as largest or smallest.", "code", unit="snippets"
    )
    temperature: PositiveFloat = setting(0.2, "Temperature of the distillation.", "code")
    fused_to_single: bool = setting(
        False, "Also distill fused into RGB and flow: the abstract mentions this, but the code does not do it.", "code"
    )


class VotingConfig(Settings):
    """Stored pseudo-labels and who may vote."""

    threshold: Share = setting(
        0.2,
        "Attention above it is stored as foreground. The code has 0.55, but attention lags behind the class scores, so "
        "that much of the action would be stored as background, and kept.",
        "ours",
    )
    reliable: Share = setting(0.6, "Least confidence of a voter.", "code")
    margin: Share = setting(
        0.3, "By how much the confidence of another stream must exceed that of the stream that is taught.", "code"
    )


class MMSDScheduleConfig(Settings):
    """When what happens, in epochs: passes over the training videos."""

    epochs: Size = setting(240, "Length of training.", "code", unit="epochs")
    vote_every: Size = setting(40, "After every so many epochs, new pseudo-labels are stored.", "code", unit="epochs")
    decay_after: Size = setting(70, "Time at the full learning rate.", "code", unit="epochs")
    decay: PositiveFloat = setting(0.2, "Factor on the learning rate after that time.", "code")


class MMSDTraining(Settings):
    """All that MMSD needs but what every method has; ``collab`` nests it."""

    model: MMSDModelConfig = MMSDModelConfig()
    losses: MMSDLossConfig = MMSDLossConfig()
    voting: VotingConfig = VotingConfig()
    optimizer: OptimizerConfig = group(
        OptimizerConfig(
            lr=5e-5,
            betas=(0.9, 0.99),
            weight_decay=1e-3,
            clip_norm=None,
            batch_size=10,  # videos whose gradients are summed for an update
            max_snippets=100_000,  # whole videos
        ),
        source="code",
    )
    schedule: MMSDScheduleConfig = MMSDScheduleConfig()
    modalities: tuple[str, str] = setting(
        ("rgb", "flow"), "Names of the features' streams, as in their manifest.", "ours"
    )

    @field_validator("modalities")
    @classmethod
    def _no_other_branch(cls, names: tuple[str, str]) -> tuple[str, str]:
        for name in {FUSED, CLASSES} & set(names):
            raise ValueError(f"names of streams, of which none is {name}: so a branch of both is called")
        return names

    mix: Annotated[tuple[Share, Share, Share], AfterValidator(_whole)] = setting(
        (0.2, 0.4, 0.4), "Weights of RGB, flow and fused at test time; their sum is 1.", "code"
    )


class MMSDConfig(MMSDTraining, MethodConfig):
    """Settings of ``mmsd``."""

    decode: DecodeConfig = group(
        DecodeConfig(
            theta_loc=tuple(round(0.0003 + 0.0005 * step, 4) for step in range(20)),  # 0.0003 to 0.0098
            threshold_scale="raw",
            score="inner_outer",
            outer_share=0.25,
            theta_cls=0.1,
            keep_top=1,
            min_snippets=1,
            nms="gaussian",
            sigma=0.3,
            overlap="tiou",
            score_floor=1e-3,
        ),
        source="code",
        but=dict.fromkeys(("theta_cls", "keep_top", "min_snippets", "nms", "sigma", "overlap", "score_floor"), "ours"),
    )

    def known_branches(self) -> Sequence[str]:
        """Each stream on its own, both fused, and the mixture without attention."""
        return (*self.modalities, FUSED, CLASSES)
