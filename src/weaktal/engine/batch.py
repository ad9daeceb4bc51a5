"""Batches of videos: padded features, masks and video-level labels. There is no room for segments in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np
import torch
from torch import Tensor

from weaktal.arrays import Floats32
from weaktal.data.annotations import Video
from weaktal.data.features import Features
from weaktal.data.sampling import batch_members, crop


@dataclass(frozen=True, slots=True)
class Batch:
    """B videos, padded with zeros to the longest of them.

    Attributes:
        videos: names, B of them.
        features: (B, T, D) float32.
        mask: (B, T) bool, true where a snippet is.
        labels: (B, C) float32, 1 for each tag of the video.
        starts: (B,) int64, the place of the first snippet in its whole video.
        others: further features of the same snippets by name, (B, T, D') float32 each.
    """

    videos: tuple[str, ...]
    features: Tensor
    mask: Tensor
    labels: Tensor
    starts: Tensor
    others: Mapping[str, Tensor] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.videos)

    @property
    def lengths(self) -> Tensor:
        """Snippets of each video, (B,) int64."""
        return self.mask.sum(dim=1)

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device."""
        return replace(
            self,
            features=self.features.to(device),
            mask=self.mask.to(device),
            labels=self.labels.to(device),
            starts=self.starts.to(device),
            others={name: rows.to(device) for name, rows in self.others.items()},
        )

    def split(self, size: int | None) -> Iterator[Batch]:
        """Pieces of at most ``size`` videos, for gradient accumulation; each trimmed to its own longest video."""
        if size is None or size >= len(self):
            yield self
            return
        for first in range(0, len(self), size):
            piece = slice(first, first + size)
            longest = int(self.lengths[piece].max())
            yield Batch(
                videos=self.videos[piece],
                features=self.features[piece, :longest],
                mask=self.mask[piece, :longest],
                labels=self.labels[piece],
                starts=self.starts[piece],
                others={name: rows[piece, :longest] for name, rows in self.others.items()},
            )


class VideoSet:
    """Videos with their tags and features, handed out as batches.

    Args:
        videos: of one subset; only ``name`` and ``labels`` are used.
        classes: the class list, C of them.
        features: of the videos.
        others: further features of the same videos by name, at any rate; each snippet takes the row nearest in time.
    """

    def __init__(
        self,
        videos: Sequence[Video],
        classes: Sequence[str],
        features: Features,
        others: Mapping[str, Features] | None = None,
    ) -> None:
        self.names = tuple(video.name for video in videos)
        self.classes = tuple(classes)
        self.features = features
        self.others = dict(others or {})
        column = {label: index for index, label in enumerate(self.classes)}
        self.labels = torch.zeros(len(videos), len(classes))
        for row, video in enumerate(videos):
            for label in video.labels:
                self.labels[row, column[label]] = 1.0

    def __len__(self) -> int:
        return len(self.names)

    def batch(self, members: Sequence[int], ranges: Sequence[tuple[int, int]]) -> Batch:
        """The named members, each cut to its half-open range of snippets."""
        names = [self.names[member] for member in members]
        longest = max(stop - start for start, stop in ranges)
        mask = torch.zeros(len(members), longest, dtype=torch.bool)
        for row, (start, stop) in enumerate(ranges):
            mask[row, : stop - start] = True
        cuts = [(name, start, stop) for name, (start, stop) in zip(names, ranges, strict=True)]
        return Batch(
            videos=tuple(names),
            features=_padded((self.features.read(*cut) for cut in cuts), len(cuts), longest),
            mask=mask,
            labels=self.labels[list(members)],
            starts=torch.tensor([start for start, _ in ranges]),
            others={
                name: _padded((self._aligned(other, *cut) for cut in cuts), len(cuts), longest)
                for name, other in self.others.items()
            },
        )

    def _aligned(self, other: Features, name: str, start: int, stop: int) -> Floats32:
        rows = self.features.grid.nearest(self.features.length(name), other.grid, other.length(name))[start:stop]
        block = other.read(name, int(rows[0]), int(rows[-1]) + 1)
        aligned: Floats32 = np.take(block, rows - rows[0], axis=0)
        return aligned

    def whole(self, batch_size: int = 1) -> Iterator[Batch]:
        """All videos at full length, in order."""
        for first in range(0, len(self), batch_size):
            members = range(first, min(first + batch_size, len(self)))
            yield self.batch(members, [(0, self.features.length(self.names[member])) for member in members])


def _padded(blocks: Iterator[Floats32], count: int, longest: int) -> Tensor:
    """Rows of several videos, (T, D) each, as (B, T, D) with zeros behind the shorter ones; one is read at a time."""
    first = next(blocks)
    padded = torch.zeros(count, longest, first.shape[1])
    for row, block in enumerate(chain([first], blocks)):
        padded[row, : len(block)] = torch.from_numpy(block)
    return padded


class Updates(torch.utils.data.Dataset[Batch]):
    """The batch of each update of a phase, by number: a pure function of the seed, so that resuming needs no state.

    Args:
        videos: the training videos.
        batch_size: B.
        max_snippets: T; longer videos give that many consecutive snippets, at random.
        seed: of this phase.
        count: updates of the phase.
    """

    def __init__(self, videos: VideoSet, *, batch_size: int, max_snippets: int, seed: int, count: int) -> None:
        self.videos = videos
        self.batch_size = batch_size
        self.max_snippets = max_snippets
        self.seed = seed
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, update: int) -> Batch:
        members = batch_members(self.seed, update, self.batch_size, len(self.videos))
        lengths = [self.videos.features.length(self.videos.names[member]) for member in members]
        ranges = [crop(length, self.max_snippets, self.seed, update, place) for place, length in enumerate(lengths)]
        return self.videos.batch(members, ranges)
