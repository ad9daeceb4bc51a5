"""Copies of videos that a browser cannot play, in a folder that holds only so much."""

from __future__ import annotations

import threading
from pathlib import Path

from weaktal.errors import InputError

_SHORT_SIDE = 480  # pixels; enough to see who does what, and quick to make
_ROOM = 2 * 1024**3  # bytes that all copies together may take


class Converted:
    """Makes copies in H.264 without sound, one at a time, and keeps the latest.

    Args:
        folder: that holds them; nothing else is in it.
        room: bytes that they may take together; one that is larger alone is kept as long as no other is made.
    """

    def __init__(self, folder: Path, *, room: int = _ROOM) -> None:
        self._folder, self._room = folder, room
        self._one = threading.Lock()

    def copy(self, file: Path, number: int) -> Path:
        """A copy of a video that browsers play, made if it is not there.

        Args:
            file: the video.
            number: of the video on the page.

        Raises:
            InputError: if the video cannot be read.
        """
        path = self._folder / f"{number}.mp4"
        with self._one:  # a second request for the same video waits, and finds the copy
            if not path.exists():
                _convert(file, path)
                self._make_room(path)
            return path

    def _make_room(self, newest: Path) -> None:
        copies = sorted(self._folder.glob("*.mp4"), key=lambda path: path.stat().st_mtime)
        taken = sum(path.stat().st_size for path in copies)
        for path in copies:
            if taken <= self._room or path == newest:
                break
            taken -= path.stat().st_size
            path.unlink()


def _convert(file: Path, path: Path) -> None:
    from weaktal.video.container import probe
    from weaktal.video.decoding import ShortSide, VideoFrames
    from weaktal.video.encoding import writing_video

    fps = min(probe(file).fps or 25.0, 60.0)
    frames = iter(VideoFrames(file, fps=fps, size=ShortSide(_SHORT_SIDE)))
    first = next(frames, None)
    if first is None:
        raise InputError("no picture can be decoded", source=file)
    height, width = (side - side % 2 for side in first.image.shape[:2])
    with writing_video(path, fps=fps, width=width, height=height, quality=26) as add:
        add(first.image[:height, :width])
        for frame in frames:
            add(frame.image[:height, :width])
