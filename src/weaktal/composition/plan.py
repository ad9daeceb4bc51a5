"""The plan of a composed dataset: which clip lies where in which video. Pure and seeded; nothing is read or written.

A video is a row of *gaps* and *instances*: gap, instance, gap, ..., instance, gap. An instance is one clip of a target
class, or several joined until they are long enough; a gap is filled with clips of background classes, which no label
ever names. Everything is counted in snippets, so the same plan serves features and pixels. No clip is in two splits.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field

from weaktal.composition.clips import Clip
from weaktal.config import Settings
from weaktal.data.annotations import DEFAULT_TEST, DEFAULT_TRAIN
from weaktal.errors import InputError, arg, counted, shown

Item = TypeVar("Item")


def _rises(span: tuple[int, int]) -> tuple[int, int]:
    if span[0] > span[1]:
        raise ValueError("a range from low to high")
    return span


Count = Annotated[int, Field(ge=1, le=100_000)]
_FromZero = Annotated[int, Field(ge=0, le=100_000)]
Range = Annotated[tuple[Count, Count], AfterValidator(_rises)]
RangeFromZero = Annotated[tuple[_FromZero, _FromZero], AfterValidator(_rises)]

TRAIN, TEST, POOL = "train", "test", "pool"
SUBSETS = {TRAIN: DEFAULT_TRAIN, TEST: DEFAULT_TEST}  # what annotations.json calls them


class CompositionSettings(Settings):
    """How videos are put together. Lengths are in snippets, ranges include both ends."""

    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    train: Count = 120  # videos
    test: Count = 60  # videos
    # Classes that appear in gaps and are never labelled: how many (None: a third), or which.
    background: Count | None = None
    background_classes: tuple[str, ...] = ()
    classes_per_video: Range = (1, 2)  # target classes
    instances_per_video: Range = (2, 5)
    instance_snippets: Range = (1, 8)  # an action is one clip; clips shorter than this are joined, longer ones cut
    gap_snippets: RangeFromZero = (3, 8)
    pool: Annotated[float, Field(ge=0, lt=1)] = 0.0  # share of each class's clips that no video shows
    pool_videos: bool = (
        False  # the pool's clips of target classes are training videos too, each by itself, with its tag
    )


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a clip in a video, in snippets: ``length`` of them from ``skip`` on, placed at ``start``."""

    clip: Clip
    skip: int
    length: int
    start: int


@dataclass(frozen=True, slots=True)
class Instance:
    """One action of a composed video: snippets ``start`` to ``stop`` (excluded) show ``label``."""

    label: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class VideoPlan:
    """One composed video: pieces that follow each other without holes, and the actions among them."""

    name: str
    split: str
    pieces: tuple[Piece, ...]
    instances: tuple[Instance, ...]

    @property
    def length(self) -> int:
        """Snippets."""
        last = self.pieces[-1]
        return last.start + last.length

    @property
    def labels(self) -> tuple[str, ...]:
        """The video-level tags, sorted."""
        return tuple(sorted({instance.label for instance in self.instances}))


@dataclass(frozen=True, slots=True)
class Composition:
    """The whole plan.

    Attributes:
        targets, backgrounds: the classes, sorted.
        splits: the clips of "train", "test" and "pool"; no clip is in two of them.
        videos: training videos, then test videos.
    """

    targets: tuple[str, ...]
    backgrounds: tuple[str, ...]
    splits: Mapping[str, tuple[Clip, ...]]
    videos: tuple[VideoPlan, ...]


@dataclass(frozen=True, slots=True)
class Composed:
    """A dataset that was composed.

    Attributes:
        dataset: its folder.
        composition: the plan.
        seconds_per_step: how long one of what the plan counts lasts: a snippet of features, a tick of videos.
        notes: what was odd about clips, a sentence each.
        skipped: clips that cannot be used, by their id or path, and why.
    """

    dataset: Path
    composition: Composition
    seconds_per_step: float
    notes: tuple[str, ...]
    skipped: Mapping[str, InputError] = field(default_factory=dict)


def plan(clips: Sequence[Clip], settings: CompositionSettings) -> Composition:
    """Plans all videos. The same clips and settings give the same plan, on every machine.

    Raises:
        InputError: if the clips do not suffice.
    """
    if settings.instances_per_video[1] < settings.classes_per_video[1]:
        raise InputError(
            f"at most {settings.instances_per_video[1]} instances a video",
            source=arg("instances_per_video"),
            expected=f"{settings.classes_per_video[1]} or more: a video shows each of its classes",
        )
    by_class: dict[str, list[Clip]] = defaultdict(list)
    for clip in sorted(clips, key=lambda clip: clip.id):
        by_class[clip.label].append(clip)
    targets, backgrounds = _choose_classes(by_class, settings)
    splits = _split(by_class, settings)
    videos = [
        video
        for split, count in ((TRAIN, settings.train), (TEST, settings.test))
        for video in _videos(split, count, splits[split], targets, backgrounds, settings)
    ]
    return Composition(targets, backgrounds, splits, tuple(videos))


def _choose_classes(
    by_class: Mapping[str, Sequence[Clip]], settings: CompositionSettings
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Target and background classes; unless named, the background is made of the classes with the fewest clips.

    Target classes have to last for training and test, and that choice does not change with the seed, so that figures
    over several seeds speak of the same task.
    """
    if settings.background_classes:
        if settings.background is not None:
            raise InputError(f"cannot be used with {arg('background_classes')}", source=arg("background"))
        for name in settings.background_classes:
            if name not in by_class:
                raise InputError(
                    f"no clip has class {shown(name)}",
                    source=arg("background_classes"),
                    expected="some of " + ", ".join(sorted(by_class)),
                )
        backgrounds = set(settings.background_classes)
    else:
        count = round(len(by_class) / 3) if settings.background is None else settings.background
        backgrounds = set(sorted(by_class, key=lambda name: (len(by_class[name]), name))[:count])
    targets = set(by_class) - backgrounds
    if len(targets) < settings.classes_per_video[1]:
        raise InputError(
            f"{len(targets)} of {len(by_class)} classes are left to be found",
            source=arg("background"),
            expected=f"at least {settings.classes_per_video[1]}, the most that a video shows",
        )
    if not backgrounds:
        raise InputError(
            "no class is left to fill the gaps", source="compose: background", expected="clips of 3 classes or more"
        )
    return tuple(sorted(targets)), tuple(sorted(backgrounds))


def _split(by_class: Mapping[str, Sequence[Clip]], settings: CompositionSettings) -> dict[str, tuple[Clip, ...]]:
    """Clips of each split: the pool first, the rest in the proportion of training to test videos, class by class."""
    random_source = random.Random(f"{settings.seed} split")
    splits: dict[str, list[Clip]] = {TRAIN: [], TEST: [], POOL: []}
    for label in sorted(by_class):
        shuffled = list(by_class[label])
        random_source.shuffle(shuffled)
        wanted = 2 + (settings.pool > 0)
        if len(shuffled) < wanted:
            raise InputError(
                f"class {shown(label)} has {counted(len(shuffled), 'clip')}",
                expected=f"{wanted} or more, one for each split",
            )
        pooled = max(1, round(settings.pool * len(shuffled))) if settings.pool else 0
        pooled = min(pooled, len(shuffled) - 2)
        rest = shuffled[pooled:]
        tested = round(len(rest) * settings.test / (settings.train + settings.test))
        tested = min(max(tested, 1), len(rest) - 1)
        splits[POOL] += shuffled[:pooled]
        splits[TEST] += rest[:tested]
        splits[TRAIN] += rest[tested:]
    return {name: tuple(sorted(chosen, key=lambda clip: clip.id)) for name, chosen in splits.items()}


def _videos(
    split: str,
    count: int,
    clips: Sequence[Clip],
    targets: Sequence[str],
    backgrounds: Sequence[str],
    settings: CompositionSettings,
) -> Iterator[VideoPlan]:
    source = random.Random(f"{settings.seed} {split}")
    supply = {label: _deck([clip for clip in clips if clip.label == label], source) for label in targets}
    filler = _deck([clip for clip in clips if clip.label in backgrounds], source)
    classes = _deck(targets, source)
    digits = len(str(count - 1))
    for index in range(count):
        chosen: list[str] = []
        wanted = source.randint(*settings.classes_per_video)
        while len(chosen) < wanted:
            label = next(classes)
            if label not in chosen:
                chosen.append(label)
        yield _video(f"{split}_{index:0{max(3, digits)}d}", split, chosen, supply, filler, source, settings)


def _video(
    name: str,
    split: str,
    classes: Sequence[str],
    supply: Mapping[str, Iterator[Clip]],
    filler: Iterator[Clip],
    source: random.Random,
    settings: CompositionSettings,
) -> VideoPlan:
    low, high = settings.instances_per_video
    count = source.randint(max(low, len(classes)), high)
    labels = [*classes, *source.choices(classes, k=count - len(classes))]
    source.shuffle(labels)
    pieces: list[Piece] = []
    instances: list[Instance] = []
    position = 0

    def place(clips: Iterator[Clip], least: int, most: int) -> None:
        nonlocal position
        placed = 0
        while placed < least:
            clip = next(clips)
            length = min(clip.snippets, most - placed)
            # Of a clip that is too long any stretch will do, so the later parts of long clips are shown too.
            skip = source.randint(0, clip.snippets - length)
            pieces.append(Piece(clip, skip, length, position))
            position += length
            placed += length

    for index, label in enumerate([*labels, None]):
        gap = source.randint(*settings.gap_snippets)
        if index and label == labels[index - 1]:
            gap = max(gap, 1)  # two actions of one class that touch would be one
        place(filler, gap, gap)
        if label is not None:
            start = position
            place(supply[label], *settings.instance_snippets)
            instances.append(Instance(label, start, position))
    return VideoPlan(name, split, tuple(pieces), tuple(instances))


def _deck(items: Sequence[Item], source: random.Random) -> Iterator[Item]:
    """Endless draws in which every item comes up once before any comes up again."""
    while items:
        yield from source.sample(items, len(items))
