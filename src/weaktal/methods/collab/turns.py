"""Distillation-collaboration: two branches that err in opposite ways teach each other (Ju et al., CVPR 2023).

The classification-based branch (CBP) finds the most telling snippets only; the vision-language branch (VLP) fires on
whole scenes. So they alternate:

1. ``warm-up``: CBP alone, on the video-level tags. The pyramid's is the same as method ``cbp``, to the bit.
2. ``background-N`` (the paper's B step): CBP is frozen and labels every training snippet; VLP learns from what CBP is
   sure of. Most of that is background, and cures VLP of false positives.
3. ``foreground-N`` (the F step): VLP is frozen and labels every training snippet; CBP learns from what VLP is sure of,
   and is cured of false negatives.
4. Steps 2 and 3 again, ``rounds`` times in all.

Or, in place of 2 to 4, both at once: see :mod:`weaktal.methods.collab.online`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from pydantic import BaseModel
from torch import Tensor, nn

from weaktal.engine.batch import Batch, VideoSet
from weaktal.engine.method import Choice, Phase, State
from weaktal.losses.contrastive import foreground_contrast
from weaktal.losses.distillation import confident_distillation
from weaktal.methods.base import VLP
from weaktal.methods.collab.branches import ALONE, BRANCHES, NOTED, SHOWN, TOGETHER, vlp_snippets
from weaktal.methods.collab.either import EitherSide
from weaktal.methods.collab.labels import agreed, hard_labels_in, label_videos, shuffled, stored_labels
from weaktal.methods.collab.phases import WARM_UP, step_names
from weaktal.methods.collab.rivals import stored_rivals, with_rivals
from weaktal.methods.collab.selection import best, branches_agree, cured, sharp
from weaktal.methods.collab.settings import CollabConfig
from weaktal.methods.collab.side import CbpSide
from weaktal.methods.collab.statistics import StoredStatistics, score_branches, statistics
from weaktal.methods.mil import probabilities
from weaktal.models.outputs import SnippetOutput
from weaktal.models.vlp import VlpBranch

log = logging.getLogger("weaktal")


class Collaboration:
    """Both branches as the engine sees them.

    Args:
        cbp: the classification-based side.
        vlp: the vision-language branch.
        fresh_cbp: makes another network of the classification-based side with fresh weights.
        config: all settings.
    """

    branches: Sequence[str] = BRANCHES
    shown_branches: Sequence[str | None] = SHOWN
    statistics: type[BaseModel] = StoredStatistics

    def __init__(self, cbp: CbpSide, vlp: VlpBranch, fresh_cbp: Callable[[], nn.Module], config: CollabConfig) -> None:
        self.config = config
        self.fresh_cbp = fresh_cbp
        self.cbp = cbp
        self.vlp = vlp
        self.module = nn.ModuleDict({"cbp": cbp.module, "vlp": vlp})

    def phases(self) -> list[Phase]:
        """Warm-up, then the steps of each round."""
        schedule = self.config.schedule
        background = Phase(
            name="background",
            updates=schedule.background * schedule.updates_per_epoch,
            trains=["vlp"],
            losses=self.background_losses,
            shared=self.class_vectors,
            prepare=self.labels_of_cbp,
            finish=self.vlp.text.settle,
            review=self.review,
            optimizer=self.config.optimizer,
        )
        foreground = replace(
            background,
            name="foreground",
            updates=schedule.foreground * schedule.updates_per_epoch,
            trains=["cbp"],
            losses=self.foreground_losses,
            shared=None,
            prepare=self.labels_of_vlp,
            finish=None,
        )
        steps = {"background": background, "foreground": foreground}
        names = step_names(self.config)[1:]
        # Numbered as if the warm-up were one phase, so that a pyramid that is kept trains as where it is named.
        return [
            *self.warm_up(),
            *(
                replace(steps[name.rpartition("-")[0]], name=name, stream=place if self.picks else None)
                for place, name in enumerate(names, start=1)
            ),
        ]

    @property
    def picks(self) -> bool:
        """Whether CBP's network is picked in the warm-up."""
        return isinstance(self.cbp, EitherSide)

    def warm_up(self) -> list[Phase]:
        """What the classification-based side does when it trains alone."""
        alone = self.cbp.phases()
        names = [WARM_UP] if len(alone) == 1 else [f"{WARM_UP}-{phase.name}" for phase in alone]
        phases = [
            replace(phase, name=name, trains=["cbp"], review=lambda videos, _: self.review(videos, {}))
            for phase, name in zip(alone, names, strict=True)
        ]
        if isinstance(self.cbp, EitherSide):
            phases[-1] = replace(phases[-1], prepare=self.take_network)
        return phases

    def take_network(self, videos: VideoSet, _state: State) -> dict[str, Tensor]:
        """Takes the convolution unless the pyramid sets off action far more clearly than vanilla VLP."""
        assert isinstance(self.cbp, EitherSide)
        self.cbp.take("pyramid")
        scored = score_branches(videos, self.localize, ("cbp", "vanilla"), self.device)
        found = statistics(scored, videos.labels.numpy() > 0, None)
        keeps = sharp(found)
        self.cbp.take("pyramid" if keeps else "convolution")
        cbp, vanilla = (found["branches"][branch] for branch in scored)
        log.info(
            "the classification-based branch %s: the pyramid calls %s; the vision-language branch, which has learned "
            "nothing yet, %s (the pyramid stays where its contrast is higher by a third)",
            "keeps the pyramid" if keeps else "changes to the convolution",
            *(_found(of["activity"], of["contrast"]) for of in (cbp, vanilla)),
        )
        return {}

    def labels_of_cbp(self, videos: VideoSet, _state: State) -> dict[str, Tensor]:
        """What CBP is sure of: ``labels/VIDEO``, (T, C) int8, for every training video; and which classes compete."""
        labels = self.config.labels
        found = label_videos(videos, self.cbp.snippets, labels.background, labels.untagged, self.device)
        return found | stored_rivals(self.config.vlp, videos)

    def labels_of_vlp(self, videos: VideoSet, _state: State) -> dict[str, Tensor]:
        """What VLP is sure of, or whoever teaches CBP: ``labels/VIDEO``, (T, C) int8, for every training video."""
        labels = self.config.labels
        nested = stored_rivals(self.config.vlp, videos)
        teacher = self.cbp.snippets if labels.teacher == "cbp" else partial(self.vlp_of_tagged, self.vlp, state=nested)
        found = label_videos(videos, teacher, labels.foreground, labels.untagged, self.device)
        if labels.teacher == "agreed":
            found = agreed(
                found, label_videos(videos, self.cbp.snippets, labels.foreground, labels.untagged, self.device)
            )
        elif labels.teacher == "shuffled":
            found = shuffled(found)
        if self.config.schedule.restart:
            self.cbp.module.load_state_dict(self.fresh_cbp().state_dict())
        return found

    def class_vectors(self) -> dict[str, Tensor]:
        """The class vectors of an update: once through the text encoder, whatever the number of forward passes."""
        return {"class_vectors": self.vlp.text()}

    def background_losses(self, batch: Batch, state: State) -> dict[str, Tensor]:
        """The B step: L_kd and L_con of VLP on the labels of CBP."""
        return self.learn_vlp(batch, stored_labels(batch, state), state)

    def foreground_losses(self, batch: Batch, state: State) -> dict[str, Tensor]:
        """The F step: L_kd and L_con of CBP on the labels of VLP, and its own losses on the tags."""
        return self.learn_cbp(batch, stored_labels(batch, state))

    def learn_vlp(self, batch: Batch, labels: Tensor, state: State) -> dict[str, Tensor]:
        """The losses of VLP on labels (B, T, C); ``state`` has the class vectors, (C, D), where they are known."""
        return self._taught(self.vlp_of_tagged(self.vlp, batch, state=state), labels, batch.labels)

    def vlp_of_tagged(self, vlp: VlpBranch, batch: Batch, *, state: State) -> SnippetOutput:
        """What a vision-language branch says of videos whose tags are known, by the rivals of each class."""
        output = vlp_snippets(vlp, batch, state.get("class_vectors"))
        return output._replace(logits=with_rivals(output.logits, self.config.vlp, batch.labels, state))

    def learn_cbp(self, batch: Batch, labels: Tensor) -> dict[str, Tensor]:
        """The losses of CBP on labels (B, T, C) and tags."""
        weight = self.config.losses.classification
        output, own = self.cbp.supervised(batch) if weight else (self.cbp.snippets(batch), {})
        return self._taught(output, labels, batch.labels) | {name: weight * part for name, part in own.items()}

    def _taught(self, output: SnippetOutput, labels: Tensor, tags: Tensor) -> dict[str, Tensor]:
        losses = self.config.losses
        distilled = confident_distillation(output.logits, labels, tags=tags, tagged_share=losses.tagged_share)
        parts = {"kd": losses.distillation * distilled.mean()}
        if losses.contrast:
            contrast = foreground_contrast(
                output.embedding,
                labels,
                temperature=losses.contrast_temperature,
                scope=losses.contrast_scope,
                anchors=losses.contrast_anchors,
            )
            parts["contrast"] = losses.contrast * contrast.mean()
        return parts

    def hard_labels(self, state: State) -> dict[str, Tensor]:
        """The pseudo-labels of a step, (T, C) int8 by video; none in a warm-up."""
        return hard_labels_in(state)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.module.parameters()).device

    def review(self, videos: VideoSet, state: State) -> dict[str, Any]:
        """Statistics of all branches on the training videos, and of the labels that taught them, if any did."""
        scored = score_branches(videos, self.localize, NOTED, self.device)
        labels = [state[f"labels/{name}"].cpu().numpy() for name in videos.names] if state else None
        found = statistics(scored, videos.labels.numpy() > 0, labels)
        return {**found, "network": self.cbp.taken if isinstance(self.cbp, EitherSide) else None}

    def choose(self, statistics_of: Callable[[int], Mapping[str, Any]]) -> Choice:
        """Which phase's weights and which branch localize by default."""
        selection = self.config.selection
        if selection.rule == "last":
            return Choice()
        if selection.rule == "agreement":
            alone = len(self.warm_up()) - 1
            before = statistics_of(alone)
            if not branches_agree(before, selection):
                return Choice(0 if before.get("network") == "pyramid" else alone, "cbp")
            if cured(before, statistics_of(len(self.phases()) - 1)):
                return Choice(None, "both")
            return Choice(self._untaught_vlp(), "cbp")
        return Choice(*best([statistics_of(index) for index in range(len(self.phases()))], selection))

    def _untaught_vlp(self) -> int | None:
        """The last phase before any that trains VLP; None if there is no such phase."""
        return next((index - 1 for index, phase in enumerate(self.phases()) if "vlp" in phase.trains), None)

    def localize(self, batch: Batch, branch: str | None) -> tuple[Tensor, Tensor]:
        """Snippet probabilities (B, T, C) and video probabilities (B, C).

        Args:
            batch: videos at full length.
            branch: ``cbp`` (the default [paper]), ``vlp``, ``both`` for their weighted mean, ``vanilla`` for the
                vision-language features without prompts and temporal layers, or ``late`` for the weighted mean of CBP
                and these.
        """
        if branch in ("both", "late"):
            return self._together(self.localize(batch, "cbp"), self.localize(batch, TOGETHER[branch]))
        cbp, vlp = self.localizers
        if branch in (None, ALONE):
            return cbp.localize(batch, None)
        if branch == "vanilla":
            logits = vlp.vanilla(batch.others[VLP])
        else:
            logits = vlp_snippets(vlp, batch).logits
        return probabilities(logits, batch.mask, self.config.pooling)

    def _together(self, cbp: tuple[Tensor, Tensor], vlp: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Scores of two branches, of snippets (B, T, C) and of videos (B, C) each, as scores of both."""
        share = self.config.cbp_share
        snippets = share * cbp[0] + (1 - share) * vlp[0]
        if self.config.both_videos == "cbp":
            return snippets, cbp[1]
        if self.config.both_videos == "geometric":
            return snippets, cbp[1] ** share * vlp[1] ** (1 - share)
        return snippets, share * cbp[1] + (1 - share) * vlp[1]

    def needs(self, branch: str | None) -> Sequence[str]:
        """All but CBP look at vision-language features."""
        return () if branch in (None, ALONE) else (VLP,)

    @property
    def localizers(self) -> tuple[CbpSide, VlpBranch]:
        """The branches that localize: here those that train."""
        return self.cbp, self.vlp


def _found(activity: float | None, contrast: float | None) -> str:
    share = "?" if activity is None else f"{100 * activity:.1f}"
    return f"{share} % of the snippets action, with a contrast of {'?' if contrast is None else f'{contrast:.2f}'}"
