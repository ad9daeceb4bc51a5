"""Opening video files and telling what they hold, without decoding a frame more than needed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from weaktal.errors import InputError

# FFmpeg opens any text file as a "video" of a terminal, and playlists as whatever they point to.
NOT_VIDEO = {"tty", "hls", "concat", "dash", "sdp"}
A_VIDEO = "a video file such as mp4, mkv, avi, webm or gif"


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a video file says of itself; the frames may tell otherwise.

    Attributes:
        path: the file.
        codec: name of the video codec, such as ``h264``.
        width: of the picture as displayed, in pixels: after rotation and with square pixels.
        height: of the picture as displayed.
        rotation: counter-clockwise quarter turns (0 to 3) that bring a stored picture upright.
        fps: average frames a second; None where the file does not say.
        duration: seconds from the file's time zero to the end of its video; None where the file does not say.
        frames: how many pictures there are; None where the file does not say.
        start: seconds from the file's time zero to the first picture, as the file says.
    """

    path: Path
    codec: str
    width: int
    height: int
    rotation: int
    fps: float | None
    duration: float | None
    frames: int | None
    start: float


def probe(path: Path) -> VideoInfo:
    """Reads what ``path`` says of itself; decodes at most a few packets, for the rotation.

    Raises:
        InputError: if the file is not a video, has no video stream, or none of its first packets can be decoded.
    """
    with opened(path, threads=1) as (container, stream), contextlib.suppress(av.FFmpegError):
        for packet in container.demux(stream):
            with contextlib.suppress(av.FFmpegError):
                for frame in stream.codec_context.decode(packet):
                    return _describe(path, container, stream, frame)
    raise InputError("no picture can be decoded", source=path, expected=A_VIDEO)


@contextlib.contextmanager
def opened(path: Path, threads: int) -> Iterator[tuple[InputContainer, VideoStream]]:
    """A container and its main video stream, ready to demux.

    Args:
        path: a file; never a network address, and nothing in the file can make FFmpeg open one.
        threads: decoder threads; 0 lets FFmpeg choose by the number of cores.

    Raises:
        InputError: if there is no such file, it is not a video, or it has no video stream.
    """
    try:
        # The prefix keeps FFmpeg from reading a protocol out of a file name that holds a colon.
        container = av.open(f"file:{path}", container_options={"protocol_whitelist": "file"})
    except FileNotFoundError:
        raise InputError("no such file", source=path, expected=A_VIDEO) from None
    except IsADirectoryError:
        raise InputError("is a folder", source=path, expected=A_VIDEO) from None
    except (OSError, ValueError) as error:
        reason = "is empty" if path.is_file() and path.stat().st_size == 0 else f"cannot be opened ({_reason(error)})"
        raise InputError(reason, source=path, expected=A_VIDEO) from None
    with container:
        if NOT_VIDEO.intersection(container.format.name.split(",")):
            raise InputError("is not a video", source=path, expected=A_VIDEO)
        stream = _main_stream(container)
        if stream is None:
            kinds = sorted({other.type for other in container.streams})
            held = f"only {' and '.join(kinds)}" if kinds else "nothing"
            raise InputError(f"holds no video stream, {held}", source=path, expected=A_VIDEO)
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = threads
        yield container, stream


def _main_stream(container: InputContainer) -> VideoStream | None:
    """The largest video stream that is not a cover picture."""
    streams = [
        s
        for s in container.streams.video
        if s.codec_context is not None and not s.disposition & Disposition.attached_pic
    ]
    return max(streams, key=lambda s: s.codec_context.width * s.codec_context.height, default=None)


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return text[:1].lower() + text[1:]


def time_zero(container: InputContainer, stream: VideoStream) -> Fraction:
    """The time stamp, in seconds, that players show as 0: the earliest start of any stream.

    What lies before 0 (audio priming, pictures cut off by an edit list) is never shown, so it does not count.
    """
    start: int | None = container.start_time  # in microseconds; None for raw streams
    if start is not None:
        return max(Fraction(start, av.time_base), Fraction(0))
    return max((stream.start_time or 0) * (stream.time_base or Fraction(0)), Fraction(0))


def _describe(path: Path, container: InputContainer, stream: VideoStream, frame: VideoFrame) -> VideoInfo:
    """What an open container says of its video, with the rotation and size of ``frame``, its first picture."""
    rate = stream.average_rate or stream.guessed_rate
    zero = time_zero(container, stream)
    base = stream.time_base or Fraction(1, av.time_base)
    start = stream.start_time * base - zero if stream.start_time is not None else Fraction(0)
    duration: Fraction | None = None
    if stream.duration:
        duration = start + stream.duration * base
    elif container.duration:
        duration = Fraction(container.duration, av.time_base)
    turns = _quarter_turns(frame)
    width, height = _displayed_size(frame, stream)
    return VideoInfo(
        path=path,
        codec=stream.codec_context.name,
        width=height if turns % 2 else width,
        height=width if turns % 2 else height,
        rotation=turns,
        fps=float(rate) if rate else None,
        duration=float(duration) if duration is not None and duration > 0 else None,
        frames=stream.frames or None,
        start=float(start),
    )


def _quarter_turns(frame: VideoFrame) -> int:
    """Counter-clockwise quarter turns that bring a stored picture upright; other angles count as their nearest."""
    return round(frame.rotation / 90) % 4


def _displayed_size(frame: VideoFrame, stream: VideoStream) -> tuple[int, int]:
    """Width and height with square pixels, before rotation."""
    aspect = stream.sample_aspect_ratio
    width: int = frame.width
    if aspect and Fraction(1, 8) < aspect < 8:
        width = max(1, round(frame.width * aspect))
    return width, frame.height
