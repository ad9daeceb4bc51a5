"""Which file a video of the results is."""

from __future__ import annotations

import os
from pathlib import Path

from weaktal.data.results import VideoFile
from weaktal.errors import InputError


def video_file(path: Path | None, duration: float, sha256: str | None = None) -> VideoFile:
    """What results keep of a video.

    Args:
        path: the file; None, or one that does not exist, if there are only features.
        duration: seconds.
        sha256: of the file's content, where it was read.
    """
    if path is None or not path.is_file():
        return VideoFile(duration=duration)
    file = os.path.abspath(path)  # noqa: PTH100  # resolve() would follow links
    return VideoFile(file=file, duration=duration, fps=_fps(path), bytes=path.stat().st_size, sha256=sha256)


def _fps(path: Path) -> float | None:
    """Frames a second as the file says; None where it does not, or nothing here can read it."""
    try:
        from weaktal.video.container import probe  # late: needs the extra "video"

        return probe(path).fps
    except InputError:
        return None
