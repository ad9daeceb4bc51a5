"""Do the rendered world's encoders err as the paper says? CBP too little, VLP too much; and could they do better?

    weaktal world WORLD --train 60 --test 40 --seed 7
    weaktal extract WORLD/videos --encoder world-cbp --encoder world-vlp --into WORLD
    python examples/world_effects.py WORLD [--seeds 3]

Nothing here is tuned and nothing of it is used in training. A snippet counts as called where its class's score exceeds
half of the highest in the video (docs/collab.md); only classes that the video holds are looked at.

Misses are split by the phase of the action in which the snippet's centre lies. False alarms are split by what the
background shows: the scene of the class with another action or with somebody who waits, or something else altogether.
The linear probe is told the truth of the training videos, to see what the features hold; no method is.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from weaktal.data.annotations import Annotations, read_annotations
from weaktal.data.features import FeatureFolder
from weaktal.data.scores import read_scores
from weaktal.encoders.world.build import load_stream
from weaktal.encoders.world.shipped import FOLDER, Stream
from weaktal.runs.localize import localize
from weaktal.runs.train import train
from weaktal.timeline import SnippetGrid
from weaktal.worlds.actions import ACTIONS, OTHERS, TARGETS

Array = npt.NDArray[np.float32]
PHASES = ("run-up", "peak", "recovery")
PLACES = ("same scene, waiting", "same scene, other action", "elsewhere")
STREAMS: Mapping[Stream, tuple[int, int]] = {"rgb": (0, 128), "flow": (128, 256)}  # columns of world-cbp
TAU = 0.07  # of the vanilla VLP's softmax, as in the paper
# Plain multiple-instance learning that sees one snippet at a time, so that what it misses is the features' doing.
MIL = ("model.kernel=1", "optimizer.lr=0.001", "optimizer.batch_size=16", "engine.tensorboard=false")


@dataclass
class Truth:
    """What each snippet of a video shows, as (start, end) in seconds."""

    phases: dict[tuple[str, str], list[tuple[float, float]]]  # by class and phase
    shots: list[tuple[str, float, float]]  # scene, start, end
    actions: list[tuple[float, float]]  # of any class, targets or not

    def phase(self, grid: SnippetGrid, count: int, label: str) -> npt.NDArray[np.int64]:
        """Index into PHASES, -1 where the class does not happen, shape (T,)."""
        found = np.full(count, -1)
        for index, name in enumerate(PHASES):
            found[grid.inside(self.phases.get((label, name), []), count)] = index
        return found

    def place(self, grid: SnippetGrid, count: int, label: str) -> npt.NDArray[np.int64]:
        """Index into PLACES of what the snippet would be as background, shape (T,)."""
        here = grid.inside([(a, b) for scene, a, b in self.shots if scene == ACTIONS[label].scene], count)
        acting = grid.inside(self.actions, count)
        return np.where(~here, 2, np.where(acting, 1, 0))


def read_truth(world: Path) -> dict[str, Truth]:
    """The diagnosis files of a rendered world."""
    phases, shots = (json.loads((world / f"{name}.json").read_text()) for name in ("phases", "shots"))
    truths = {}
    for video, listed in phases.items():
        by_phase: dict[tuple[str, str], list[tuple[float, float]]] = {}
        for entry in listed:
            by_phase.setdefault((entry["label"], entry["phase"]), []).append(tuple(entry["segment"]))
        truths[video] = Truth(
            by_phase,
            [(shot["scene"], *shot["segment"]) for shot in shots[video]["shots"]],
            [tuple(entry["segment"]) for entry in (*listed, *shots[video]["other_actions"])],
        )
    return truths


@dataclass
class Tally:
    """Snippets on the wrong side, and all, by phase and by place."""

    missed: Array = field(default_factory=lambda: np.zeros((len(PHASES), 2), dtype=np.float32))
    alarms: Array = field(default_factory=lambda: np.zeros((len(PLACES), 2), dtype=np.float32))

    def add(self, called: npt.NDArray[np.bool_], phase: npt.NDArray[np.int64], place: npt.NDArray[np.int64]) -> None:
        """Adds a video's snippets, each (T,): called or not, phase, place."""
        for index in range(len(PHASES)):
            self.missed[index] += (~called[phase == index]).sum(), (phase == index).sum()
        for index in range(len(PLACES)):
            background = (phase < 0) & (place == index)
            self.alarms[index] += called[background].sum(), background.sum()

    def row(self) -> list[float]:
        """Shares: misses in all and by phase, false alarms in all and by place."""
        shares = []
        for counts in (self.missed, self.alarms):
            whole = counts.sum(axis=0)
            shares += [part / max(1.0, every) for part, every in (whole, *counts)]
        return shares


def tally(
    scores: Mapping[str, Array],
    classes: tuple[str, ...],
    grid: SnippetGrid,
    annotations: Annotations,
    truths: Mapping[str, Truth],
) -> dict[str, Tally]:
    """Errors by class, and of all under "", of scores (T, C) by video at half of the maximum."""
    found: dict[str, Tally] = {"": Tally()}
    for video, values in scores.items():
        for label in annotations.videos[video].labels:
            column = values[:, classes.index(label)]
            called = column > 0.5 * column.max(initial=0.0)
            phase, place = (get(grid, len(column), label) for get in (truths[video].phase, truths[video].place))
            for name in ("", label):
                found.setdefault(name, Tally()).add(called, phase, place)
    return found


def vanilla(folder: FeatureFolder, text: Array, videos: Iterator[str] | list[str]) -> dict[str, Array]:
    """Softmax of cosines over the class names, by video (T, C)."""
    vectors = torch.from_numpy(text)
    return {
        name: torch.softmax(torch.from_numpy(folder.read(name)) @ vectors.T / TAU, dim=1).numpy() for name in videos
    }


def own_classifiers(folder: FeatureFolder, classes: tuple[str, ...], videos: list[str]) -> dict[str, dict[str, Array]]:
    """What both streams' own classifiers, as pre-trained on trimmed clips, say of videos, and their mean."""
    known = (*TARGETS, *OTHERS)
    columns = [known.index(label) for label in classes]
    scores: dict[str, dict[str, Array]] = {}
    for stream, (first, last) in STREAMS.items():
        head = load_stream(FOLDER, stream)[0].head
        with torch.inference_mode():
            scores[stream] = {
                name: head(torch.from_numpy(folder.read(name)[:, first:last])).softmax(dim=1)[:, columns].numpy()
                for name in videos
            }
    scores["mean"] = {name: (scores["rgb"][name] + scores["flow"][name]) / 2 for name in videos}
    return scores


def multiple_instance(world: Path, features: str, seed: int) -> dict[str, Array]:
    """Snippet scores (T, C) of the test videos by ``mil``, trained on tags alone."""
    with tempfile.TemporaryDirectory() as scratch:
        run = train(world, method="mil", features=features, run=Path(scratch) / "run", overrides=MIL, seed=seed)
        localize(run.path, world, Path(scratch) / "r.json", scores=Path(scratch) / "s.safetensors")
        return {video.name: video.snippets.copy() for video in read_scores(Path(scratch) / "s.safetensors")}


def targets_of(
    folder: FeatureFolder, names: list[str], classes: tuple[str, ...], truths: Mapping[str, Truth]
) -> tuple[torch.Tensor, torch.Tensor]:
    """All snippets (N, D) of videos, and their classes (N,), 0 for background."""
    rows, labels = [], []
    for name in names:
        values = folder.read(name)
        label = np.zeros(len(values), dtype=np.int64)
        for index, of in enumerate(classes, start=1):
            label[truths[name].phase(folder.grid, len(values), of) >= 0] = index
        rows.append(values)
        labels.append(label)
    return torch.from_numpy(np.concatenate(rows)), torch.from_numpy(np.concatenate(labels))


def probe(
    folder: FeatureFolder,
    train_on: list[str],
    test_on: list[str],
    classes: tuple[str, ...],
    truths: Mapping[str, Truth],
) -> tuple[float, float]:
    """A linear classifier that is told the truth: mean of the shares of action and background snippets told apart, and
    the share of action snippets that get the right class among the classes."""
    x, y = targets_of(folder, train_on, classes, truths)
    mean, std = x.mean(dim=0), x.std(dim=0) + 1e-6
    torch.manual_seed(0)
    layer = torch.nn.Linear(x.shape[1], len(classes) + 1)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.01, weight_decay=1e-4)
    weight = 1.0 / torch.bincount(y, minlength=len(classes) + 1).clamp(min=1)
    weight[0] *= len(classes)  # action and background weigh the same
    for _ in range(400):
        loss = F.cross_entropy(layer((x - mean) / std), y, weight=weight)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    x, y = targets_of(folder, test_on, classes, truths)
    with torch.inference_mode():
        logits = layer((x - mean) / std)
    action = y > 0
    acts = logits.argmax(dim=1) > 0
    balanced = 0.5 * ((acts & action).sum() / action.sum() + (~acts & ~action).sum() / (~action).sum())
    right = logits[action][:, 1:].argmax(dim=1) + 1 == y[action]
    return float(balanced), float(right.float().mean())


def main() -> None:
    """Prints the tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("world", type=Path, help="dataset folder with features of world-cbp and world-vlp")
    parser.add_argument("--seeds", type=int, default=3, help="of mil")
    parser.add_argument("--by-class", action="store_true")
    options = parser.parse_args()
    annotations = read_annotations(options.world)
    truths = read_truth(options.world)
    train_on, test_on = (
        sorted(annotations.subset(part)) for part in (annotations.train_subset, annotations.test_subset)
    )
    folders = {name: FeatureFolder(options.world / "features" / name) for name in ("world-cbp", "world-vlp")}
    classes = annotations.classes
    text = np.load(options.world / "features" / "world-vlp" / "text.npy")

    print(f"| | misses | {' | '.join(PHASES)} | false alarms | {' | '.join(PLACES)} |")
    print("|---|" + "---|" * (2 + len(PHASES) + len(PLACES)))
    everything: dict[str, dict[str, Tally]] = {}

    def report(title: str, scores: Mapping[str, Array], features: str) -> None:
        everything[title] = tally(scores, classes, folders[features].grid, annotations, truths)
        print(f"| {title} | " + " | ".join(f"{share:.2f}" for share in everything[title][""].row()) + " |", flush=True)

    report("VLP: vanilla, words alone", vanilla(folders["world-vlp"], text, test_on), "world-vlp")
    for stream, scores in own_classifiers(folders["world-cbp"], classes, test_on).items():
        report(f"CBP: its own classifier, {stream}", scores, "world-cbp")
    for seed in range(options.seeds):
        report(
            f"CBP: `mil` on world-cbp, seed {seed}", multiple_instance(options.world, "world-cbp", seed), "world-cbp"
        )
    report("`mil` on world-vlp, seed 0", multiple_instance(options.world, "world-vlp", 0), "world-vlp")
    print("\n| linear probe that is told the truth | action or background | class of action |\n|---|---|---|")
    for name, folder in folders.items():
        balanced, right = probe(folder, train_on, test_on, classes, truths)
        print(f"| {name} | {balanced:.2f} | {right:.2f} |", flush=True)
    if options.by_class:
        for title, by_class in everything.items():
            print(f"\n{title}\n\n| class | misses | {' | '.join(PHASES)} | false alarms | {' | '.join(PLACES)} |")
            print("|---|" + "---|" * (2 + len(PHASES) + len(PLACES)))
            for name in sorted(by_class.keys() - {""}):
                print(f"| {name} | " + " | ".join(f"{share:.2f}" for share in by_class[name].row()) + " |")


if __name__ == "__main__":
    main()
