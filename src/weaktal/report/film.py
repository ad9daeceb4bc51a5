"""Pictures of a video side by side, as one JPEG."""

from __future__ import annotations

import contextlib
from pathlib import Path

import cv2
import numpy as np

from weaktal.errors import InputError
from weaktal.report.content import Film
from weaktal.video.container import probe
from weaktal.video.decoding import ShortSide, VideoFrames, pictures_at
from weaktal.video.orientation import Image

_SHAPE = 16  # the strip is about that many times as wide as high, so strips of any video take equal room on a page
_SHORT_SIDE = 112  # pixels of a picture: sharp on screens with two pixels a CSS pixel
_QUALITY = 82  # of JPEG
_LONG = 300.0  # seconds; a pass through longer videos takes too long


def film(path: Path, duration: float) -> Film:
    """Evenly spaced pictures of a video.

    Short videos are read in one pass, which relies on nothing but their pictures. In long ones that would take minutes:
    there each picture is sought, and only where the file cannot be searched is everything read.

    Args:
        path: the video.
        duration: seconds that the strip covers; where the file ends before, its last picture goes on.

    Raises:
        InputError: if the file is not a video or no picture of it can be decoded.
    """
    info = probe(path)
    count = min(max(round(_SHAPE * info.height / info.width), 4), 24)
    pictures: list[Image] = []
    end = info.duration or duration
    if duration > _LONG:
        with contextlib.suppress(InputError):
            moments = [(number + 0.5) * duration / count for number in range(count)]
            pictures = pictures_at(path, moments, size=ShortSide(_SHORT_SIDE))
    if not pictures:
        pictures, end = _read_through(path, duration, count)
    strip = np.concatenate(pictures, axis=1)  # (height, count * width, 3)
    strip[:, :: strip.shape[1] // count] = 0  # a thin line where a picture begins
    encoded, jpeg = cv2.imencode(".jpg", strip[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not encoded:
        raise InputError("its pictures cannot be written as JPEG", source=path)
    # The middle of the last part lies behind the end: at least one picture repeats another.
    early = end < (count - 0.5) * duration / count
    return Film(jpeg.tobytes(), count, strip.shape[1], strip.shape[0], round(end, 2) if early else None)


def _read_through(path: Path, duration: float, count: int) -> tuple[list[Image], float]:
    """The pictures in the middle of each of ``count`` equal parts, and up to which second there are any."""
    pictures: list[Image] = []
    latest: Image | None = None
    fps, read = 2 * count / duration, 0
    # Two frames a picture, of which the second lies in the middle of the picture's stretch of the video.
    for frame in VideoFrames(path, fps=fps, size=ShortSide(_SHORT_SIDE), threads=1):
        latest, read = frame.image, frame.number + 1
        if frame.number % 2:
            pictures.append(latest)
        if len(pictures) == count:
            break
    if latest is None:
        raise InputError("no picture can be decoded", source=path)
    return pictures + [latest] * (count - len(pictures)), read / fps
