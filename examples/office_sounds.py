#!/usr/bin/env python
"""Makes a dataset of untrimmed office sound, both of whose branches come from a network that other people trained.

    pip install ai-edge-litert
    python examples/office_sounds.py RECORDINGS YAMNET DATASET [--part reporting] [--seed 1]

RECORDINGS is a folder of trimmed recordings, CLASSNNN.wav, as DCASE 2016's Task 2 has them for training: 20 of each of
11 office sounds. YAMNET is a folder with yamnet.tflite and yamnet_class_map.csv, a network trained on AudioSet. Neither
is part of weaktal.

Within each class, 8 recordings of 20 are for choosing settings (--part development), 12 for reporting; of either, two
in three are for training. Eight classes are labelled; page turning, speech and telephones are never labelled and fill
the gaps, beside hiss and hum at a random level. Sounds may overlap. Each video is 20 to 40 seconds long.

DATASET/features/yamnet         the network's embedding of 0.975 s every 0.325 s: what a classifier starts from
DATASET/features/yamnet-names   roots of its scores of 521 named sounds, and for each class the names that fit it, found
                                by reading the list (text.npy): to sounds what a vision-language model is to pictures
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from weaktal.data.annotations import Annotations, Video, write_annotations
from weaktal.data.manifest import Manifest, write_manifest
from weaktal.segments import Segment

Floats = NDArray[np.float64]
RATE, WINDOW, STRIDE = 16_000, 15_600, 5_200  # samples
PARTS = ("development", "reporting")
DEVELOPMENT = 8  # recordings of a class
NAMES = {
    "clearthroat": ("Throat clearing",),
    "cough": ("Cough",),
    "doorslam": ("Slam", "Door"),
    "drawer": ("Drawer open or close",),
    "keyboard": ("Computer keyboard", "Typing"),
    "keysDrop": ("Keys jangling",),
    "knock": ("Knock",),
    "laughter": ("Laughter",),
}
OTHERS = ("pageturn", "speech", "phone")
EMBEDDING, COLUMNS = "global_average_pooling2d/Mean", 528  # 521 names, and zeros so that eight heads divide them


@dataclass(frozen=True)
class Sounds:
    """Recordings by class, at 16 kHz with a loudest sample of 1."""

    of: dict[str, list[Floats]]

    def some(self, label: str, random: np.random.Generator) -> Floats:
        """One of a class."""
        return self.of[label][random.integers(len(self.of[label]))]


def read(path: Path) -> Floats:
    """The recording at 16 kHz, by leaving out what lies above 8 kHz of its spectrum."""
    with wave.open(str(path)) as file:
        data, rate = np.frombuffer(file.readframes(file.getnframes()), "<i2"), file.getframerate()
    length = round(len(data) * RATE / rate)
    samples = np.fft.irfft(np.fft.rfft(data / 2**15)[: length // 2 + 1], length) * length / len(data)
    return samples / np.abs(samples).max()


def dealt(folder: Path, part: str) -> dict[str, Sounds]:
    """The recordings of a part, by subset."""
    subsets: dict[str, dict[str, list[Floats]]] = {"training": {}, "validation": {}}
    for label in (*NAMES, *OTHERS):
        files = sorted(folder.glob(f"{label}[0-9]*.wav"), key=lambda f: hashlib.sha256(f.name.encode()).hexdigest())
        mine = files[:DEVELOPMENT] if part == "development" else files[DEVELOPMENT:]
        count = round(len(mine) * 2 / 3)
        subsets["training"][label] = [read(file) for file in mine[:count]]
        subsets["validation"][label] = [read(file) for file in mine[count:]]
    return {name: Sounds(of) for name, of in subsets.items()}


def composed(sounds: Sounds, random: np.random.Generator) -> tuple[Floats, tuple[str, ...], tuple[Segment, ...]]:
    """One video: its sound, tags and segments."""
    length = random.uniform(20, 40)
    hiss = random.normal(size=round(length * RATE))
    tone = 0.6 * hiss + 0.4 * np.sin(2 * np.pi * random.uniform(50, 120) * np.arange(len(hiss)) / RATE)
    sound = tone * 10 ** random.uniform(-3, -2)
    labels = random.choice(list(NAMES), size=random.integers(1, 3), replace=False)
    events = [(str(random.choice(labels)), True) for _ in range(random.integers(2, 6))]
    events += [(str(random.choice(OTHERS)), False) for _ in range(random.integers(2, 6))]
    free = {True: [], False: []}  # labelled sounds keep apart from each other, and may overlap with others
    segments = []
    for label, counts in events:
        piece = sounds.some(label, random) * 10 ** random.uniform(-0.8, -0.2)
        for _ in range(50):
            start = int(random.integers(len(sound) - len(piece)))
            stop = start + len(piece)
            if all(stop + RATE // 2 < a or start - RATE // 2 > b for a, b in free[counts]):
                break
        else:
            continue
        free[counts].append((start, stop))
        sound[start:stop] += piece
        if counts:
            segments.append(Segment(start / RATE, stop / RATE, label))
    segments.sort(key=lambda segment: segment.start)
    return np.clip(sound, -1, 1), tuple(sorted({segment.label for segment in segments})), tuple(segments)


class Network:
    """YAMNet: windows of sound to embeddings and scores of named sounds."""

    def __init__(self, folder: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self.net = Interpreter(
            str(folder / "yamnet.tflite"), num_threads=1, experimental_preserve_all_tensors=True
        )  # else the embedding's memory is used again by later layers
        self.net.allocate_tensors()
        self.input = self.net.get_input_details()[0]["index"]
        self.scores = self.net.get_output_details()[0]["index"]
        self.embedding = next(t["index"] for t in self.net.get_tensor_details() if t["name"].endswith(EMBEDDING))
        with (folder / "yamnet_class_map.csv").open(encoding="utf-8", newline="") as stream:
            self.names = [row["display_name"] for row in csv.DictReader(stream)]

    def __call__(self, sound: Floats) -> tuple[Floats, Floats]:
        """(T, 1024) and (T, 521)."""
        embeddings, scores = [], []
        for start in range(0, len(sound) - WINDOW + 1, STRIDE):
            self.net.set_tensor(self.input, sound[None, start : start + WINDOW].astype(np.float32))
            self.net.invoke()
            embeddings.append(self.net.get_tensor(self.embedding)[0].copy())
            scores.append(self.net.get_tensor(self.scores)[0].copy())
        return np.array(embeddings), np.array(scores)

    def class_vectors(self) -> Floats:
        """(C, 528): ones where a name fits."""
        vectors = np.zeros((len(NAMES), COLUMNS))
        for row, fitting in enumerate(NAMES.values()):
            for name in fitting:
                vectors[row, self.names.index(name)] = 1
        return vectors


def main() -> None:
    """Composes, listens and writes a new folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", type=Path)
    parser.add_argument("yamnet", type=Path)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--part", choices=PARTS, default="reporting")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--train", type=int, default=80)
    parser.add_argument("--test", type=int, default=40)
    given = parser.parse_args()
    network = Network(given.yamnet)
    random = np.random.default_rng([given.seed, PARTS.index(given.part)])
    embeddings, names = given.dataset / "features" / "yamnet", given.dataset / "features" / "yamnet-names"
    for folder in (embeddings, names):
        folder.mkdir(parents=True)
    videos = {}
    for (subset, sounds), count in zip(
        dealt(given.recordings, given.part).items(), (given.train, given.test), strict=True
    ):
        for number in range(count):
            name = f"{subset}-{number:03d}"
            sound, tags, segments = composed(sounds, random)
            embedded, scores = network(sound)
            videos[name] = Video(name, subset, len(sound) / RATE, tags, segments)
            np.save(embeddings / f"{name}.npy", embedded.astype(np.float32))
            np.save(names / f"{name}.npy", np.pad(np.sqrt(scores), ((0, 0), (0, COLUMNS - 521))).astype(np.float32))
    np.save(names / "text.npy", network.class_vectors().astype(np.float32))
    grid = {"fps": float(RATE), "window": WINDOW, "stride": STRIDE}
    write_manifest(embeddings, Manifest(encoder="YAMNet, embedding", dim=1024, **grid))
    described = "YAMNet, roots of its scores of named sounds"
    write_manifest(names, Manifest(encoder=described, dim=COLUMNS, text="text.npy", **grid))
    write_annotations(given.dataset / "annotations.json", Annotations(tuple(NAMES), videos))
    action = sum(s.end - s.start for v in videos.values() for s in v.segments)
    total = sum(video.duration for video in videos.values())
    print(f"{len(videos)} videos, {total:.0f} s, {action / total:.0%} of it labelled sounds: {given.dataset}")


if __name__ == "__main__":
    main()
