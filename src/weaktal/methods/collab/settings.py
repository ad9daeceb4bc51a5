"""Settings of ``collab``: [paper] marks what Ju et al. (CVPR 2023) state, [open] what they leave open."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator

from weaktal.config import Settings, Size
from weaktal.engine.settings import OptimizerConfig
from weaktal.losses.pseudo_labels import Scale, Untagged
from weaktal.methods.base import MethodConfig
from weaktal.methods.cbp import PyramidConfig
from weaktal.methods.collab.selection import SelectionConfig
from weaktal.methods.collab.vlp import VlpConfig
from weaktal.methods.mil import ConvolutionConfig, PoolingConfig
from weaktal.methods.mmsd_config import MMSDTraining

Share = Annotated[float, Field(ge=0, le=1)]
Step = Literal["background", "foreground"]


class ThresholdConfig(Settings):
    """When a teacher is sure: above ``high`` foreground, below ``low`` background [paper; the values are open]."""

    low: Share
    high: Share
    # What they are measured by: the score's rank among all scores of the training set for tagged classes (quantile),
    # among those of its class (class_quantile), or among those of its class in the video (video_quantile); its share of
    # the class's highest in the video (video_max); or the score itself (raw) [open].
    scale: Scale = "quantile"

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError("low to be at most high")
        return self


class PseudoLabelConfig(Settings):
    """Who labels how."""

    # The precision of these labels decides everything: see docs/collab.md before loosening them. By default the highest
    # eighth is foreground, the share that pooling takes for action too, and the lower half background.
    background: ThresholdConfig = ThresholdConfig(low=0.5, high=0.875)  # of CBP, for VLP
    foreground: ThresholdConfig = ThresholdConfig(low=0.5, high=0.875)  # of VLP, for CBP
    untagged: Untagged = "background"  # entries of classes that the video does not hold: background, or ignored [open]


class CollabLossConfig(Settings):
    """Weights of the losses."""

    distillation: NonNegativeFloat = 1.0  # L_kd [open]
    contrast: NonNegativeFloat = 0.1  # L_con, in both steps [open]
    contrast_temperature: PositiveFloat = 0.07  # of L_con [open]
    # L_cls during the F step: whatever CBP learns from tags in its warm-up, but MMSD's votes; 0 turns it off [open].
    classification: NonNegativeFloat = 1.0


class OnlineConfig(Settings):
    """Of the schedule ``online``, which the paper leaves to future work: all of it is [open]."""

    # Share of a teacher's weights that each update keeps; the rest comes from the branch that it follows.
    decay: Annotated[float, Field(ge=0, lt=1)] = 0.99
    refresh: Size = 5  # epochs until thresholds by rank are taken anew, and weights and statistics are stored
    localizes: Literal["teachers", "students"] = "teachers"  # whose weights are used in the end


class CollabScheduleConfig(Settings):
    """How long each step goes on, and how they follow each other."""

    # After the warm-up the branches take turns [paper], or both train at once and each is taught by a moving average of
    # the other. Online goes on for rounds x max(background, foreground) epochs: with steps of one length each branch
    # gets as many updates as in turns.
    kind: Literal["alternate", "online"] = "alternate"
    online: OnlineConfig = OnlineConfig()
    warm_up: Size = 10  # epochs [paper]; MMSD has a schedule of its own
    background: Size = 20  # epochs of each B step [paper]
    foreground: Size = 20  # epochs of each F step [paper]
    rounds: Annotated[int, Field(ge=0, le=1000)] = 2  # [open]
    # What a round does, in order [paper: background, foreground]. One of them alone distills one way only.
    steps: Annotated[tuple[Step, ...], Field(min_length=1)] = ("background", "foreground")
    # Each F step, or online training, trains CBP from fresh weights, so that it is not over-trained; else it goes on
    # from what it has [open].
    restart: bool = True
    updates_per_epoch: Size = 100  # [open]; the paper's epoch must repeat its videos, see ScheduleConfig

    @property
    def online_epochs(self) -> int:
        """Epochs of online training after the warm-up."""
        return self.rounds * max(self.background, self.foreground)

    @model_validator(mode="after")
    def _both_ways_at_once(self) -> Self:
        if self.kind == "online" and set(self.steps) != {"background", "foreground"}:
            raise ValueError("both steps where kind is online")
        return self


class CollabConfig(MethodConfig):
    """Settings of ``collab``."""

    cbp: Literal["pyramid", "convolution", "mmsd"] = "pyramid"  # the CBP side [paper: pyramid; Table 6 puts others]
    pyramid: PyramidConfig = PyramidConfig()
    convolution: ConvolutionConfig = ConvolutionConfig()
    mmsd: MMSDTraining = MMSDTraining()  # warm-up as method ``mmsd`` does it, its own optimizer and epochs included
    vlp: VlpConfig = VlpConfig()
    pooling: PoolingConfig = PoolingConfig()  # of both branches, but MMSD
    labels: PseudoLabelConfig = PseudoLabelConfig()
    losses: CollabLossConfig = CollabLossConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: CollabScheduleConfig = CollabScheduleConfig()
    cbp_share: Share = 0.5  # weight of CBP in the branch "both", VLP has the rest [open]
    selection: SelectionConfig = SelectionConfig()
