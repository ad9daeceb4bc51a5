"""From decoded frames to what the networks eat: RGB clips, optical-flow clips, single images.

A feed takes frames as they are decoded and gives clips as they fill up, so the work on frames (resizing, flow) goes on
beside decoding and beside the networks.

Shapes: T frames a window, V crops of a frame, S x S or H x W pixels of what a network sees.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from weaktal.encoders.diet import SHORT_SIDE, Sight, Sound, Spread, Whole
from weaktal.encoders.frames import Crop, Frames, channels_first, resize, resized, views
from weaktal.extraction.snippets import Windows, spread
from weaktal.timeline import SnippetGrid
from weaktal.video.flow import Flow, FlowMethod, Gray, i3d_input, to_gray
from weaktal.video.sound import Samples, samples

CROP_SIZE = 224


class Feed(Protocol):
    """Frames of one video in, clips out."""

    def push(self, frames: Sequence[Frames]) -> Iterator[Tensor]:
        """Takes the next frames, each (H, W, 3); gives the clips that they complete."""
        ...

    def finish(self) -> Iterator[Tensor]:
        """Gives the last clip, padded by repeating the last frame."""
        ...


Geometry = tuple[int, int] | None  # width and height that frames are squeezed to


def _shrunk(frames: Sequence[Frames], sight: Sight, geometry: Geometry = None) -> Tensor:
    """Frames at the size that crops are cut from, that the network sees, and that flow has: (N, 3, H, W), bytes."""
    batch = channels_first(np.stack(frames))
    if isinstance(sight, Whole):
        return resize(batch, (sight.height, sight.width), "bilinear")
    if geometry is not None:
        return resize(batch, (geometry[1], geometry[0]), "bilinear")
    return resize(batch, resized(batch.shape[-2], batch.shape[-1], SHORT_SIDE), "bilinear")


def _clip(pictures: list[Tensor], sight: Sight, crop: Crop, *, flow: bool) -> Tensor:
    """T pictures (C, H, W) as a clip (V, C, T, H, W)."""
    stacked = torch.stack(pictures)  # (T, C, H, W)
    seen = stacked[:, None] if isinstance(sight, Whole) else views(stacked, CROP_SIZE, crop, flow=flow)
    return seen.permute(1, 2, 0, 3, 4)


class RgbFeed:
    """RGB clips (V, 3, T, S, S), or (1, 3, T, H, W) of the whole frame; bytes."""

    def __init__(self, window: int, stride: int, crop: Crop, sight: Sight = "crops", geometry: Geometry = None) -> None:
        self._windows: Windows[Tensor] = Windows(window, stride)
        self._geometry = geometry
        self._crop: Crop = crop
        self._sight: Sight = sight

    def push(self, frames: Sequence[Frames]) -> Iterator[Tensor]:
        """See :class:`Feed`."""
        for frame in _shrunk(frames, self._sight, self._geometry):
            yield from map(self._clip, self._windows.push(frame))

    def finish(self) -> Iterator[Tensor]:
        """See :class:`Feed`."""
        yield from map(self._clip, self._windows.finish())

    def _clip(self, frames: list[Tensor]) -> Tensor:
        return _clip(frames, self._sight, self._crop, flow=False)


class Workers:
    """Threads that compute the flow of a chunk's pairs of frames at once."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool = ThreadPoolExecutor(max_workers=count, thread_name_prefix="flow")

    def flows(self, method: FlowMethod, gray: Gray) -> Iterator[Flow]:
        """Flow from each of the frames (N, H, W) to the next: N - 1 flows, in consecutive batches (n, H, W, 2)."""
        edges = np.linspace(0, len(gray) - 1, self._count + 1).astype(int)
        spans = [(a, b) for a, b in itertools.pairwise(edges) if a < b]
        yield from self._pool.map(lambda span: method(gray[span[0] : span[1]], gray[span[0] + 1 : span[1] + 1]), spans)


class FlowFeed:
    """Optical-flow clips (V, 2, T, S, S) or (1, 2, T, H, W) in [-1, 1]; frame t holds the flow from frame t to t + 1.

    The last frame of a video has no next one: the flow before it is repeated; a video of one frame has no motion.

    Args:
        window, stride, crop: as elsewhere.
        method: of optical flow, from ``weaktal.video.flow``.
        workers: threads that share the pairs of a chunk.
        sight: what the network sees of a frame; flow is computed at that size.
        geometry: as of :class:`weaktal.extraction.pipeline.Sampling`.
        eight_bits: likewise.
    """

    def __init__(
        self,
        window: int,
        stride: int,
        crop: Crop,
        method: FlowMethod,
        workers: Workers,
        sight: Sight = "crops",
        *,
        geometry: Geometry = None,
        eight_bits: bool = False,
    ) -> None:
        self._geometry, self._eight_bits = geometry, eight_bits
        self._windows: Windows[Tensor] = Windows(window, stride)
        self._crop: Crop = crop
        self._method = method
        self._workers = workers
        self._sight: Sight = sight
        self._previous: Gray | None = None
        self._latest: Tensor | None = None

    def push(self, frames: Sequence[Frames]) -> Iterator[Tensor]:
        """See :class:`Feed`."""
        small = _shrunk(frames, self._sight, self._geometry).permute(0, 2, 3, 1).contiguous().numpy()
        gray = [to_gray(frame) for frame in small]  # each (H, W)
        if self._previous is not None:
            gray.insert(0, self._previous)
        self._previous = gray[-1]
        for flows in self._workers.flows(self._method, np.stack(gray)):
            for flow in self._levels(torch.from_numpy(i3d_input(flows))).permute(0, 3, 1, 2):  # (2, H, W)
                self._latest = flow
                yield from map(self._clip, self._windows.push(flow))

    def finish(self) -> Iterator[Tensor]:
        """See :class:`Feed`."""
        if self._previous is not None:
            height, width = self._previous.shape
            last = torch.zeros(2, height, width) if self._latest is None else self._latest
            yield from map(self._clip, self._windows.push(last))
        yield from map(self._clip, self._windows.finish())

    def _levels(self, flows: Tensor) -> Tensor:
        """Flow in [-1, 1], on 256 levels where that is asked for."""
        return torch.round((flows + 1) * 127.5) / 127.5 - 1 if self._eight_bits else flows

    def _clip(self, frames: list[Tensor]) -> Tensor:
        return _clip(frames, self._sight, self._crop, flow=True)


class ImageFeed:
    """The middle frame of each window as decoded: (H, W, 3), bytes."""

    def __init__(self, window: int, stride: int) -> None:
        self._windows: Windows[Frames] = Windows(window, stride, offsets=[window // 2])

    def push(self, frames: Sequence[Frames]) -> Iterator[Tensor]:
        """See :class:`Feed`."""
        for frame in frames:
            yield from (torch.from_numpy(middle) for (middle,) in self._windows.push(frame))

    def finish(self) -> Iterator[Tensor]:
        """See :class:`Feed`."""
        yield from (torch.from_numpy(middle) for (middle,) in self._windows.finish())


class _Ready:
    """A frame that is made ready when a window first looks at it, and then kept."""

    def __init__(self, frame: Frames, sight: Spread) -> None:
        self._frame: Frames | None = frame
        self._sight = sight
        self._pixels: Tensor | None = None

    def pixels(self) -> Tensor:
        """(3, S, S), bytes."""
        if self._pixels is None:
            assert self._frame is not None
            self._pixels = self._sight.preparation.pixels(self._frame[None])[0]
            self._frame = None
        return self._pixels


class VideoFeed:
    """Some frames of each window, evenly spread over it, as its network wants them: (F, 3, S, S), bytes."""

    def __init__(self, window: int, stride: int, sight: Spread) -> None:
        self._windows: Windows[_Ready] = Windows(window, stride, offsets=spread(window, sight.frames))
        self._sight = sight

    def push(self, frames: Sequence[Frames]) -> Iterator[Tensor]:
        """See :class:`Feed`."""
        for frame in frames:
            yield from map(self._clip, self._windows.push(_Ready(frame, self._sight)))

    def finish(self) -> Iterator[Tensor]:
        """See :class:`Feed`."""
        yield from map(self._clip, self._windows.finish())

    @staticmethod
    def _clip(frames: list[_Ready]) -> Tensor:
        return torch.stack([frame.pixels() for frame in frames])


class SoundFeed:
    """The sound of each window, mono: (samples,), float32 in [-1, 1]; silence before the file begins and after it ends.

    Frames are only counted, so that there are as many snippets as of what is seen; the file's sound is decoded at the
    end.

    Args:
        path: the file.
        grid: where its snippets lie.
        sight: what is heard of a snippet.
    """

    def __init__(self, path: Path, grid: SnippetGrid, sight: Sound) -> None:
        self._path, self._grid, self._sight = path, grid, sight
        self._frames = 0

    def push(self, frames: Sequence[Frames]) -> Iterator[Tensor]:
        """See :class:`Feed`."""
        self.skip(len(frames))
        yield from ()

    def skip(self, frames: int) -> None:
        """Counts frames that were not decoded, of a file without pictures."""
        self._frames += frames

    def finish(self) -> Iterator[Tensor]:
        """See :class:`Feed`.

        Raises:
            InputError: if the file has no sound.
        """
        rate, grid = self._sight.rate, self._grid
        length = round(max(self._sight.seconds, grid.window / grid.fps) * rate)
        count = grid.count(self._frames / grid.fps) if self._frames else 0
        blocks = samples(self._path, rate)
        held: Samples = np.zeros(0, np.float32)
        first, ended = 0, False  # of the samples held
        for center in grid.centers(count):
            start = round(float(center) * rate) - length // 2
            while not ended and first + len(held) < start + length:
                block = next(blocks, None)
                ended = block is None
                if block is not None:
                    held = np.concatenate([held, block])
                    drop = min(max(0, start - first), len(held))
                    held, first = held[drop:], first + drop
            clip = np.zeros(length, np.float32)
            begin, end = max(start, first), min(start + length, first + len(held))
            if begin < end:
                clip[begin - start : end - start] = held[begin - first : end - first]
            yield torch.from_numpy(clip)
        blocks.close()
