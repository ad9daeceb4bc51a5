"""What tells, without segments, when a network has trained on tags for long enough. Looks at segments to find out.

    python benchmarks/when_to_stop.py DATASET FEATURES [--method cbp] [--lr 0.001] [--updates 300] [--every 20]
        [--seed 0] [--set KEY=VALUE ...]

Trains twice: on all training videos, and on four fifths of them with the tags of the rest kept aside. Every so many
updates it prints the loss on the tags of the whole training videos (without dropout), as a share of the entropy of
these tags; the loss on the tags kept aside, as a share of the same; the share of active snippets, above half of the
class's highest; and the mean mAP (tIoU 0.1 to 0.7) on the test subset, which is what all of these ought to foretell.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from weaktal.config import load_settings
from weaktal.data.annotations import Annotations, Video, read_annotations
from weaktal.data.features import Features
from weaktal.data.usable import usable
from weaktal.engine.batch import VideoSet
from weaktal.engine.folder import TrainingFolder
from weaktal.engine.method import Method, State
from weaktal.engine.predict import predict
from weaktal.engine.seeding import seed_torch
from weaktal.engine.settings import EngineConfig
from weaktal.engine.trainer import Trainer
from weaktal.evaluation.protocols import protocol_named
from weaktal.evaluation.scoring import score
from weaktal.losses.mil import classification_loss, tag_entropy
from weaktal.methods.base import Inputs, MethodConfig, method_module, method_settings
from weaktal.runs.folder import RunInfo
from weaktal.runs.trained import Trained
from weaktal.version import __version__

TIOUS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)


@dataclass(frozen=True, slots=True)
class Bed:
    """A dataset with its segments, and how to train on it."""

    truth: Annotations
    features: Features
    method: str
    config: MethodConfig
    seed: int
    every: int

    def train(self, videos: Sequence[Video], aside: Sequence[Video]) -> None:
        """Trains on ``videos`` and prints a row at each look."""
        truth, features = self.truth, self.features
        dim, streams = features.layout(videos[0].name)
        seed_torch(self.seed, "weights")
        inputs = Inputs(dim=dim, classes=truth.classes, streams=streams, videos=len(videos))
        method = method_module(self.method).build(self.config, inputs)
        info = RunInfo(
            weaktal=__version__, method=self.method, seed=self.seed, dataset="", train_subset=truth.train_subset,
            features="", grid=features.grid, classes=truth.classes, dim=dim, streams=streams,
            videos=tuple(video.name for video in videos), settings=self.config.model_dump(mode="json"),
        )  # fmt: skip
        trained = Trained(Path(), method, self.config, info, None, self.config.decode)
        tested, _ = usable(truth.subset(truth.test_subset), [features], skip_broken=False)
        sets = [VideoSet(part, truth.classes, features) for part in (videos, aside) if part]
        looks = 0

        def look(method: Method, _phase: str, _state: State) -> Mapping[str, float]:
            nonlocal looks
            looks += 1
            results, _ = trained.segments(tested, features, None)
            scores = score(truth, results, protocol_named("plain"), subset=truth.test_subset, tious=TIOUS)
            losses = [loss_and_activity(method, part) for part in sets]
            told = [f"{loss / tag_entropy(sets[0].labels).item():.3f}" for loss, _ in losses]
            row = [looks * self.every, told[0], told[1] if aside else "", f"{losses[0][1]:.2f}"]
            print("| " + " | ".join(map(str, [*row, f"{100 * scores.average_map:.1f}"])) + " |", flush=True)
            return {}

        with tempfile.TemporaryDirectory() as folder:
            engine = EngineConfig(tensorboard=False, look_every=self.every, device="cpu")
            training = TrainingFolder(Path(folder))
            Trainer(method, sets[0], training, engine, self.seed, look=look).train()


def loss_and_activity(method: Method, videos: VideoSet) -> tuple[float, float]:
    """L_cls of whole videos, and the share of active snippets among those of tagged classes."""
    losses, active = [], []
    for (_, snippets, whole), tags in zip(
        predict(method, videos, branch=None, device="cpu"), videos.labels, strict=True
    ):
        losses.append(classification_loss(torch.from_numpy(whole)[None], tags[None]).item())
        tagged = snippets[:, tags.numpy() > 0]
        active.append(float((tagged > 0.5 * tagged.max(axis=0)).mean()))
    return float(np.mean(losses)), float(np.mean(active))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("features")
    parser.add_argument("--method", choices=("cbp", "mil"), default="cbp")
    parser.add_argument("--lr", type=float, default=0.001)
    parser.add_argument("--updates", type=int, default=300)
    parser.add_argument("--every", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], dest="overrides")
    given = parser.parse_args()
    torch.set_num_threads(1)
    lengths = ["schedule.epochs=1", f"schedule.updates_per_epoch={given.updates}", "schedule.end_below=0"]
    overrides = [f"optimizer.lr={given.lr}", "optimizer.batch_size=16", *lengths, *given.overrides]
    config = load_settings(method_settings(given.method), overrides=overrides)
    truth = read_annotations(given.dataset)
    features = Features.open(given.dataset, given.features)
    videos, _ = usable(truth.subset(truth.train_subset), [features], skip_broken=False)
    bed = Bed(truth, features, given.method, config, given.seed, given.every)
    order = np.random.default_rng(given.seed).permutation(len(videos))
    aside, rest = ([videos[place] for place in part] for part in (order[: len(videos) // 5], order[len(videos) // 5 :]))
    for title, part, kept in (("all training videos", videos, []), ("four fifths", rest, aside)):
        print(f"\n{given.dataset.name}, {given.method}, {title}\n")
        print("| updates | loss on tags | on tags kept aside | active | mAP |\n|---|---|---|---|---|", flush=True)
        bed.train(part, kept)
    return 0


if __name__ == "__main__":
    sys.exit(main())
