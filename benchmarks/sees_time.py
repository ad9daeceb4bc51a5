"""Whether trained networks see time: the same snippets scored in order, in another order, and each by itself.

    python benchmarks/sees_time.py DATASET RUN [RUN ...] [--branch BRANCH ...] [--shuffles 3]
    python benchmarks/sees_time.py DATASET --features NAME --train "mil model.kernel=1" [--train ...] [--seeds 0 1]

The first takes finished runs. The second trains methods of one phase (mil, cbp) in memory, with preset `quick` and
the settings that follow the method's name; batches, losses and optimizer are those of `weaktal train`, random numbers
are not, and it goes to the end whatever schedule.end_below says. For every run (and branch, where the method has
several) a row: mean mAP of the results in order, of the scores that each snippet gets when its video is shuffled, and
of those that it gets as a video of its own; and how far these scores go along with those in order, as Pearson's r
over all snippets and the classes that their videos hold. Before decoding, scores go back to the places that their
snippets had. A network that sees no time has the same mAP three times and r of 1. A video's own score is the mean
over its highest snippets, ceil(T / 8) of them a class, in all three, so that what is compared is the snippets' scores
alone.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

import weaktal
from weaktal.config import load_settings
from weaktal.data.annotations import Annotations, read_annotations
from weaktal.data.features import Features
from weaktal.data.scores import VideoScores
from weaktal.decoding.config import DecodeConfig
from weaktal.decoding.decoder import decode_scored
from weaktal.engine.batch import Batch, Updates, VideoSet
from weaktal.engine.method import Method
from weaktal.engine.seeding import seed_torch
from weaktal.methods.base import VLP, Inputs, MethodConfig
from weaktal.methods.presets import preset_file
from weaktal.runs.trained import Trained

DIVISOR = 8


def scored(method: Method, branch: str | None, batch: Batch) -> np.ndarray:
    """Snippet scores of one row after the other, (B, T, C)."""
    with torch.no_grad():
        return method.localize(batch, branch)[0].float().numpy()


def moved(batch: Batch, places: torch.Tensor) -> Batch:
    """One video with its snippets in another order."""
    others = {name: rows[:, places] for name, rows in batch.others.items()}
    return replace(batch, features=batch.features[:, places], others=others)


def apart(batch: Batch) -> Batch:
    """One video of T snippets as T videos of one."""
    count = batch.features.shape[1]
    return Batch(
        videos=batch.videos * count,
        features=batch.features[0, :, None],
        mask=torch.ones(count, 1, dtype=torch.bool),
        labels=batch.labels.expand(count, -1),
        starts=batch.starts.expand(count),
        others={name: rows[0, :, None] for name, rows in batch.others.items()},
    )


@dataclass(frozen=True)
class Ways:
    """Snippet scores (T, C) by video: in order, shuffled (several times), each snippet by itself."""

    order: dict[str, np.ndarray]
    shuffled: list[dict[str, np.ndarray]]
    alone: dict[str, np.ndarray]


def score_all(method: Method, branch: str | None, videos: VideoSet, shuffles: int) -> Ways:
    """All videos, all ways."""
    method.module.eval()
    ways = Ways({}, [{} for _ in range(shuffles)], {})
    for number, batch in enumerate(videos.whole()):
        (name,) = batch.videos
        ways.order[name] = scored(method, branch, batch)[0]
        ways.alone[name] = scored(method, branch, apart(batch))[:, 0]
        for turn, found in enumerate(ways.shuffled):
            places = np.random.default_rng([turn, number]).permutation(batch.features.shape[1])
            there = scored(method, branch, moved(batch, torch.from_numpy(places)))[0]
            found[name] = there[np.argsort(places)]
    return ways


def mean_map(
    truth: Annotations,
    scores: dict[str, np.ndarray],
    classes: tuple[str, ...],
    features: Features,
    decode: DecodeConfig,
) -> float:
    """Mean mAP, in per cent, of decoded scores."""

    def whole() -> Iterator[tuple[VideoScores, float]]:
        for name, snippets in scores.items():
            count = -(-len(snippets) // DIVISOR)
            video = np.sort(snippets, axis=0)[-count:].mean(axis=0)
            yield VideoScores(name, snippets, video), truth.videos[name].duration

    results = decode_scored(whole(), classes, features.grid, decode, origin={})
    return 100 * weaktal.evaluate(truth, results).average_map


def along(one: dict[str, np.ndarray], other: dict[str, np.ndarray], held: dict[str, np.ndarray]) -> float:
    """Pearson's r over the classes that videos hold; NaN where either is constant."""
    pair = [np.concatenate([scores[name][:, held[name]].ravel() for name in held]) for scores in (one, other)]
    return float(np.corrcoef(*pair)[0, 1])


@dataclass(frozen=True)
class Row:
    """What is printed: mean mAP in per cent, and correlations with the scores in order."""

    order: float
    shuffled: float
    alone: float
    r_shuffled: float
    r_alone: float

    def __str__(self) -> str:
        return (
            f"in order {self.order:5.1f}  shuffled {self.shuffled:5.1f} (r {self.r_shuffled:.3f})  "
            f"alone {self.alone:5.1f} (r {self.r_alone:.3f})"
        )


def measure(
    method: Method, branch: str | None, videos: VideoSet, truth: Annotations, decode: DecodeConfig, shuffles: int
) -> Row:
    """One row."""
    ways = score_all(method, branch, videos, shuffles)
    held = {name: np.isin(videos.classes, truth.videos[name].labels) for name in videos.names}
    maps = [
        mean_map(truth, scores, videos.classes, videos.features, decode)
        for scores in (ways.order, ways.alone, *ways.shuffled)
    ]
    return Row(
        order=maps[0],
        shuffled=float(np.mean(maps[2:])),
        alone=maps[1],
        r_shuffled=float(np.mean([along(ways.order, found, held) for found in ways.shuffled])),
        r_alone=along(ways.order, ways.alone, held),
    )


def train(words: str, videos: VideoSet, seed: int) -> tuple[Method, MethodConfig]:
    """A method of one phase, trained in memory; ``words`` are its name and settings."""
    name, *overrides = words.split()
    module = importlib.import_module(f"weaktal.methods.{name}")
    config = load_settings(module.CONFIG, preset_file(name, "quick"), overrides)
    dim = videos.features.layout(videos.names[0])[0]
    seed_torch(seed, "init")
    method = module.build(config, Inputs(dim=dim, classes=videos.classes, videos=len(videos)))
    (phase,) = method.phases()
    chosen = config.optimizer
    optimizer = chosen.build(method.module.parameters())
    updates = Updates(
        videos, batch_size=chosen.batch_size, max_snippets=chosen.max_snippets, seed=seed, count=phase.updates
    )
    method.module.train()
    for number in range(phase.updates):
        seed_torch(seed, number)
        loss = sum(phase.losses(updates[number], {}).values())
        optimizer.zero_grad()
        loss.backward()
        if chosen.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(method.module.parameters(), chosen.clip_norm)
        optimizer.step()
    return method, config


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("runs", type=Path, nargs="*", metavar="RUN")
    parser.add_argument("--branch", action="append", help="of a method with several; may be given more than once")
    parser.add_argument("--features", help="to train on")
    parser.add_argument("--train", action="append", default=[], metavar="WORDS", help="a method and its settings")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="of what is trained here")
    parser.add_argument("--shuffles", type=int, default=3)
    given = parser.parse_args()
    if bool(given.train) != bool(given.features):
        parser.error("--train and --features belong together")
    torch.set_num_threads(1)
    truth = read_annotations(given.dataset)
    test, learnt = (list(truth.subset(name).values()) for name in (truth.test_subset, truth.train_subset))
    for path in given.runs:
        for branch in given.branch or [None]:
            run = Trained.load(path, branch)
            features = Features.open(given.dataset, run.info.features, run.info.seconds_per_snippet)
            vlp = run.info.vlp_features
            others = {VLP: Features.open(given.dataset, vlp)} if vlp and run.needs_vlp else {}
            videos = VideoSet(test, run.info.classes, features, others)
            row = measure(run.method, run.branch, videos, truth, run.decode, given.shuffles)
            print(f"{path} {run.branch or ''}", row, flush=True)
    for words in given.train:
        for seed in given.seeds:
            features = Features.open(given.dataset, given.features)
            method, config = train(words, VideoSet(learnt, truth.classes, features), seed)
            row = measure(method, None, VideoSet(test, truth.classes, features), truth, config.decode, given.shuffles)
            print(f"{words}, seed {seed}:", row, flush=True)


if __name__ == "__main__":
    main()
