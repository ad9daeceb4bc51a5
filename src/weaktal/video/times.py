"""When each picture of a video is shown, without decoding any."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from weaktal.arrays import Floats
from weaktal.errors import InputError
from weaktal.video.clock import packet_times
from weaktal.video.container import opened


def picture_times(path: Path) -> Floats:
    """Seconds from the file's time zero at which its pictures are shown, rising, shape (pictures,).

    Pictures that an edit list never shows are left out.

    Raises:
        InputError: if the file is not a video, or holds no picture.
    """
    with opened(path, threads=1) as (container, stream):
        times = np.unique([seconds for seconds, _ in packet_times(container, stream)])
    times = times[times > -1e-6]
    if not times.size:
        raise InputError("holds no picture", source=path, expected="a video that says when its pictures are shown")
    return times
