"""Writing H.264 video of constant rate, frame by frame: memory does not grow with its length."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import av
from av.video.frame import VideoFrame

from weaktal.files import replacing
from weaktal.video.orientation import Image

# A frame rate such as 29.97 is meant as 30000/1001.
_LARGEST_DENOMINATOR = 1001


@contextlib.contextmanager
def writing_video(
    path: Path, *, fps: float, width: int, height: int, quality: int = 18
) -> Iterator[Callable[[Image], None]]:
    """Gives a function that appends a frame, (height, width, 3) uint8 RGB; the file appears, whole, at the end.

    Frame ``k`` is shown from ``k / fps`` on. The same frames give the same bytes on every machine with the same FFmpeg.

    Args:
        path: an ``.mp4`` file.
        fps: frames a second.
        width, height: of the frames in pixels, even.
        quality: x264's constant rate factor; 18 looks like the original, lower is larger.

    Raises:
        InputError: if the file cannot be written.
        ValueError: if a size is odd.
    """
    # No macroblock tree: with it, one run in a hundred writes other bytes (9 of 2500 and 44 of 2500 runs over the same
    # pictures of 64x48; without it, none).
    options = {"crf": str(quality), "preset": "veryfast", "x264-params": "mbtree=0"}
    with (
        replacing(path) as temporary,
        encoding(temporary, fps=fps, width=width, height=height, options=options, faststart=True) as add,
    ):
        yield lambda image: add(VideoFrame.from_ndarray(image, format="rgb24"))


@contextlib.contextmanager
def encoding(
    path: Path, *, fps: float, width: int, height: int, options: Mapping[str, str], faststart: bool = False
) -> Iterator[Callable[[VideoFrame], None]]:
    """Gives a function that appends a frame of any format to an MP4 file, which grows in place.

    Args:
        path: where it is written, whatever its ending.
        fps: frames a second.
        width, height: of the frames in pixels, even.
        options: of x264, but for its threads: one a file, since what it writes depends on how many share the work.
        faststart: put the index before the pictures, so that a browser can play while it loads.

    Raises:
        ValueError: if a size is odd.
    """
    if width % 2 or height % 2:
        raise ValueError(f"width and height must be even, not {width} and {height}")
    rate = Fraction(fps).limit_denominator(_LARGEST_DENOMINATOR)
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"} if faststart else {}) as file:
        stream = file.add_stream("libx264", rate=rate, options={**options, "threads": "1"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = 1 / rate
        count = 0

        def add(frame: VideoFrame) -> None:
            nonlocal count
            frame.pts, frame.time_base = count, 1 / rate
            file.mux(stream.encode(frame))
            count += 1

        yield add
        file.mux(stream.encode())
