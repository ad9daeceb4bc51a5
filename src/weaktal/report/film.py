"""Pictures of a video side by side, as one JPEG."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from weaktal.errors import InputError
from weaktal.report.content import Film
from weaktal.video.container import VideoInfo, probe
from weaktal.video.decoding import ShortSide, VideoFrames, pictures_at
from weaktal.video.orientation import Image
from weaktal.video.pictures import ends_early

_SHAPE = 16  # the strip is about that many times as wide as high, so strips of any video take equal room on a page
_SHORT_SIDE = 112  # pixels of a picture: sharp on screens with two pixels a CSS pixel
_QUALITY = 82  # of JPEG
_LONG = 300.0  # seconds; a pass through longer videos takes too long
_NOTHING = (64, 96)  # gray levels of the stripes where a video has ended


def film(path: Path, duration: float) -> Film:
    """Evenly spaced pictures of a video.

    Short videos are read in one pass, which relies on nothing but their pictures. In long ones that would take minutes:
    there each picture is sought, and only where the file cannot be searched is everything read.

    Args:
        path: the video.
        duration: seconds that the strip covers; where the pictures end well before, stripes follow.

    Raises:
        InputError: if the file is not a video or no picture of it can be decoded.
    """
    info = probe(path)
    count = min(max(round(_SHAPE * info.height / info.width), 4), 24)
    pictures, ends = _sought(info, duration, count) if duration > _LONG else ([], None)
    if not pictures:
        pictures, ends = _read_through(path, duration, count)
    strip = np.concatenate(_striped(pictures), axis=1)  # (height, count * width, 3)
    strip[:, :: strip.shape[1] // count] = 0  # a thin line where a picture begins
    encoded, jpeg = cv2.imencode(".jpg", strip[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not encoded:
        raise InputError("its pictures cannot be written as JPEG", source=path)
    early = ends is not None and ends_early(ends, duration)
    return Film(jpeg.tobytes(), count, strip.shape[1], strip.shape[0], ends if early else None)


def _sought(info: VideoInfo, duration: float, count: int) -> tuple[list[Image | None], float | None]:
    """As :func:`_read_through`, by seeking; no pictures where the file cannot be searched, or does not say its end."""
    moments = [(number + 0.5) * duration / count for number in range(count)]
    pictures: list[Image | None] = []
    with contextlib.suppress(InputError):
        pictures = pictures_at(info.path, moments, size=ShortSide(_SHORT_SIDE))
    told = info.duration is not None and ends_early(info.duration, duration)
    ended = [picture is None for picture in pictures]
    return (pictures, info.duration) if not any(ended) or (told and not all(ended)) else ([], None)


def _striped(pictures: Sequence[Image | None]) -> list[Image]:
    """The pictures, with stripes in place of those that are not there."""
    like = next(picture for picture in pictures if picture is not None)
    rows, columns = np.indices(like.shape[:2])
    levels = np.where((rows + columns) // 8 % 2, *_NOTHING).astype(np.uint8)
    stripes = np.repeat(levels[..., None], 3, axis=2)  # (height, width, 3)
    return [stripes if picture is None else picture for picture in pictures]


def _read_through(path: Path, duration: float, count: int) -> tuple[list[Image | None], float | None]:
    """The pictures in the middle of each of ``count`` equal parts, and where they end if that is before the last."""
    pictures: list[Image | None] = []
    latest: Image | None = None
    # Two frames a picture, of which the second lies in the middle of the picture's stretch of the video.
    frames = VideoFrames(path, fps=2 * count / duration, size=ShortSide(_SHORT_SIDE), threads=1)
    for frame in frames:
        latest = frame.image
        if frame.number % 2:
            pictures.append(latest)
        if len(pictures) == count:
            return pictures, None
    if latest is None:
        raise InputError("no picture can be decoded", source=path)
    rest = None if ends_early(frames.seconds, duration) else latest
    return (pictures or [latest]) + [rest] * (count - max(1, len(pictures))), frames.seconds
