"""What texts say of classes on rendered worlds: vanilla VLP and its labels by names, descriptions, and places beside.

    python benchmarks/class_descriptions.py w1 [w2 ...] [--texts benchmarks/world_descriptions.yaml]

A class's vector is that of its name in the default template, of six templates, of the phases that the file describes
in words that the encoder knows, or of both. "Less the mean": each text's mean cosine over the snippets of the training
videos is taken off its cosines. "Places beside": a text for each scene takes part in the softmax and is no class.
Nothing is trained. For each row and world: mean mAP of vanilla VLP on the test videos; and of the labels that it would
give in the first F step on the training videos, how much of the foreground is right, how much of the action it covers,
and how many of the tags have any. `truth.json` has the training segments.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from weaktal.config import load_settings
from weaktal.data.annotations import Video, read_annotations
from weaktal.data.features import Features
from weaktal.data.scores import VideoScores
from weaktal.decoding.decoder import decode_scored
from weaktal.encoders.catalog import build_encoder
from weaktal.encoders.descriptions import Descriptions, described_vectors
from weaktal.encoders.prompts import TEMPLATE, fill
from weaktal.encoders.weights_choice import WeightsChoice
from weaktal.encoders.world.shipped import VLP as ENCODER
from weaktal.engine.batch import Batch, VideoSet
from weaktal.evaluation.protocols import protocol_of
from weaktal.evaluation.scoring import score
from weaktal.methods.base import VLP
from weaktal.methods.collab.labels import label_videos
from weaktal.methods.collab.settings import CollabConfig
from weaktal.methods.mil import probabilities
from weaktal.models.logits import one_against_rest
from weaktal.models.outputs import SnippetOutput
from weaktal.runs.phases import label_quality
from weaktal.worlds.actions import ACTIONS, TARGETS

CONFIG = CollabConfig()
PLACES = [f"a person at the {scene}" for scene in sorted({ACTIONS[label].scene for label in TARGETS})]
Scores = Callable[[Batch], SnippetOutput]


def rows_of(classes: tuple[str, ...], texts: Descriptions) -> dict[str, list[list[str]]]:
    """The texts of each class, by row."""
    names = [[template.replace("{}", label) for template in texts.templates] for label in classes]
    phases = [list(texts.classes[label]) for label in classes]
    return {
        "its name, default template": [[text] for text in fill(TEMPLATE, classes)],
        f"its name, {len(texts.templates)} templates": names,
        "its phases": phases,
        "both": [[*one, *other] for one, other in zip(names, phases, strict=True)],
    }


class World:
    """A rendered world, its training and test videos, and their vision-language features."""

    def __init__(self, folder: Path) -> None:
        self.truth = read_annotations(folder / "truth.json")
        self.features = Features.open(folder, ENCODER)
        self.train, self.test = (
            self.set_of([video for video in self.truth.videos.values() if video.subset == part])
            for part in (self.truth.train_subset, self.truth.test_subset)
        )

    def set_of(self, videos: list[Video]) -> VideoSet:
        """Videos as the methods read them, with no other features."""
        return VideoSet(videos, self.truth.classes, self.features, {VLP: self.features})

    def scores(self, vectors: Tensor, usual: Tensor | None) -> Scores:
        """Vanilla logits with these texts (C + K, D), of which the first C are the classes."""
        classes = len(self.truth.classes)

        def scored(batch: Batch) -> SnippetOutput:
            cosines = functional.normalize(batch.others[VLP], dim=-1) @ vectors.mT  # (B, T, C + K)
            logits = (cosines if usual is None else cosines - usual) / CONFIG.vlp.temperature
            return SnippetOutput(logits=one_against_rest(logits)[..., :classes], embedding=batch.others[VLP])

        return scored

    def mean_cosines(self, vectors: Tensor) -> Tensor:
        """Of each text (C + K,) over all snippets of the training videos."""
        rows = torch.cat([batch.others[VLP][0] for batch in self.train.whole()])  # (N, D)
        return (functional.normalize(rows, dim=-1) @ vectors.mT).mean(dim=0)

    def mean_map(self, scores: Scores) -> float:
        """In percent, on the test videos."""

        def scored() -> Iterator[tuple[VideoScores, float]]:
            for batch in self.test.whole():
                snippets, whole = probabilities(scores(batch).logits, batch.mask, CONFIG.pooling)
                (name,) = batch.videos
                yield VideoScores(name, snippets[0].numpy(), whole[0].numpy()), self.truth.videos[name].duration

        found = decode_scored(scored(), self.truth.classes, self.features.grid, CONFIG.decode, origin={})
        return 100 * float(score(self.truth, found, protocol_of(self.truth), subset=self.truth.test_subset).map.mean())

    def labels(self, scores: Scores) -> tuple[float, float, float]:
        """Of the foreground labels, the share that is right, of the action, and of the tags that have any."""
        cpu = torch.device("cpu")
        found = label_videos(self.train, scores, CONFIG.labels.foreground, CONFIG.labels.untagged, cpu)
        labels = {key.removeprefix("labels/"): rows for key, rows in found.items()}
        quality = label_quality(labels, self.truth, self.truth.classes, self.features.grid)
        assert quality is not None
        tagged = [
            bool((labels[name][:, self.truth.classes.index(label)] == 1).any())
            for name in labels
            for label in self.truth.videos[name].labels
        ]
        return quality.foreground_precision, quality.foreground_recall, sum(tagged) / len(tagged)


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("worlds", type=Path, nargs="+")
    parser.add_argument("--texts", type=Path, default=Path(__file__).with_name("world_descriptions.yaml"))
    given = parser.parse_args()
    encoder = build_encoder(ENCODER, WeightsChoice()).text
    assert encoder is not None
    worlds = [World(folder) for folder in given.worlds]
    print("| texts of a class | mAP | foreground right | of the action | tags with any |\n|---|---|---|---|---|")
    for title, texts in rows_of(worlds[0].truth.classes, load_settings(Descriptions, given.texts)).items():
        for beside, others in (("", []), ("; places beside", PLACES)):
            vectors = described_vectors(encoder, [*texts, *([text] for text in others)])
            for less in ("", "; less the mean"):
                scored = [world.scores(vectors, world.mean_cosines(vectors) if less else None) for world in worlds]
                maps = [f"{world.mean_map(one):.1f}" for world, one in zip(worlds, scored, strict=True)]
                shares = zip(*(world.labels(one) for world, one in zip(worlds, scored, strict=True)), strict=True)
                cells = [", ".join(maps), *(", ".join(f"{share:.2f}" for share in column) for column in shares)]
                print(f"| {title}{beside}{less} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
