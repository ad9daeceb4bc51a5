"""Settings of ``collab``; the sources speak of Ju et al. (CVPR 2023)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator

from weaktal.config import Few, Settings, Size, group, setting
from weaktal.encoders.prompts import TEMPLATE
from weaktal.engine.settings import OptimizerConfig
from weaktal.methods.base import MethodConfig
from weaktal.methods.cbp_config import PyramidConfig
from weaktal.methods.collab.branches import BRANCHES
from weaktal.methods.collab.selection import SelectionConfig
from weaktal.methods.mil_config import END_BELOW, ConvolutionConfig, PoolingConfig
from weaktal.methods.mmsd_config import MMSDTraining

Share = Annotated[float, Field(ge=0, le=1)]
Step = Literal["background", "foreground"]


class TextConfig(Settings):
    """Class vectors: given with the features, or from learnable prompts through a text encoder."""

    encoder: str | None = setting(
        None,
        "The text encoder of learnable prompts, named as for weaktal extract --encoder: clip-vit-b16, which is the "
        "paper's, or a checkpoint folder. Null takes the vectors that the features' manifest names, with a learned "
        "residual on each.",
        "ours",
    )
    before: Size = setting(16, "Learnable vectors before the class name.", "paper", unit="vectors")
    after: Size = setting(16, "Learnable vectors after the class name.", "paper", unit="vectors")
    width: Size = setting(
        512, "Size of a token embedding; the encoder's own, here that of CLIP ViT-B/16.", "paper", unit="channels"
    )
    template: str = setting(TEMPLATE, 'Text of the vanilla vectors, for the branch "vanilla"; {} is the class.', "open")
    residual_std: float = setting(
        0.0, "Spread at the start of the residual on given vectors; 0 starts at the vectors.", "ours", ge=0
    )


class VlpConfig(Settings):
    """The vision-language branch."""

    text: TextConfig = TextConfig()
    scaled: bool = setting(
        True,
        "Features are scaled to channels of about 1 before the layers, beside which a position that starts as init_std "
        "says is small; false takes them as they come.",
        "open",
    )
    blocks: Few = setting(2, "Temporal Transformer layers.", "paper")
    heads: Size = setting(8, "Attention heads; they must divide the channels of the features.", "open")
    expansion: Few = setting(2, "Hidden channels of a layer's MLP.", "open", unit="widths of the features")
    dropout: float = setting(
        0.1, "Share of channels that are dropped on both residuals of a layer.", "open", ge=0, lt=1
    )
    reach: Size | None = setting(None, "How far attention sees to either side; null for all.", "open", unit="snippets")
    activation: Literal["gelu", "quick_gelu"] = setting(
        "gelu",
        "Inside the MLP of a layer; the authors' code of a sister work has quick_gelu, CLIP's approximation.",
        "open",
    )
    position: Literal["none", "learned"] = setting(
        "none",
        "What tells the layers when a snippet is: nothing, or a learned vector for each place, which starts as "
        "init_std says. The authors' code of a sister work has the latter.",
        "open",
    )
    positions: Size = setting(
        1000, "Places of a learned position; longer videos meet them again from the first on.", "open", unit="snippets"
    )
    residual_init: NonNegativeFloat | None = setting(
        0.001,
        "Start of the learned factors on a layer's residuals: near 0 the branch starts as the vanilla one; null for "
        "residuals at full strength without factors.",
        "ours",
    )
    init_std: PositiveFloat = setting(
        0.01, "Spread at the start of the prompts and of the temporal layers, N(0, 0.01).", "paper"
    )
    temperature: PositiveFloat = setting(0.07, "Temperature tau of the cosines.", "paper")
    probabilities: Literal["softmax", "sigmoid"] = setting(
        "softmax",
        "Probabilities over the classes, among which there is no background, or of each class alone.",
        "open",
    )
    rivals: Literal["all", "not_nested", "untagged"] = setting(
        "not_nested",
        "Which classes compete in the softmax while VLP labels and learns, where the tags are known: all; all but "
        "pairs of which one never comes without the other in the tags, as cliff diving and diving (not_nested); or a "
        "class that the video holds with those that it does not (untagged). Classes that are true at once can both be "
        "sure only where they do not compete. A class that would have no rival left keeps all, and a class with fewer "
        "than five videos is not taken for nested. Under sigmoid no class competes, whatever this says.",
        "open",
    )


class ThresholdConfig(Settings):
    """When a teacher is sure: above ``high`` foreground, below ``low`` background; the paper gives no values."""

    low: Share = setting(..., "Below this, the teacher says background.", "open")
    high: Share = setting(..., "Above this, the teacher says foreground.", "open")
    scale: Literal["video_max", "raw", "quantile", "share", "class_quantile", "video_quantile"] = setting(
        "quantile",
        "What both are measured by: the score's rank among all scores of the training set for tagged classes "
        "(quantile), the same within the share of them that the scores suggest to be background, for low, or action, "
        "for high (share), among those of its class (class_quantile), or among those of its class in the video "
        "(video_quantile); its share of the class's highest in the video (video_max); or the score itself (raw).",
        "open",
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high and self.scale != "share":  # there they are shares of different things
            raise ValueError("low to be at most high")
        return self


class PseudoLabelConfig(Settings):
    """Who labels how."""

    background: ThresholdConfig = group(
        ThresholdConfig(low=0.6, high=1.0, scale="share"),
        "When CBP is sure, for VLP. By default it names background alone, the lower six tenths of what its scores "
        "suggest to be background: of foreground VLP knows more than a CBP that finds too little (docs/collab.md).",
        "ours",
    )
    foreground: ThresholdConfig = group(
        ThresholdConfig(low=0.6, high=0.7, scale="share"),
        "When VLP is sure, for CBP: by default the lower six tenths of what its scores suggest to be background, and "
        "the upper three tenths of what they suggest to be action.",
        "open",
    )
    untagged: Literal["ignored", "background", "scored"] = setting(
        "background",
        "What entries of classes are that the video does not hold: nothing (ignored), background, or what the "
        "teacher's score of them says, as for tagged classes (scored).",
        "open",
    )
    teacher: Literal["vlp", "cbp", "agreed", "shuffled"] = setting(
        "vlp",
        "Who labels for CBP in an F step: the other branch; CBP itself, a control that tells what self-training alone "
        "would bring; both, where their labels are the same (agreed), the rest being uncertain; or the other branch "
        "with each video's labels in another order in time (shuffled), a control: labels that say what a video holds, "
        "but not when.",
        "paper",
    )


class CollabLossConfig(Settings):
    """Weights of the losses."""

    distillation: NonNegativeFloat = setting(1.0, "Weight of L_kd.", "open")
    contrast: NonNegativeFloat = setting(0.1, "Weight of L_con, in both steps.", "open")
    contrast_temperature: PositiveFloat = setting(0.07, "Temperature of L_con.", "open")
    contrast_scope: Literal["class", "video", "batch"] = setting(
        "class",
        "Which snippets make pairs in L_con: those of a class in a video (class), of all classes in a video together "
        "(video), or of a class in all videos of a forward pass (batch).",
        "open",
    )
    contrast_anchors: Literal["foreground", "all"] = setting(
        "foreground",
        "What L_con divides by: all confident pairs, one fraction a group (all), or all pairs of each foreground "
        "snippet (foreground).",
        "open",
    )
    tagged_share: Share | None = setting(
        None,
        "Share of L_kd that the entries of tagged classes have in a video; null lets every entry count alike, so that "
        "the more classes there are, the less the tagged ones count.",
        "open",
    )
    classification: NonNegativeFloat = setting(
        1.0,
        "Weight of L_cls during the F step: whatever CBP learns from tags in its warm-up, but MMSD's votes; 0 turns it "
        "off.",
        "open",
    )


class OnlineConfig(Settings):
    """Of the schedule ``online``, which the paper leaves to future work."""

    decay: Annotated[float, Field(ge=0, lt=1)] = setting(
        0.99,
        "Share of a teacher's weights that each update keeps; the rest comes from the branch that it follows.",
        "open",
    )
    refresh: Size = setting(
        5,
        "Time until thresholds by rank are computed again, and weights and statistics are stored.",
        "open",
        unit="epochs",
    )
    localizes: Literal["teachers", "students"] = setting("teachers", "Whose weights are used after training.", "open")


class CollabScheduleConfig(Settings):
    """How long each step lasts, and how they follow each other."""

    kind: Literal["alternate", "online"] = setting(
        "alternate",
        "After the warm-up the branches take turns (alternate), or both train at once and each is taught by a moving "
        "average of the other (online). Online goes on for rounds x max(background, foreground) epochs: with steps of "
        "one length each branch gets as many updates as in turns.",
        "paper",
    )
    online: OnlineConfig = OnlineConfig()
    warm_up: Size = setting(10, "Length of the warm-up; MMSD has a schedule of its own.", "paper", unit="epochs")
    end_below: Share = setting(0.2, END_BELOW, "ours")
    background: Size = setting(
        5,
        "Length of each B step; Ju et al. have 20. VLP has little to learn on top of its features.",
        "ours",
        unit="epochs",
    )
    foreground: Size = setting(
        10,
        "Length of each F step; Ju et al. have 20. From fresh weights CBP needs as many updates as its warm-up, and "
        "more over-train it.",
        "ours",
        unit="epochs",
    )
    rounds: Annotated[int, Field(ge=0, le=1000)] = setting(2, "How often the steps are done.", "open")
    steps: Annotated[tuple[Step, ...], Field(min_length=1)] = setting(
        ("foreground", "background"),
        "What a round does, in order; Ju et al. begin with B. What vanilla VLP is surest of teaches CBP more than CBP "
        "can teach VLP after tags alone, so it teaches first. One of them alone distills one way only.",
        "ours",
    )
    restart: bool = setting(
        True,
        "Each F step, or online training, trains CBP from fresh weights, so that it is not over-trained; else it goes "
        "on from what it has.",
        "open",
    )
    updates_per_epoch: Size = setting(
        40,
        "Length of an epoch. 200 videos in batches of 64 would be 4, too few: an epoch must repeat its videos.",
        "open",
        unit="updates",
    )

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

    cbp: Literal["auto", "pyramid", "convolution", "mmsd"] = setting(
        "auto",
        "The network of the CBP side; the paper has the pyramid, and its Table 6 compares several. auto trains the "
        "pyramid on the tags first; unless it then sets off action more clearly than vanilla VLP, by a third, the "
        "convolution of mil takes its place: the paper builds upon a CBP that is sure of the little that it finds.",
        "ours",
    )
    pyramid: PyramidConfig = PyramidConfig()
    convolution: ConvolutionConfig = ConvolutionConfig()
    mmsd: MMSDTraining = group(
        MMSDTraining(), "Warm-up as method mmsd does it, its own optimizer and epochs included; for cbp: mmsd."
    )
    vlp: VlpConfig = VlpConfig()
    pooling: PoolingConfig = group(
        PoolingConfig(), "From snippets to the video and its tags, in both branches but MMSD."
    )
    labels: PseudoLabelConfig = PseudoLabelConfig()
    losses: CollabLossConfig = CollabLossConfig()
    optimizer: OptimizerConfig = group(
        OptimizerConfig(lr=3e-4, batch_size=16),  # Ju et al. have 1e-4 and 64
        "Adam and what an update sees: larger steps than the paper's on smaller batches, so that a few hundred updates "
        "do.",
        "ours",
    )
    schedule: CollabScheduleConfig = CollabScheduleConfig()
    cbp_share: Share = setting(0.5, 'Weight of CBP in the branch "both"; VLP has the rest.', "open")
    both_videos: Literal["cbp", "geometric", "mean"] = setting(
        "cbp",
        'How the branch "both" scores classes of a whole video, which decides what is localized: as CBP does, which '
        "has learned that from tags (cbp), or by the weighted mean of both branches (mean), or their weighted "
        "geometric mean, where a class passes only if both find it (geometric).",
        "open",
    )
    selection: SelectionConfig = SelectionConfig()

    def known_branches(self) -> Sequence[str]:
        """The branches do not depend on the settings."""
        return BRANCHES
