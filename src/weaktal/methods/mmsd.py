"""MMSD: RGB, flow and their fusion teach each other (Huang et al., TIP 2022; settings from the released code).

The plan of training, in epochs:

1. ``teaching``, 0 to 40: tags supervise both video predictions of each stream, the attention regularizer shapes the
   snippet scores, and the streams distill their snippet scores into each other.
2. ``voting-1``, ``voting-2``, ...: every 40 epochs from epoch 40. Each stream labels all training snippets; where it is
   surer than before, the new label replaces the stored one. The streams then vote on what each attention should be.

All of it is one run of the optimizer: its moments and its schedule continue from phase to phase.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor

from weaktal.engine.batch import Batch, VideoSet
from weaktal.engine.method import Phase, SingleWay, State
from weaktal.errors import InputError, arg
from weaktal.losses.mmsd_attention import background_separation, temporal_contrast
from weaktal.losses.mmsd_classification import video_classification, with_background
from weaktal.losses.mmsd_distillation import stream_distillation
from weaktal.losses.mmsd_voting import StoredLabels, confidence, refreshed, votes, voting_loss
from weaktal.methods.base import Inputs
from weaktal.methods.mmsd_config import (
    CLASSES,
    FUSED,
    MMSDConfig,
    MMSDLossConfig,
    MMSDScheduleConfig,
    MMSDTraining,
    VotingConfig,
)
from weaktal.models.mmsd import MMSD, STREAMS, StreamScores, mixed_logits, mixed_probabilities, mixed_scores
from weaktal.models.outputs import SnippetOutput


def mmsd_losses(
    scores: StreamScores,
    labels: Tensor,
    mask: Tensor,
    stored_labels: Tensor | None,
    *,
    losses: MMSDLossConfig,
    voting: VotingConfig,
) -> dict[str, Tensor]:
    """The named, weighted losses of each video, summed over the streams.

    Args:
        scores: of the batch.
        labels: (B, C), 1 for each tag.
        mask: (B, T) bool.
        stored_labels: (S, B, T) pseudo-labels of the streams; None before there are any.
        losses: weights and shapes.
        voting: who may vote.

    Returns:
        (B,) each.
    """
    with_bg = with_background(labels, present=True)  # (B, C+1)
    snippet_scores = torch.sigmoid(scores.snippet_logits)  # (S, B, T, C+1)
    classification = video_classification(
        scores.attended_logits,
        scores.classwise_logits,
        labels,
        attended_weight=losses.attended,
        classwise_weight=losses.classwise,
    )
    regularizer = temporal_contrast(snippet_scores, with_bg, mask, ratio=losses.ratio)
    regularizer = regularizer + background_separation(snippet_scores, labels, mask)
    distillation = stream_distillation(
        scores.snippet_logits, mask, temperature=losses.temperature, fused_to_single=losses.fused_to_single
    )
    parts = {
        "classification": classification.sum(dim=0),
        "attention": losses.attention * regularizer.sum(dim=0),
        "distillation": losses.distillation * distillation.sum(dim=0),
    }
    if stored_labels is not None:
        now = confidence(scores.snippet_logits, labels)
        targets, voted = votes(stored_labels, now, reliable=voting.reliable, margin=voting.margin)
        parts["voting"] = losses.voting * voting_loss(scores.attention, targets, voted, mask).sum(dim=0)
    return parts


def updates_until(epoch: int, *, videos: int, batch_size: int) -> int:
    """Updates in the first ``epoch`` passes over the videos, rounded up."""
    return -(-epoch * videos // batch_size)


def learning_rate_factor(update: int, schedule: MMSDScheduleConfig, *, videos: int, batch_size: int) -> float:
    """The factor on the learning rate at an update, counted from the start of training."""
    epoch = update * batch_size // videos
    return 1.0 if epoch < schedule.decay_after else schedule.decay


class MutualDistillation(SingleWay):
    """MMSD as the engine sees it.

    Args:
        network: the three streams.
        columns: half-open column ranges of the two modalities in the features.
        videos: training videos, for the length of an epoch.
        config: all settings.
    """

    def __init__(
        self, network: MMSD, *, columns: tuple[tuple[int, int], tuple[int, int]], videos: int, config: MMSDTraining
    ) -> None:
        self.module = network
        self.columns = columns
        self.videos = videos
        self.config = config
        streams = (*config.modalities, FUSED)
        self.branches = (*streams, CLASSES)  # without a branch the streams are mixed, and attention counts
        singles = torch.eye(len(STREAMS)).tolist()
        self._weights: Mapping[str | None, tuple[float, float, float]] = {
            None: config.mix,
            CLASSES: config.mix,
            **{name: (a, b, c) for name, (a, b, c) in zip(streams, singles, strict=True)},
        }

    def phases(self) -> list[Phase]:
        """Teaching, then voting with labels that are stored anew every so many epochs."""
        schedule = self.config.schedule
        bounds = [*range(0, schedule.epochs, schedule.vote_every), schedule.epochs]
        return [self._phase(number, first, last) for number, (first, last) in enumerate(pairwise(bounds))]

    def _phase(self, number: int, first_epoch: int, last_epoch: int) -> Phase:
        schedule, optimizer = self.config.schedule, self.config.optimizer
        start = updates_until(first_epoch, videos=self.videos, batch_size=optimizer.batch_size)
        stop = updates_until(last_epoch, videos=self.videos, batch_size=optimizer.batch_size)
        return Phase(
            name=f"voting-{number}" if number else "teaching",
            updates=stop - start,
            trains=[""],
            losses=self.losses,
            optimizer=optimizer,
            rate=lambda update: learning_rate_factor(
                start + update, schedule, videos=self.videos, batch_size=optimizer.batch_size
            ),
            keep_optimizer=True,
            prepare=self.store_labels if number else None,
        )

    def scores(self, batch: Batch) -> StreamScores:
        """What the three streams say of a batch."""
        rgb, flow = (batch.features[..., start:stop] for start, stop in self.columns)
        scores: StreamScores = self.module(rgb, flow, batch.mask)
        return scores

    def losses(self, batch: Batch, state: State) -> dict[str, Tensor]:
        """All losses, summed over the streams and the videos of an update."""
        stored = stored_labels(batch, state, "labels") if state else None
        per_video = self._losses(self.scores(batch), batch, stored)
        # The engine averages over micro-batches; the mean times the videos of an update makes the sum over all of them.
        return {name: part.mean() * self.config.optimizer.batch_size for name, part in per_video.items()}

    def snippets(self, batch: Batch) -> SnippetOutput:
        """What ``collab`` teaches and lets teach: the mixture that localizes, as logits, and the fused embedding."""
        return self._mixed(self.scores(batch))

    def supervised(self, batch: Batch) -> tuple[SnippetOutput, dict[str, Tensor]]:
        """The same, and all losses but voting, each summed over the streams: the mean over the videos."""
        scores = self.scores(batch)
        return self._mixed(scores), {name: part.mean() for name, part in self._losses(scores, batch, None).items()}

    def _mixed(self, scores: StreamScores) -> SnippetOutput:
        return SnippetOutput(logits=mixed_logits(scores, self.config.mix), embedding=scores.embedding[-1])

    def _losses(self, scores: StreamScores, batch: Batch, stored: Tensor | None) -> dict[str, Tensor]:
        config = self.config
        return mmsd_losses(scores, batch.labels, batch.mask, stored, losses=config.losses, voting=config.voting)

    def store_labels(self, videos: VideoSet, state: State) -> dict[str, Tensor]:
        """The pseudo-labels of all training snippets: ``labels/VIDEO`` and ``confidence/VIDEO``, (S, T) each.

        Args:
            videos: the training videos.
            state: the labels stored before; empty the first time.
        """
        fresh: dict[str, Tensor] = {}
        device = next(self.module.parameters()).device
        for batch in videos.whole(self.config.optimizer.batch_size):
            batch = batch.to(device)
            scores = self.scores(batch)
            zeros = torch.zeros_like(scores.attention)
            stored = StoredLabels(
                labels=stored_labels(batch, state, "labels") if state else zeros,
                confidence=stored_labels(batch, state, "confidence") if state else zeros,
            )
            now = confidence(scores.snippet_logits, batch.labels)
            stored = refreshed(stored, scores.attention, now, threshold=self.config.voting.threshold)
            for row, (name, length) in enumerate(zip(batch.videos, batch.lengths.tolist(), strict=True)):
                fresh[f"labels/{name}"] = stored.labels[:, row, :length]
                fresh[f"confidence/{name}"] = stored.confidence[:, row, :length]
        return fresh

    def localize(self, batch: Batch, branch: str | None) -> tuple[Tensor, Tensor]:
        """Snippet scores (B, T, C) and video scores (B, C), of the mixed streams or of a single one."""
        scores, weights = self.scores(batch), self._weights[branch]
        if branch == CLASSES:
            return mixed_probabilities(scores, weights, batch.mask)
        return mixed_scores(scores, weights)


def stored_labels(batch: Batch, state: State, kind: str) -> Tensor:
    """The rows of the state that belong to a batch's snippets, (S, B, T), zero in the padding."""
    rows = batch.features.new_zeros(len(STREAMS), *batch.mask.shape)
    for row, (name, start, length) in enumerate(
        zip(batch.videos, batch.starts.tolist(), batch.lengths.tolist(), strict=True)
    ):
        rows[:, row, :length] = state[f"{kind}/{name}"][:, start : start + length]
    return rows


CONFIG = MMSDConfig


def build(config: MMSDTraining, inputs: Inputs) -> MutualDistillation:
    """MMSD with fresh weights.

    Raises:
        InputError: if the features do not have the two modalities.
    """
    missing = [name for name in config.modalities if name not in inputs.streams]
    if missing:
        raise InputError(
            f"no stream named {' or '.join(missing)} in these features (named: {', '.join(inputs.streams) or 'none'})",
            source=arg("features"),
            expected="a manifest that names both streams, or rgb=NAME,flow=NAME",
        )
    first, second = (inputs.streams[name] for name in config.modalities)
    network = MMSD(
        rgb_channels=first[1] - first[0],
        flow_channels=second[1] - second[0],
        classes=len(inputs.classes),
        channels=config.model.channels,
        scale=config.model.scale,
        dropout=config.model.dropout,
    )
    return MutualDistillation(network, columns=(first, second), videos=inputs.videos, config=config)
