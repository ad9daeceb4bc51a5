"""Distillation-collaboration: two branches that err in opposite ways teach each other (Ju et al., CVPR 2023).

The classification-based branch (CBP) finds the most telling snippets only; the vision-language branch (VLP) fires on
whole scenes. So they alternate:

1. ``warm-up``: CBP alone, on the video-level tags. The same as method ``cbp``, to the bit.
2. ``background-N`` (the paper's B step): CBP is frozen and labels every training snippet; VLP learns from what CBP is
   sure of. Most of that is background, and cures VLP of false positives.
3. ``foreground-N`` (the F step): VLP is frozen and labels every training snippet; CBP learns from what VLP is sure of,
   and is cured of false negatives.
4. Steps 2 and 3 again, ``rounds`` times in all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Literal, Self

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator
from torch import Tensor, nn

from weaktal.config import Settings
from weaktal.engine.batch import Batch, VideoSet
from weaktal.engine.method import Phase, State
from weaktal.engine.settings import OptimizerConfig
from weaktal.losses.contrastive import foreground_contrast
from weaktal.losses.distillation import confident_distillation
from weaktal.losses.mil import classification_loss
from weaktal.losses.pseudo_labels import UNCERTAIN, Scale, Untagged, hard_labels, quantiles
from weaktal.methods.base import Inputs, MethodConfig
from weaktal.methods.cbp import PyramidConfig
from weaktal.methods.collab_vlp import VlpConfig
from weaktal.methods.mil import ConvolutionConfig, MultipleInstance, PoolingConfig, ScheduleConfig
from weaktal.models.outputs import SnippetOutput
from weaktal.models.vlp import VlpBranch

Share = Annotated[float, Field(ge=0, le=1)]
Step = Literal["background", "foreground"]

LABEL_BATCH = 8  # videos at full length that are labelled at once; what each gets does not depend on it


class ThresholdConfig(Settings):
    """When a teacher is sure: above ``high`` foreground, below ``low`` background [paper; the values are open]."""

    low: Share
    high: Share
    # What they are measured by: the score (raw), its share of the class's highest in the video (video_max), or its rank
    # among all scores of the training set for tagged classes (quantile) [open].
    scale: Scale = "video_max"

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError("low to be at most high")
        return self


class PseudoLabelConfig(Settings):
    """Who labels how."""

    # The precision of these labels decides everything: see docs/collab.md before loosening them.
    background: ThresholdConfig = ThresholdConfig(low=0.05, high=0.95)  # of CBP, for VLP
    foreground: ThresholdConfig = ThresholdConfig(low=0.05, high=0.95)  # of VLP, for CBP
    untagged: Untagged = "ignored"  # entries of classes that the video does not hold: ignored, or background [open]


class CollabLossConfig(Settings):
    """Weights of the losses."""

    distillation: NonNegativeFloat = 1.0  # L_kd [open]
    contrast: NonNegativeFloat = 0.1  # L_con, in both steps [open]
    contrast_temperature: PositiveFloat = 0.07  # of L_con [open]
    classification: NonNegativeFloat = 1.0  # L_cls during the F step; 0 turns it off there [open]


class CollabScheduleConfig(Settings):
    """How long each step goes on, and how they follow each other."""

    warm_up: PositiveInt = 10  # epochs [paper]
    background: PositiveInt = 20  # epochs of each B step [paper]
    foreground: PositiveInt = 20  # epochs of each F step [paper]
    rounds: Annotated[int, Field(ge=0)] = 2  # [open]
    # What a round does, in order [paper: background, foreground]. One of them alone distills one way only.
    steps: Annotated[tuple[Step, ...], Field(min_length=1)] = ("background", "foreground")
    restart: bool = False  # each F step trains CBP from fresh weights instead of going on [open]
    updates_per_epoch: PositiveInt = 100  # [open]; the paper's epoch must repeat its videos, see ScheduleConfig


class CollabConfig(MethodConfig):
    """Settings of ``collab``."""

    cbp: Literal["pyramid", "convolution"] = "pyramid"  # the CBP network [paper: pyramid]
    pyramid: PyramidConfig = PyramidConfig()
    convolution: ConvolutionConfig = ConvolutionConfig()
    vlp: VlpConfig = VlpConfig()
    pooling: PoolingConfig = PoolingConfig()  # of both branches
    labels: PseudoLabelConfig = PseudoLabelConfig()
    losses: CollabLossConfig = CollabLossConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: CollabScheduleConfig = CollabScheduleConfig()
    cbp_share: Share = 0.5  # weight of CBP in the branch "both", VLP has the rest [open]


class Collaboration:
    """Both branches as the engine sees them.

    Args:
        cbp: the classification-based network.
        vlp: the vision-language branch.
        fresh_cbp: makes another CBP network with fresh weights.
        config: all settings.
    """

    branches: Sequence[str] = ("cbp", "vlp", "both", "vanilla")
    vlp_branches: Sequence[str] = ("vlp", "both", "vanilla")

    def __init__(
        self, cbp: nn.Module, vlp: VlpBranch, fresh_cbp: Callable[[], nn.Module], config: CollabConfig
    ) -> None:
        self.config = config
        self.fresh_cbp = fresh_cbp
        self.vlp = vlp
        schedule = config.schedule
        self.instance = MultipleInstance(
            cbp,
            pooling=config.pooling,
            optimizer=config.optimizer,
            schedule=ScheduleConfig(epochs=schedule.warm_up, updates_per_epoch=schedule.updates_per_epoch),
        )
        self.module = nn.ModuleDict({"cbp": cbp, "vlp": vlp})

    def phases(self) -> list[Phase]:
        """Warm-up, then the steps of each round."""
        (plain,) = self.instance.phases()
        warm_up = replace(plain, trains=["cbp"])
        schedule = self.config.schedule
        background = replace(
            warm_up,
            updates=schedule.background * schedule.updates_per_epoch,
            trains=["vlp"],
            losses=self.background_losses,
            prepare=self.labels_of_cbp,
            after_update=self.vlp.text.settle,
        )
        foreground = replace(
            warm_up,
            updates=schedule.foreground * schedule.updates_per_epoch,
            losses=self.foreground_losses,
            prepare=self.labels_of_vlp,
        )
        steps: dict[Step, Phase] = {"background": background, "foreground": foreground}
        rounds = range(1, schedule.rounds + 1)
        return [warm_up, *(replace(steps[step], name=f"{step}-{n}") for n in rounds for step in schedule.steps)]

    def labels_of_cbp(self, videos: VideoSet, _state: State) -> dict[str, Tensor]:
        """What CBP is sure of: ``labels/VIDEO``, (T, C) int8, for every training video."""
        return self._labelled(videos, self._cbp, self.config.labels.background)

    def labels_of_vlp(self, videos: VideoSet, _state: State) -> dict[str, Tensor]:
        """What VLP is sure of: ``labels/VIDEO``, (T, C) int8, for every training video."""
        if self.config.schedule.restart:
            self.instance.module.load_state_dict(self.fresh_cbp().state_dict())
        return self._labelled(videos, self._vlp, self.config.labels.foreground)

    def _labelled(
        self, videos: VideoSet, branch: Callable[[Batch], SnippetOutput], thresholds: ThresholdConfig
    ) -> dict[str, Tensor]:
        device = next(self.module.parameters()).device
        logits: dict[str, Tensor] = {}
        tags: dict[str, Tensor] = {}
        for batch in videos.whole(LABEL_BATCH):
            batch = batch.to(device)
            output = branch(batch)
            for row, (name, length) in enumerate(zip(batch.videos, batch.lengths.tolist(), strict=True)):
                logits[name], tags[name] = output.logits[row, :length].float().cpu(), batch.labels[row].cpu()
        label = partial(hard_labels, untagged=self.config.labels.untagged)
        if thresholds.scale == "quantile":  # of logits, which rank as probabilities do but never become 1
            entries = [logits[name][:, tags[name] > 0] for name in logits]
            low, high = quantiles(entries, thresholds.low, thresholds.high)
            label, scores = partial(label, low=low, high=high, scale="raw"), logits
        else:
            label = partial(label, low=thresholds.low, high=thresholds.high, scale=thresholds.scale)
            scores = {name: torch.sigmoid(video) for name, video in logits.items()}
        whole = {name: torch.ones(1, len(video), dtype=torch.bool) for name, video in scores.items()}
        return {f"labels/{name}": label(scores[name][None], tags[name][None], whole[name])[0] for name in scores}

    def background_losses(self, batch: Batch, state: State) -> dict[str, Tensor]:
        """The B step: L_kd and L_con of VLP on the labels of CBP."""
        return self._taught(self._vlp(batch), stored_labels(batch, state))

    def foreground_losses(self, batch: Batch, state: State) -> dict[str, Tensor]:
        """The F step: L_kd and L_con of CBP on the labels of VLP, and L_cls on the tags."""
        output = self._cbp(batch)
        parts = self._taught(output, stored_labels(batch, state))
        if self.config.losses.classification:
            videos = self.instance.video_probabilities(output.logits, batch.mask)
            parts["cls"] = self.config.losses.classification * classification_loss(videos, batch.labels)
        return parts

    def _taught(self, output: SnippetOutput, labels: Tensor) -> dict[str, Tensor]:
        losses = self.config.losses
        parts = {"kd": losses.distillation * confident_distillation(output.logits, labels).mean()}
        if losses.contrast:
            contrast = foreground_contrast(output.embedding, labels, temperature=losses.contrast_temperature)
            parts["contrast"] = losses.contrast * contrast.mean()
        return parts

    def _cbp(self, batch: Batch) -> SnippetOutput:
        output: SnippetOutput = self.instance.module(batch.features, batch.mask)
        return output

    def _vlp(self, batch: Batch) -> SnippetOutput:
        assert batch.vlp is not None  # the workflows open these features for every phase and branch that needs them
        output: SnippetOutput = self.vlp(batch.vlp, batch.mask)
        return output

    def localize(self, batch: Batch, branch: str | None) -> tuple[Tensor, Tensor]:
        """Snippet probabilities (B, T, C) and video probabilities (B, C).

        Args:
            batch: videos at full length.
            branch: ``cbp`` (the default [paper]), ``vlp``, ``both`` for their weighted mean, or ``vanilla`` for the
                vision-language features without prompts and temporal layers.
        """
        if branch == "both":
            share = self.config.cbp_share
            pairs = zip(self.localize(batch, "cbp"), self.localize(batch, "vlp"), strict=True)
            snippets, videos = (share * cbp + (1 - share) * vlp for cbp, vlp in pairs)
            return snippets, videos
        if branch in (None, "cbp"):
            return self.instance.localize(batch, None)
        if branch == "vanilla":
            assert batch.vlp is not None
            logits = self.vlp.vanilla(batch.vlp)
        else:
            logits = self._vlp(batch).logits
        snippets = torch.sigmoid(logits).masked_fill(~batch.mask[:, :, None], 0.0)
        return snippets, self.instance.video_probabilities(logits, batch.mask)


def stored_labels(batch: Batch, state: State) -> Tensor:
    """The stored labels of a batch's snippets, (B, T, C) int8, uncertain in the padding."""
    shape = (*batch.mask.shape, batch.labels.shape[1])
    rows = torch.full(shape, UNCERTAIN, dtype=torch.int8, device=batch.features.device)
    for row, (name, start, length) in enumerate(
        zip(batch.videos, batch.starts.tolist(), batch.lengths.tolist(), strict=True)
    ):
        rows[row, :length] = state[f"labels/{name}"][start : start + length]
    return rows


CONFIG = CollabConfig


def build(config: CollabConfig, inputs: Inputs) -> Collaboration:
    """Both branches with fresh weights.

    Raises:
        InputError: if there are no vision-language features, or no class vectors for them.
    """
    network = config.pyramid if config.cbp == "pyramid" else config.convolution

    def fresh_cbp() -> nn.Module:
        return network.build(dim=inputs.dim, classes=len(inputs.classes))

    cbp = fresh_cbp()  # drawn first, so that a seed gives it the weights that it has in method ``cbp``
    return Collaboration(cbp, config.vlp.build(inputs), fresh_cbp, config)
