"""When each picture of a video is shown, without decoding any."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from weaktal.arrays import Floats
from weaktal.errors import InputError
from weaktal.video.container import opened, time_zero


def picture_times(path: Path) -> Floats:
    """Seconds from the file's time zero at which its pictures are shown, rising, shape (pictures,).

    Pictures that an edit list never shows are left out.

    Raises:
        InputError: if the file is not a video, or has no time stamps.
    """
    with opened(path, threads=1) as (container, stream):
        zero, base = float(time_zero(container, stream)), float(stream.time_base or 0)
        try:
            stamps = [packet.pts for packet in container.demux(stream) if packet.size and packet.pts is not None]
        except av.FFmpegError as error:
            raise InputError(f"cannot be read to its end ({error})", source=path) from None
    times = np.unique(np.asarray(stamps, dtype=np.float64) * base - zero)
    times = times[times > -1e-6]
    if not times.size:
        raise InputError("has no time stamps", source=path, expected="a video that says when its pictures are shown")
    return times
