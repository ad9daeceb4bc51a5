"""Frames of a video at a constant rate, streamed: memory does not grow with the length of the video.

Resampling goes by time stamps. Output frame ``k`` is the picture that a player shows ``k / fps`` seconds after the
file's time zero: the last one whose time stamp is not later. So pictures of a slow passage repeat, some of a fast one
are left out (and cost no conversion), and an index always means the same moment: the k-th frame of a 25 fps output lies
at k / 25 s, whatever the rate of the file. A picture that comes late at the start is shown from 0 s on.

Worked example: a 10 fps video, pictures at 0.0, 0.1, 0.2 s, read at 25 fps: frames 0 to 2 (0.00, 0.04, 0.08 s) show
picture 0, frames 3 and 4 (0.12, 0.16 s) picture 1, frames 5 to 7 (0.20, 0.24, 0.28 s) picture 2.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, cast

from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from weaktal.errors import InputError
from weaktal.video.clock import Timing
from weaktal.video.container import VideoInfo, opened, probe
from weaktal.video.orientation import Image, Orientation
from weaktal.video.pictures import Pictures
from weaktal.video.reading import reading


@dataclass(frozen=True, slots=True)
class ShortSide:
    """The shorter side of the displayed picture becomes ``pixels`` long; the aspect ratio stays."""

    pixels: int

    def of(self, width: int, height: int) -> tuple[int, int]:
        """Output width and height of a displayed picture."""
        scale = self.pixels / min(width, height)
        return max(self.pixels, round(width * scale)), max(self.pixels, round(height * scale))


@dataclass(frozen=True, slots=True)
class ExactSize:
    """The displayed picture is stretched to this size."""

    width: int
    height: int

    def of(self, width: int, height: int) -> tuple[int, int]:  # noqa: ARG002  # the same question as to ShortSide
        """Output width and height of a displayed picture."""
        return self.width, self.height


class Frame(NamedTuple):
    """One output frame.

    Attributes:
        number: 0, 1, 2, ...
        seconds: the moment it stands for: ``number / fps``, or the picture's own time stamp where there is no ``fps``.
        image: shape (height, width, 3), uint8, RGB. Frames that repeat a picture share one array: copy it before
            writing to it.
    """

    number: int
    seconds: float
    image: Image


class VideoFrames:
    """The frames of one video, decoded while iterated over. Iterating again starts again.

    Args:
        path: the file.
        fps: output frames a second; None gives every picture once, at its own time.
        size: of the output; None keeps the displayed size.
        threads: decoder threads; 0 lets FFmpeg choose by the number of cores. Several workers that decode a video each
            want 1.

    Attributes:
        info: what the file says of itself.
        notes: what was wrong with the file although it could be decoded, one sentence each; complete after iterating.
        seconds: length of the video as decoded; 0 before iterating.

    Raises:
        InputError: if the file is not a video or no picture of it can be decoded.
        ValueError: if ``fps`` or ``size`` is not positive.
    """

    def __init__(
        self,
        path: Path,
        *,
        fps: float | None = None,
        size: ShortSide | ExactSize | None = None,
        threads: int = 0,
    ) -> None:
        if fps is not None and not (math.isfinite(fps) and fps > 0):
            raise ValueError(f"fps must be positive, not {fps}")
        if size is not None and min(size.of(1, 1)) < 1:
            raise ValueError(f"the size must be positive, not {size}")
        self.info: VideoInfo = probe(path)
        self.fps = fps
        self.notes: list[str] = []
        self.seconds = 0.0
        self._size = (self.info.width, self.info.height) if size is None else size.of(self.info.width, self.info.height)
        self._threads = threads

    def __iter__(self) -> Iterator[Frame]:
        pictures = Pictures(self.info, self._threads)
        yield from self._own_times(pictures) if self.fps is None else self._constant_rate(pictures, self.fps)
        self.notes = pictures.notes
        self.seconds = pictures.end

    def _own_times(self, pictures: Pictures) -> Iterator[Frame]:
        convert = _Converter(self.info.path, self.info.orientation, *self._size)
        for number, (seconds, picture) in enumerate(pictures):
            yield Frame(number, seconds, convert(picture))

    def _constant_rate(self, pictures: Pictures, fps: float) -> Iterator[Frame]:
        convert = _Converter(self.info.path, self.info.orientation, *self._size)
        number = 0
        for picture, end in _shown_until(pictures):
            # 1e-6 of a frame absorbs the rounding of the multiplication.
            stop = math.ceil((end - pictures.rounding) * fps - 1e-6)
            if number < stop:
                image = convert(picture)
                for k in range(number, stop):
                    yield Frame(k, k / fps, image)
                number = stop


def pictures_at(path: Path, moments: Sequence[float], *, size: ShortSide) -> list[Image]:
    """The pictures that a player shows at a few moments, found by seeking: what lies between is never decoded.

    Exact where the file's index is; :class:`VideoFrames` relies on no index, and reads everything.

    Args:
        path: the file.
        moments: seconds from the file's time zero, rising; behind the end they show the last picture.
        size: of the pictures.

    Raises:
        InputError: if the file is not a video, or seeking in it fails.
    """
    info = probe(path)
    convert = _Converter(path, info.orientation, *size.of(info.width, info.height))
    with opened(path, threads=1) as (container, stream):
        timing = Timing.of(container, stream)
        if timing.zero is None or timing.may_jump:
            raise InputError("cannot be searched (its clock may jump)", source=path)
        with reading(path, "cannot be searched"):
            return [convert(_sought(container, stream, moment, timing)) for moment in moments]


def _sought(container: InputContainer, stream: VideoStream, moment: float, timing: Timing) -> VideoFrame:
    """The picture shown at a moment.

    Raises:
        ValueError: if the file has no index to speak of: no time stamps, or key pictures too far apart.
    """
    stamp = round((moment + float(timing.zero or 0)) / timing.base)
    container.seek(stamp, stream=stream)  # to the key picture before
    shown: VideoFrame | None = None
    for number, picture in enumerate(container.decode(stream)):
        if picture.pts is None or number == MOST_SOUGHT:
            raise ValueError("no time stamps" if picture.pts is None else "key pictures are too far apart")
        if shown is not None and picture.pts > stamp:
            return shown
        shown = picture
    if shown is None:
        raise ValueError("no picture there")
    return shown


def _shown_until(pictures: Pictures) -> Iterator[tuple[VideoFrame, float]]:
    """Each picture with the moment, in seconds, at which the next one takes its place or the video ends."""
    shown: VideoFrame | None = None
    for seconds, picture in pictures:
        if shown is not None:
            yield shown, seconds
        shown = picture
    if shown is not None:
        yield shown, pictures.end


# Pictures decoded for one that is sought. Where that is not enough, reading the file through is hardly slower.
MOST_SOUGHT = 1000

# What swscale scales well as it is, and turns into RGB fast when there is nothing left to scale.
PLANAR = {"yuv420p", "yuvj420p"}


class _Converter:
    """Pictures to upright RGB arrays of one size, through shared swscale contexts: a new one a picture is slower.

    Most pictures are scaled first and then turned into RGB. Both in one step takes half as long again, and leaves the
    result darker by about one gray level.
    """

    def __init__(self, path: Path, orientation: Orientation, width: int, height: int) -> None:
        self._path = path
        self._scale = VideoReformatter()
        self._color = VideoReformatter()
        self._orientation = orientation
        self._width, self._height = orientation.size(width, height)

    def __call__(self, picture: VideoFrame) -> Image:
        with reading(self._path, "a picture cannot be turned into RGB"):
            # One scaling thread: at video sizes more cost more than they bring.
            if picture.format.name in PLANAR:
                picture = self._scale.reformat(picture, width=self._width, height=self._height, threads=1)
            rgb = self._color.reformat(picture, width=self._width, height=self._height, format="rgb24", threads=1)
            stored = cast(Image, rgb.to_ndarray())
        return self._orientation.upright(stored)
