"""Makes a dataset whose classes differ only in the order and the context of their snippets.

    python benchmarks/order_bed.py CLIPS OUT [--seed 0] [--channels 128] [--pairs 3] [--part 2 3]

CLIPS is a folder of trimmed clips' features, as `weaktal compose` takes it. Its labels with the most clips, two a pair,
become *parts* that no tag ever names. Of a pair X, Y three classes are made, and every event shows two parts without a
gap between them: `X, then Y`; `Y, then X`; `X, then X`. Lone parts, one or two a video, and clips of all other labels
are background. So a single snippet of X may belong to any of the three classes or to none, and the order of the parts
or what lies beside the snippet is all that tells. A part is `--part` snippets long, with both ends; for every class to
be told from its neighbours alone, its longest part has to be shorter than two of its shortest.

No clip is in both subsets. `--channels` adds features of so many channels a stream, as benchmarks/beds.py does.

OUT/features/vlp is a STAND-IN for vision-language features, with class vectors, for method collab: a random turn of the
first stream less its mean over the training clips, as unit vectors; a class's vector is the mean of those of its two
parts. As with the name of an event, the words are right and say nothing about their order. The means are taken with the
parts' labels.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from beds import fewer_channels

from weaktal.composition.clips import Clip, common_spacing, read_clips
from weaktal.data.annotations import Annotations, Video, write_annotations
from weaktal.data.manifest import Manifest, write_manifest
from weaktal.segments import Segment
from weaktal.timeline import SnippetGrid

FEATURES, VLP, VLP_CHANNELS = "i3d", "vlp", 64
SUBSETS = ("training", "validation")
EVENTS, CLASSES, LONE = (2, 4), (1, 2), (1, 2)  # a video: events, classes of them, lone parts; both ends included
GAP = (3, 6)  # snippets of background before, between and after


@dataclass(frozen=True)
class Kind:
    """A class: its two parts in order."""

    first: str
    second: str

    @property
    def name(self) -> str:
        """What the tag says."""
        return f"{self.first}, then {self.second}"


class Supply:
    """Rows of ``features.npy`` of one subset's clips, dealt label by label: every clip once before any comes again."""

    def __init__(self, clips: Sequence[Clip], backgrounds: Sequence[str], source: random.Random) -> None:
        self.source = source
        by_label: dict[str, list[Clip]] = defaultdict(list)
        for clip in clips:
            by_label["" if clip.label in backgrounds else clip.label].append(clip)
        self.decks = {label: self._deck(alike) for label, alike in sorted(by_label.items())}

    def _deck(self, clips: list[Clip]) -> Iterator[Clip]:
        while True:
            yield from self.source.sample(clips, len(clips))

    def rows(self, label: str, count: int) -> list[int]:
        """``count`` rows of a label; "" is background. Short clips are joined, of long ones a stretch is taken."""
        found: list[int] = []
        while len(found) < count:
            clip = next(self.decks[label])
            length = min(clip.snippets, count - len(found))
            start = clip.offset + self.source.randint(0, clip.snippets - length)
            found += range(start, start + length)
        return found


def plan_video(
    kinds: Sequence[Kind], parts: Sequence[str], part: tuple[int, int], supply: Supply
) -> tuple[list[int], list[tuple[str, int, int]]]:
    """Rows of one video, and its events as (class, first snippet, snippet after the last)."""
    source = supply.source
    events: list[Kind | str] = [*kinds, *source.choices(kinds, k=max(0, source.randint(*EVENTS) - len(kinds)))]
    events += source.choices(parts, k=source.randint(*LONE))
    source.shuffle(events)
    rows, spans = supply.rows("", source.randint(*GAP)), []
    for event in events:
        start = len(rows)
        for label in [event] if isinstance(event, str) else [event.first, event.second]:
            rows += supply.rows(label, source.randint(*part))
        if not isinstance(event, str):
            spans.append((event.name, start, len(rows)))
        rows += supply.rows("", source.randint(*GAP))
    return rows, spans


def split(by_label: dict[str, list[Clip]], share: float, source: random.Random) -> tuple[list[Clip], list[Clip]]:
    """Training and test clips, label by label."""
    train: list[Clip] = []
    test: list[Clip] = []
    for _, alike in sorted(by_label.items()):
        shuffled = source.sample(alike, len(alike))
        count = min(max(1, round(share * len(alike))), len(alike) - 1)
        test += shuffled[:count]
        train += shuffled[count:]
    return train, test


def make(
    folder: Path, out: Path, *, seed: int, pairs: int, part: tuple[int, int], train: int, test: int
) -> tuple[int, list[str]]:
    """Writes the dataset; returns how many snippets it has, and its classes."""
    clips = read_clips(folder)
    spacing, usable, _ = common_spacing(clips.clips, folder)
    by_label: dict[str, list[Clip]] = defaultdict(list)
    for clip in sorted(usable, key=lambda clip: clip.id):
        by_label[clip.label].append(clip)
    common = sorted(by_label, key=lambda label: (-len(by_label[label]), label))
    if len(common) <= 2 * pairs or any(len(alike) < 2 for alike in by_label.values()):
        raise SystemExit(f"order_bed: {folder}: expected more than {2 * pairs} labels, of 2 clips or more each")
    parts, backgrounds = common[: 2 * pairs], common[2 * pairs :]
    kinds = [
        kind
        for x, y in zip(parts[::2], parts[1::2], strict=True)
        for kind in (Kind(x, y), Kind(y, x), Kind(x, x))
    ]  # fmt: skip
    grid = SnippetGrid(fps=16 / spacing, window=16, stride=16)
    features, source = clips.features(), random.Random(seed)
    chosen = split(by_label, test / (train + test), source)
    videos, rows_of = {}, {}
    for subset, count, own in zip(SUBSETS, (train, test), chosen, strict=True):
        supply = Supply(own, backgrounds, source)
        for number in range(count):
            name = f"{subset}_{number:03d}"
            shown = source.sample(kinds, source.randint(*CLASSES))
            rows_of[name], spans = plan_video(shown, parts, part, supply)
            step = grid.seconds_per_snippet
            segments = tuple(Segment(start * step, stop * step, label) for label, start, stop in spans)
            tags = tuple(sorted({kind.name for kind in shown}))
            videos[name] = Video(name, subset, len(rows_of[name]) * step, tags, segments)
    classes = [kind.name for kind in kinds]
    out.mkdir(parents=True)
    write_annotations(out / "annotations.json", Annotations(tuple(classes), videos))
    manifest = Manifest(
        encoder=clips.source or "unknown", fps=grid.fps, window=grid.window, stride=grid.stride, dim=clips.dim,
        streams=dict(clips.streams or {"all": (0, clips.dim)}),
    )  # fmt: skip
    write(out / "features" / FEATURES, {name: features[rows] for name, rows in rows_of.items()}, manifest)
    seen, text = stand_in(features, chosen[0], kinds, next(iter((manifest.streams or {}).values())))
    words = {"encoder": "STAND-IN for a vision-language model", "dim": VLP_CHANNELS, "streams": None}
    folder = out / "features" / VLP
    write(folder, {name: seen[rows] for name, rows in rows_of.items()},
          manifest.model_copy(update={**words, "text": "text.npy", "text_classes": tuple(classes)}))  # fmt: skip
    np.save(folder / "text.npy", text)
    return sum(map(len, rows_of.values())), classes


def stand_in(
    features: np.ndarray, train: Sequence[Clip], kinds: Sequence[Kind], stream: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors of all rows, (N, 64), and class vectors, (C, 64), from the first stream and the training clips."""
    turn = np.random.default_rng(0).normal(size=(stream[1] - stream[0], VLP_CHANNELS))
    turned = features[:, stream[0] : stream[1]] @ turn
    index = {clip.id: range(clip.offset, clip.offset + clip.snippets) for clip in train}
    turned -= turned[[row for rows in index.values() for row in rows]].mean(axis=0)
    turned /= np.linalg.norm(turned, axis=1, keepdims=True) + 1e-9
    means = {
        label: turned[[row for clip in train if clip.label == label for row in index[clip.id]]].mean(axis=0)
        for label in {clip.label for clip in train}
    }
    text = np.stack([means[kind.first] + means[kind.second] for kind in kinds])
    text /= np.linalg.norm(text, axis=1, keepdims=True)
    return turned.astype(np.float32), text.astype(np.float32)


def write(folder: Path, rows: dict[str, np.ndarray], manifest: Manifest) -> None:
    """One folder of features."""
    folder.mkdir(parents=True)
    for name, values in rows.items():
        np.save(folder / f"{name}.npy", values)
    write_manifest(folder, manifest)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path)
    parser.add_argument("out", type=Path, help="the dataset to make; it must not exist")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--channels", type=int, help="also features with so many channels a stream")
    parser.add_argument("--pairs", type=int, default=3, help="each makes three classes")
    parser.add_argument("--part", type=int, nargs=2, default=(2, 3), help="snippets of a part, from and to")
    parser.add_argument("--train", type=int, default=120, help="videos")
    parser.add_argument("--test", type=int, default=60, help="videos")
    given = parser.parse_args()
    if given.out.exists():
        raise SystemExit(f"order_bed: {given.out}: exists")
    count, classes = make(
        given.clips, given.out, seed=given.seed, pairs=given.pairs, part=tuple(given.part), train=given.train,
        test=given.test,
    )  # fmt: skip
    if given.channels:
        fewer_channels(given.out, given.channels)
    print(f"{given.train + given.test} videos, {count} snippets, {len(classes)} classes: {given.out}")


if __name__ == "__main__":
    main()
