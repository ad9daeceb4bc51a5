"""Decoding, work on frames and the networks, each in a thread of its own, over one video after another.

PyAV, OpenCV and PyTorch let go of Python's lock while they compute, so threads overlap without copying frames between
processes. While the networks still encode the end of a video, the next one is decoded.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from weaktal.encoders.diet import Diet, Sound, Spread
from weaktal.encoders.frames import Crop, Frames
from weaktal.encoders.networks import SnippetEncoder
from weaktal.errors import InputError
from weaktal.extraction.feeds import Feed, FlowFeed, ImageFeed, RgbFeed, SoundFeed, VideoFeed, Workers
from weaktal.extraction.prefetch import running_ahead
from weaktal.timeline import SnippetGrid
from weaktal.video.decoding import VideoFrames
from weaktal.video.flow import FlowMethod
from weaktal.video.sound import is_sound, seconds_of_sound

Rows = npt.NDArray[np.float32]
Stage = Literal["decoding", "frames", "networks"]
CHUNK = 16  # frames that travel together
_DEPTH = 3  # chunks or clips that wait between two stages


@dataclass(frozen=True, slots=True)
class Sampling:
    """Where snippets lie and what is cut out of a frame.

    Attributes:
        fps: frames a second that are looked at.
        window: frames a snippet covers.
        stride: frames from one snippet to the next.
        crop: "center", or "ten" crops whose features are averaged (I3D only).
        geometry: width and height that frames are squeezed to before crops and flow, as many published features had
            340x256; None keeps their shape, with a short side of 256.
        eight_bits: whether flow is rounded to 256 levels, as flow that was stored in pictures.
    """

    fps: float = 25.0
    window: int = 16
    stride: int = 16
    crop: Crop = "center"
    geometry: tuple[int, int] | None = None
    eight_bits: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One video and the encoders that want it, by their place in the list of encoders.

    Attributes:
        path: the file.
        wanted: places of the encoders.
        name: what the video is called, where that is not the file's stem.
    """

    path: Path
    wanted: tuple[int, ...]
    name: str | None = None

    @property
    def video(self) -> str:
        """The video's name."""
        return self.path.stem if self.name is None else self.name


@dataclass(frozen=True, slots=True)
class Done:
    """Features of one video, (T, D) for each wanted encoder.

    Attributes:
        job: what was asked for.
        features: in the order of ``job.wanted``.
        frames: how many were looked at.
        seconds: length of the video as decoded.
        notes: what was wrong with the file although it could be decoded.
    """

    job: Job
    features: tuple[Rows, ...]
    frames: int
    seconds: float
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """A video that cannot be used, and why."""

    job: Job
    error: InputError


class Busy:
    """Seconds that each stage has worked, waiting left out."""

    def __init__(self) -> None:
        self._seconds: dict[Stage, float] = dict.fromkeys(get_args(Stage), 0.0)
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def adding(self, stage: Stage) -> Iterator[None]:
        """Adds the time of the block to a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            with self._lock:
                self._seconds[stage] += time.perf_counter() - start

    def seconds(self) -> dict[str, float]:
        """So far, by stage, in the order of the stages."""
        return {str(stage): seconds for stage, seconds in self._seconds.items()}


@dataclass(frozen=True, slots=True)
class _End:
    frames: int
    seconds: float
    notes: tuple[str, ...]


def decoded(jobs: Iterable[Job], fps: float, busy: Busy) -> Iterator[tuple[Job, list[Frames] | _End | InputError]]:
    """First stage: frames in chunks, then the end of each video or the reason why it cannot be used."""
    for job in jobs:
        count = 0
        try:
            if is_sound(job.path):
                with busy.adding("decoding"):
                    seconds = seconds_of_sound(job.path)
                yield job, _End(max(1, round(seconds * fps)), seconds, ())
                continue
            with busy.adding("decoding"):
                video = VideoFrames(job.path, fps=fps, threads=1)
                frames = iter(video)
            while True:
                with busy.adding("decoding"):
                    chunk = [frame.image for frame in itertools.islice(frames, CHUNK)]
                if not chunk:
                    break
                count += len(chunk)
                yield job, chunk
        except InputError as error:
            yield job, error
        else:
            yield job, _End(count, video.seconds, tuple(video.notes))


class Pipeline:
    """Videos to features.

    Args:
        encoders: any number; each kind of clip is made once for all of them.
        sampling: where snippets lie.
        flow: method of optical flow, needed where an encoder eats flow.
        workers: threads that compute optical flow.
        batch: clips that go through a network at once, where the encoder does not want more.
    """

    def __init__(
        self,
        encoders: Sequence[SnippetEncoder],
        sampling: Sampling,
        *,
        flow: FlowMethod | None = None,
        workers: int = 1,
        batch: int = 1,
    ) -> None:
        self.encoders = tuple(encoders)
        self.sampling = sampling
        self.busy = Busy()
        self._flow = flow
        self._batch = batch
        self._workers = Workers(workers)

    def run(
        self, jobs: Iterable[Job], on_frames: Callable[[int], None] = lambda _count: None
    ) -> Generator[Done | Failed]:
        """Features of each job's video, in order.

        Args:
            jobs: what to do.
            on_frames: called with the number of frames whenever some have been worked on, for progress.
        """
        chunks = running_ahead(decoded(jobs, self.sampling.fps, self.busy), _DEPTH)
        clips = running_ahead(self.clips(chunks, on_frames), depth=2 * _DEPTH)
        try:
            yield from self.encoded(clips)
        finally:
            clips.close()
            with contextlib.suppress(ValueError):  # the thread of the clips is still in it: a file does not answer
                chunks.close()

    def clips(
        self,
        chunks: Iterable[tuple[Job, list[Frames] | _End | InputError]],
        on_frames: Callable[[int], None] = lambda _count: None,
    ) -> Iterator[tuple[Job, tuple[Diet, Tensor] | _End | InputError]]:
        """Second stage: clips of each kind that some encoder of the job eats."""
        feeds: dict[Diet, Feed] = {}
        current: Job | None = None
        for job, content in chunks:
            if job is not current:
                feeds, current = self._feeds(job), job
            if isinstance(content, InputError):
                yield job, content
            elif isinstance(content, _End):
                yield from self._finished(job, feeds, content)
            else:
                for diet, feed in feeds.items():
                    yield from ((job, (diet, clip)) for clip in self._timed(feed.push(content)))
                on_frames(len(content))

    def _finished(
        self, job: Job, feeds: dict[Diet, Feed], end: _End
    ) -> Iterator[tuple[Job, tuple[Diet, Tensor] | _End | InputError]]:
        """The last clips of a video, then its end, or the reason why it cannot be used after all."""
        try:
            for (kind, sight), feed in feeds.items():
                if isinstance(feed, SoundFeed):
                    feed.skip(end.frames if is_sound(job.path) else 0)
                elif is_sound(job.path):
                    raise InputError("holds sound only", source=job.path, expected="a video, or an encoder of sound")
                for clip in self._timed(feed.finish()):
                    yield job, ((kind, sight), clip)
        except InputError as error:
            yield job, error
        else:
            yield job, end

    def _timed(self, clips: Iterator[Tensor]) -> Iterator[Tensor]:
        while True:
            with self.busy.adding("frames"):
                clip = next(clips, None)
            if clip is None:
                return
            yield clip

    def _feeds(self, job: Job) -> dict[Diet, Feed]:
        encoders = [self.encoders[index] for index in job.wanted]
        diets = dict.fromkeys(encoder.diet(network) for encoder in encoders for network in encoder.networks)
        return {diet: self._feed(diet, job) for diet in diets}

    def _feed(self, diet: Diet, job: Job) -> Feed:
        kind, sight = diet
        window, stride, crop = self.sampling.window, self.sampling.stride, self.sampling.crop
        if kind == "image":
            return ImageFeed(window, stride)
        if isinstance(sight, Spread):
            return VideoFeed(window, stride, sight)
        if isinstance(sight, Sound):
            return SoundFeed(job.path, SnippetGrid(self.sampling.fps, window, stride), sight)
        if kind == "rgb":
            return RgbFeed(window, stride, crop, sight, self.sampling.geometry)
        if self._flow is None:
            raise ValueError("an encoder eats optical flow, but no method for it is given")
        return FlowFeed(
            window,
            stride,
            crop,
            self._flow,
            self._workers,
            sight,
            geometry=self.sampling.geometry,
            eight_bits=self.sampling.eight_bits,
        )

    def encoded(self, clips: Iterator[tuple[Job, tuple[Diet, Tensor] | _End | InputError]]) -> Iterator[Done | Failed]:
        """Third stage: clips through the networks, gathered by video."""
        gathered: _Gathered | None = None
        for job, content in clips:
            if gathered is None or gathered.job is not job:
                gathered = _Gathered(job, [self.encoders[index] for index in job.wanted], self._batch)
            if isinstance(content, InputError):
                yield Failed(job, content)
            elif isinstance(content, _End):
                with self.busy.adding("networks"):
                    features = gathered.finish()
                yield Done(job, features, content.frames, content.seconds, content.notes)
            else:
                with self.busy.adding("networks"):
                    gathered.add(*content)


class _Gathered:
    """Rows of one video so far, and clips that wait for their batch to fill."""

    def __init__(self, job: Job, encoders: Sequence[SnippetEncoder], batch: int) -> None:
        self.job = job
        self._encoders = encoders
        self._batch = max([batch, *(encoder.batch for encoder in encoders)])
        self._waiting: dict[Diet, list[Tensor]] = {}
        self._rows: dict[tuple[int, int], list[Tensor]] = {}  # by encoder and network

    def add(self, diet: Diet, clip: Tensor) -> None:
        waiting = self._waiting.setdefault(diet, [])
        waiting.append(clip)
        if len(waiting) >= self._batch:
            self._encode(diet)

    def _encode(self, diet: Diet) -> None:
        clips = torch.stack(self._waiting.pop(diet))
        for i, encoder in enumerate(self._encoders):
            for j, network in enumerate(encoder.networks):
                if encoder.diet(network) == diet:
                    self._rows.setdefault((i, j), []).append(network.encode(clips))

    def finish(self) -> tuple[Rows, ...]:
        for diet in list(self._waiting):
            self._encode(diet)
        features = []
        for i, encoder in enumerate(self._encoders):
            columns = [torch.cat(self._rows[i, j]) for j in range(len(encoder.networks))]  # each (T, D_j)
            features.append(torch.cat(columns, dim=1).numpy())  # (T, D)
        return tuple(features)
