"""How far the same network comes when it is told all segments: a ceiling to hold weak supervision against.

THE ONLY PLACE THAT TRAINS ON SEGMENTS. Nothing that ``weaktal train`` does comes by here, and nothing here makes a run
folder that ``weaktal localize`` could take for one of a method. It is the F step of ``collab`` with the truth as
teacher: the classification-based side from fresh weights, L_kd on every snippet and class, and L_cls, for as many
updates as its warm-up has.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from weaktal.data.annotations import Annotations, Video, read_annotations
from weaktal.data.features import Features
from weaktal.data.usable import usable
from weaktal.engine.batch import Batch, VideoSet
from weaktal.engine.checkpoint import load_weights, settle
from weaktal.engine.folder import TrainingFolder
from weaktal.engine.method import Phase, SingleWay, State
from weaktal.engine.seeding import seed_torch
from weaktal.engine.trainer import Trainer
from weaktal.errors import InputError, arg
from weaktal.evaluation.diagnose import action_snippets
from weaktal.losses.distillation import confident_distillation
from weaktal.methods.base import Inputs
from weaktal.methods.collab.labels import stored_labels
from weaktal.methods.collab.settings import CollabConfig
from weaktal.methods.collab.side import CbpSide, build_side
from weaktal.progress import OnProgress
from weaktal.runs.folder import RunInfo
from weaktal.runs.trained import Trained
from weaktal.studies.cell import scored
from weaktal.studies.seeded import Data, Measured
from weaktal.version import __version__

NAME = "upper-bound"


class FullSupervision(SingleWay):
    """The classification-based side, taught every segment.

    Args:
        side: with fresh weights.
        config: of the collaboration that it belongs to.
        truth: the training videos with their segments.
    """

    def __init__(self, side: CbpSide, config: CollabConfig, truth: Mapping[str, Video]) -> None:
        self.side = side
        self.module = side.module
        self.config = config
        self.truth = truth

    def phases(self) -> list[Phase]:
        """One, as long as the warm-up."""
        schedule = self.config.schedule
        return [
            Phase(
                name=NAME,
                updates=schedule.warm_up * schedule.updates_per_epoch,
                trains=[""],
                losses=self.losses,
                prepare=self.labels,
                optimizer=self.config.optimizer,
            )
        ]

    def labels(self, videos: VideoSet, _state: State) -> dict[str, Tensor]:
        """``labels/VIDEO``, (T, C) int8: the truth of every snippet."""
        features = videos.features
        return {
            f"labels/{name}": torch.from_numpy(
                action_snippets(self.truth[name], videos.classes, features.grid, features.length(name))
            ).to(torch.int8)
            for name in videos.names
        }

    def losses(self, batch: Batch, state: State) -> dict[str, Tensor]:
        """L_kd on the truth, and the losses on tags that an F step has."""
        output, own = self.side.supervised(batch)
        weight = self.config.losses.classification
        taught = {"kd": confident_distillation(output.logits, stored_labels(batch, state)).mean()}
        return taught | {name: weight * part for name, part in own.items() if weight}

    def localize(self, batch: Batch, _branch: str | None) -> tuple[Tensor, Tensor]:
        """Scores of snippets (B, T, C) and videos (B, C)."""
        return self.side.localize(batch, None)


def training_segments(data: Data, truth_file: str | None = None) -> dict[str, Video]:
    """The videos to train on that have segments, with these.

    Args:
        data: as of :func:`upper_bound`.
        truth_file: as there.

    Raises:
        InputError: for bad input, if there is no such video, or if the file has other classes than the dataset.
    """
    tagged = read_annotations(data.dataset)
    told = read_annotations(data.dataset / truth_file) if truth_file else tagged
    source = data.dataset / truth_file if truth_file else data.dataset
    if told.classes != tagged.classes:
        raise InputError("has other classes than the dataset", source=source, expected=", ".join(tagged.classes))
    known = {name: video for name, video in told.subset(data.train_subset).items() if video.segments}
    if not known:
        raise InputError(
            f"no video of subset {data.train_subset!r} has segments, which the upper bound learns from",
            source=source,
            expected=f"{arg('truth_file', '--truth FILE')}, annotations in the dataset's folder that have them, or "
            f"{arg('bound=False', '--no-bound')}",
        )
    return known


def upper_bound(
    data: Data,
    config: CollabConfig,
    *,
    seed: int,
    folder: Path,
    truth_file: str | None = None,
    on_progress: OnProgress | None = None,
) -> Measured:
    """Trains on the segments of the training subset and scores as :mod:`weaktal.studies.cell` does.

    Args:
        data: as of the ablation that it stands beside.
        config: its base settings.
        seed: of everything random.
        folder: for checkpoints and weights; goes on where it stopped.
        truth_file: annotations in the dataset's folder that hold the training segments, where its own hold tags alone.
        on_progress: is told of each update.

    Raises:
        InputError: for bad input, or if no training video has segments.
    """
    truth = read_annotations(data.dataset)
    features = Features.open(data.dataset, data.features, data.seconds_per_snippet)
    videos, _ = usable(training_segments(data, truth_file), [features], skip_broken=False)
    method, info = _built(data, config, truth, features, videos, seed)
    training = TrainingFolder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if not training.finished():
        settings = config.engine.model_copy(update={"tensorboard": False})
        trainer = Trainer(method, VideoSet(videos, truth.classes, features), training, settings, seed, on_progress)
        trainer.train()
    else:
        settle(training)
    load_weights(method.module, training.weights)
    tested, _ = usable(truth.subset(data.subset), [features], skip_broken=False)
    trained = Trained(folder, method, config, info, None, config.decode, device=config.engine.device)
    return scored(trained, data, truth, tested, features, None, reading=NAME, after=NAME, branch="cbp")


def _built(
    data: Data, config: CollabConfig, truth: Annotations, features: Features, videos: list[Video], seed: int
) -> tuple[FullSupervision, RunInfo]:
    if config.cbp == "auto":
        raise InputError("picks a network in training", source="cbp", expected="pyramid, convolution or mmsd")
    dim, streams = features.layout(videos[0].name)
    seed_torch(seed, "weights")
    side = build_side(config, Inputs(dim=dim, classes=truth.classes, streams=streams, videos=len(videos)))
    info = RunInfo(
        weaktal=__version__,
        method=NAME,
        seed=seed,
        dataset=str(data.dataset),
        train_subset=data.train_subset,
        features=data.features,
        grid=features.grid,
        classes=truth.classes,
        dim=dim,
        streams=streams,
        videos=tuple(video.name for video in videos),
        settings=config.model_dump(mode="json"),
    )
    return FullSupervision(side, config, {video.name: video for video in videos}), info
