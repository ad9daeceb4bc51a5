"""Pictures of a video side by side, as one JPEG."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from weaktal.errors import InputError
from weaktal.report.content import Film
from weaktal.video.container import probe
from weaktal.video.decoding import Image, ShortSide, VideoFrames

_SHAPE = 16  # the strip is about that many times as wide as high, so strips of any video take equal room on a page
_SHORT_SIDE = 112  # pixels of a picture: sharp on screens with two pixels a CSS pixel
_QUALITY = 82  # of JPEG


def film(path: Path, duration: float) -> Film:
    """Evenly spaced pictures of a video, read in one pass.

    Args:
        path: the video.
        duration: seconds that the strip covers; where the file ends before, its last picture goes on.

    Raises:
        InputError: if the file is not a video or no picture of it can be decoded.
    """
    info = probe(path)
    count = min(max(round(_SHAPE * info.height / info.width), 4), 24)
    pictures: list[Image] = []
    latest: Image | None = None
    # Two frames a picture, of which the second lies in the middle of the picture's stretch of the video.
    for frame in VideoFrames(path, fps=2 * count / duration, size=ShortSide(_SHORT_SIDE), threads=1):
        latest = frame.image
        if frame.number % 2:
            pictures.append(latest)
        if len(pictures) == count:
            break
    if latest is None:
        raise InputError("no picture can be decoded", source=path)
    pictures += [latest] * (count - len(pictures))
    strip = np.concatenate(pictures, axis=1)  # (height, count * width, 3)
    strip[:, :: pictures[0].shape[1]] = 0  # a thin line where a picture begins
    encoded, jpeg = cv2.imencode(".jpg", strip[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not encoded:
        raise InputError("its pictures cannot be written as JPEG", source=path)
    return Film(jpeg.tobytes(), count, strip.shape[1], strip.shape[0])
