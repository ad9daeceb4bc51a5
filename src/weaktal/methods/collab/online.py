"""The collaboration without turns: both branches train at once, each taught by a moving average of the other.

Ju et al. (CVPR 2023) leave asynchronous online training to future work, so everything here is [open]:

1. ``warm-up``: as in the alternation.
2. ``online-N``: in every update each branch's teacher, an exponential moving average of its weights, labels the
   update's own snippets with the thresholds of the alternation, and the other branch learns from these labels with the
   losses of the alternation: VLP as in the B step, CBP as in the F step. Then both teachers follow.

With ``schedule.restart`` CBP trains from fresh weights, as in an F step; from its warm-up on, it would over-train.
Fresh weights and their average have nothing to teach yet, so in the first stretch VLP learns from what CBP was sure of
after its warm-up, stored as for a B step.

Labels are made of the crops that an update sees: with the scale ``video_max`` a crop's highest score counts. Ranks need
the whole training set; each ``online-N`` begins with taking them anew. Teachers begin as the branches are after the
warm-up. The text encoder runs twice an update, for the prompts and for their moving average.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn

from weaktal.engine.batch import Batch, VideoSet
from weaktal.engine.method import Phase, State
from weaktal.methods.collab.labels import Branch, Limits, label_batch, rank_limits, stored_labels
from weaktal.methods.collab.phases import step_names
from weaktal.methods.collab.rivals import NESTED, stored_rivals
from weaktal.methods.collab.settings import CollabConfig, ThresholdConfig
from weaktal.methods.collab.side import CbpSide
from weaktal.methods.collab.turns import Collaboration
from weaktal.models.vlp import VlpBranch


class OnlineCollaboration(Collaboration):
    """Both branches and their teachers as the engine sees them; arguments as of :class:`Collaboration`."""

    def __init__(self, cbp: CbpSide, vlp: VlpBranch, fresh_cbp: Callable[[], nn.Module], config: CollabConfig) -> None:
        super().__init__(cbp, vlp, fresh_cbp, config)
        self.cbp_teacher, self.vlp_teacher = copy.deepcopy(cbp), copy.deepcopy(vlp)
        self.module["cbp_teacher"] = self.cbp_teacher.module
        self.module["vlp_teacher"] = self.vlp_teacher

    def phases(self) -> list[Phase]:
        """Warm-up, then online training in stretches that begin with new ranks."""
        schedule = self.config.schedule
        online = Phase(
            name="online",
            updates=0,
            trains=["cbp", "vlp"],
            losses=self.online_losses,
            shared=self.class_vectors,
            prepare=self.take_ranks,
            after_update=self.follow,
            finish=self.vlp.text.settle,
            review=lambda videos, _: self.review(videos, {}),
            optimizer=self.config.optimizer,
        )
        epochs, refresh = schedule.online_epochs, schedule.online.refresh
        stretches = [
            replace(
                online,
                name=name,
                updates=min(refresh, epochs - first) * schedule.updates_per_epoch,
                keep_optimizer=first > 0,
                stream=place if self.picks else None,
            )
            for place, (name, first) in enumerate(
                zip(step_names(self.config)[1:], range(0, epochs, refresh), strict=True), start=1
            )
        ]
        if schedule.restart and stretches:
            losses = partial(self.online_losses, stored=True)
            stretches[0] = replace(stretches[0], losses=losses, prepare=self.restart)
        return [*(replace(phase, finish=self.begin) for phase in self.warm_up()), *stretches]

    def begin(self) -> None:
        """Teachers become what the branches are."""
        self.cbp_teacher.module.load_state_dict(self.cbp.module.state_dict())
        self.vlp_teacher.load_state_dict(self.vlp.state_dict())

    def take_ranks(self, videos: VideoSet, _state: State) -> dict[str, Tensor]:
        """``limits/cbp`` and ``limits/vlp``, (2, C) float64, of teachers ranked over the training set; and rivals."""
        thresholds = self.config.labels
        nested = stored_rivals(self.config.vlp, videos)
        teachers: list[tuple[str, Branch, ThresholdConfig]] = [
            ("cbp", self.cbp_teacher.snippets, thresholds.background),
            ("vlp", partial(self.vlp_of_tagged, self.vlp_teacher, state=nested), thresholds.foreground),
        ]
        found = {name: rank_limits(videos, teacher, when, self.device) for name, teacher, when in teachers}
        return nested | {f"limits/{name}": torch.stack(limits) for name, limits in found.items() if limits is not None}

    def restart(self, videos: VideoSet, state: State) -> dict[str, Tensor]:
        """Ranks, and the labels ``labels/VIDEO`` of CBP, which then gets fresh weights; its average follows them."""
        found = self.take_ranks(videos, state) | self.labels_of_cbp(videos, state)
        fresh = self.fresh_cbp().state_dict()
        for side in (self.cbp, self.cbp_teacher):
            side.module.load_state_dict(fresh)
        return found

    def online_losses(self, batch: Batch, state: State, *, stored: bool = False) -> dict[str, Tensor]:
        """The losses of the B step for VLP and of the F step for CBP, on labels of this moment.

        Args:
            batch: what both branches see.
            state: ranks, class vectors, and labels of CBP where they are ``stored``.
            stored: whether VLP learns from these in place of CBP's teacher.
        """
        thresholds = self.config.labels
        fellows = {name: rivals for name, rivals in state.items() if name == NESTED}  # the average has its own vectors
        with torch.no_grad():
            if stored:
                by_cbp = stored_labels(batch, state)
            else:
                by_cbp = self._labels(self.cbp_teacher.snippets, batch, thresholds.background, state.get("limits/cbp"))
            vlp_teacher = partial(self.vlp_of_tagged, self.vlp_teacher, state=fellows)
            by_vlp = self._labels(vlp_teacher, batch, thresholds.foreground, state.get("limits/vlp"))
        of_vlp = self.learn_vlp(batch, by_cbp, state)
        of_cbp = self.learn_cbp(batch, by_vlp)
        return {f"vlp_{name}": part for name, part in of_vlp.items()} | {
            f"cbp_{name}": part for name, part in of_cbp.items()
        }

    def _labels(self, teacher: Branch, batch: Batch, thresholds: ThresholdConfig, limits: Tensor | None) -> Tensor:
        logits = teacher(batch).logits.float()
        ranks = None if limits is None else Limits(*limits)
        return label_batch(logits, batch.labels, batch.mask, thresholds, ranks, self.config.labels.untagged)

    @torch.no_grad()
    def follow(self) -> None:
        """Teachers move towards the branches."""
        share = 1 - self.config.schedule.online.decay
        for teacher, student in ((self.cbp_teacher.module, self.cbp.module), (self.vlp_teacher, self.vlp)):
            for average, now in zip(teacher.parameters(), student.parameters(), strict=True):
                average.lerp_(now, share)
        self.vlp_teacher.text.settle()

    @property
    def localizers(self) -> tuple[CbpSide, VlpBranch]:
        """The teachers, whose weights are calmer, unless the settings say otherwise."""
        if self.config.schedule.online.localizes == "students":
            return super().localizers
        return self.cbp_teacher, self.vlp_teacher
