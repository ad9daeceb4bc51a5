"""Opening video files and telling what they hold, without decoding a frame more than needed."""

from __future__ import annotations

import contextlib
import functools
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from weaktal.errors import InputError
from weaktal.video.clock import frame_rate, shown_length, time_zero
from weaktal.video.orientation import Orientation
from weaktal.video.reading import A_VIDEO, AV_ERRORS, reading
from weaktal.video.streams import main_stream

# What FFmpeg must not take a file for: any text is a "video" of a terminal, playlists and patterns of names are what
# they point to, and the rest asks a device, a filter or the network.
_NO_FILE = (
    "tty hls applehttp concat concatf dash imf sdp rtp rtsp rtcp sap image2 webm_dash_manifest lavfi ffmetadata "
    "alsa fbdev iec61883 jack kmsgrab libdc1394 oss pulse sndio v4l2 video4linux2,v4l2 x11grab xcbgrab"
)
# A name of several parts, such as "mov,mp4,m4a", counts for each of them.
_FORMATS = ",".join(sorted(av.formats_available.difference(_NO_FILE.split())))
# Twice what 8K has. FFmpeg's own limit is 2**31, of which one picture fills the memory.
MAX_PIXELS = 2**26
# How often the longer side of a picture may hold the shorter one. A resized picture keeps its shape: of a strip that is
# one pixel high, with 256 lines, a row is millions of pixels long.
MAX_ASPECT = 64
# Seconds that a tag of a video's length is believed: a month.
_LONGEST = 31 * 24 * 3600
# A broadcast has some dozens.
_MAX_STREAMS = 100


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a video file says of itself; the frames may tell otherwise.

    Attributes:
        path: the file.
        codec: name of the video codec, such as ``h264``.
        width: of the picture as displayed, in pixels: after rotation and with square pixels.
        height: of the picture as displayed.
        orientation: what brings a stored picture upright.
        fps: average frames a second; None where the file does not say.
        duration: seconds from the file's time zero to the end of its video; None where the file does not say.
        frames: how many pictures there are; None where the file does not say.
        start: seconds from the file's time zero to the first picture, as the file says.
    """

    path: Path
    codec: str
    width: int
    height: int
    orientation: Orientation
    fps: float | None
    duration: float | None
    frames: int | None
    start: float


def probe(path: Path) -> VideoInfo:
    """Reads what ``path`` says of itself; decodes at most a few packets, for the orientation.

    Where the file does not say how long it is, or says something that cannot be relied on, its packets are counted.

    Raises:
        InputError: if the file is not a video, has no video stream, or none of its packets can be decoded.
    """
    with opened(path, threads=1) as (container, stream):
        frame = _first_picture(container, stream)
        if frame is None:
            raise InputError("no picture can be decoded", source=path, expected=A_VIDEO)
        return _describe(path, container, stream, frame)


def _first_picture(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    with contextlib.suppress(*AV_ERRORS):
        for packet in container.demux(stream):
            with contextlib.suppress(*AV_ERRORS):
                for frame in stream.codec_context.decode(packet):
                    return frame
    return None


@contextlib.contextmanager
def opened_container(path: Path) -> Iterator[InputContainer]:
    """A container of pictures or sound.

    Args:
        path: a file; never a network address, and nothing in the file can make FFmpeg open one.

    Raises:
        InputError: if there is no such file, it is not a regular file, or not one that FFmpeg reads.
    """
    check_regular(path)
    with reading(path, "cannot be opened"):
        # The prefix keeps FFmpeg from reading a protocol out of a file name that holds a colon. Titles may be in any
        # encoding, and nobody reads them.
        try:
            container = av.open(
                f"file:{path}",
                options={"max_pixels": str(MAX_PIXELS)},  # of each stream that the file's head names
                container_options={
                    "protocol_whitelist": "file",
                    "format_whitelist": _FORMATS,
                },
                metadata_errors="replace",
            )
        except av.error.ArgumentError:  # what FFmpeg says of formats that are not on the list
            raise InputError("is not a video", source=path, expected=A_VIDEO) from None
    with container:
        if len(container.streams) > _MAX_STREAMS:
            problem = f"holds {len(container.streams)} streams"
            raise InputError(problem, source=path, expected=f"at most {_MAX_STREAMS}")
        yield container


@contextlib.contextmanager
def opened(path: Path, threads: int) -> Iterator[tuple[InputContainer, VideoStream]]:
    """A container and its main video stream, ready to demux.

    Args:
        path: a file, as of :func:`opened_container`.
        threads: decoder threads; 0 lets FFmpeg choose by the number of cores.

    Raises:
        InputError: if there is no such file, it is not a regular file, not a video, or has no video stream that can be
            decoded.
    """
    with opened_container(path) as container:
        with reading(path, "cannot be opened"):
            stream = main_stream(container)
        if stream is None:
            kinds = sorted({"a cover" if other.type == "video" else other.type for other in container.streams})
            held = f"only {' and '.join(kinds)}" if kinds else "nothing"
            raise InputError(f"holds no video stream, {held}", source=path, expected=A_VIDEO)
        if stream.codec_context is None:
            raise InputError("its video cannot be decoded: FFmpeg has no decoder", source=path, expected=A_VIDEO)
        _check_shape(path, stream.codec_context.width, stream.codec_context.height)
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = threads
        # Of pictures that grow after the first.
        stream.codec_context.options = {**stream.codec_context.options, "max_pixels": str(MAX_PIXELS)}
        yield container, stream


def _check_shape(path: Path, width: int, height: int) -> None:
    """Refuses pictures that would fill the memory; a stream that does not say how large they are has 0 pixels.

    Raises:
        InputError: saying what they are and what is read.
    """
    if width * height > MAX_PIXELS:
        expected = f"at most {MAX_PIXELS:,} pixels, as 8192 x 8192 has"
        raise InputError(f"has pictures of {width} x {height} pixels", source=path, expected=expected)
    if min(width, height) > 0 and max(width, height) > MAX_ASPECT * min(width, height):
        expected = f"one side at most {MAX_ASPECT} times the other"
        raise InputError(f"has pictures of {width} x {height} pixels", source=path, expected=expected)


# What the mode of a file says that is none.
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def check_regular(path: Path) -> None:
    """Refuses what is no regular file, or empty, before anything waits for it.

    Raises:
        InputError: saying what it is.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        problem = "is a broken link" if path.is_symlink() else "no such file"
        raise InputError(problem, source=path, expected=A_VIDEO) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(f"cannot be opened ({why[:1].lower()}{why[1:]})", source=path, expected=A_VIDEO) from None
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "no regular file")
        raise InputError(f"is {kind}", source=path, expected=A_VIDEO)
    if status.st_size == 0:
        raise InputError("is empty", source=path, expected=A_VIDEO)


def _describe(path: Path, container: InputContainer, stream: VideoStream, frame: VideoFrame) -> VideoInfo:
    """What an open container says of its video, with the orientation and size of ``frame``, its first picture."""
    zero = time_zero(container, stream) or Fraction(0)
    base = stream.time_base or Fraction(1, av.time_base)
    start = stream.start_time * base - zero if stream.start_time is not None else Fraction(0)
    orientation = Orientation.of(frame)
    width, height = orientation.size(*_displayed_size(frame, stream))
    _check_shape(path, width, height)
    return VideoInfo(
        path=path,
        codec=stream.codec_context.name,
        width=width,
        height=height,
        orientation=orientation,
        fps=frame_rate(container, stream),
        duration=_duration(path, container, stream, zero, start),
        frames=stream.frames or None,
        start=float(start),
    )


def _duration(
    path: Path, container: InputContainer, stream: VideoStream, zero: Fraction, start: Fraction
) -> float | None:
    """Seconds from time zero to the end of the video.

    A file with an index of all its pictures is believed, and a Matroska that tells its pictures from its sound. Others
    count from their time stamp 0, whatever they start with (Matroska, Flash), count pictures that were dropped too
    (AVI), count from the first stamp to the last of a clock that may jump between them (broadcasts), or do not count at
    all (what was recorded live).
    """
    if stream.frames and stream.duration and container.format.name != "avi":
        return float(start + stream.duration * (stream.time_base or 0))
    if container.format.name == "matroska,webm" and zero <= 0 and (stated := _of_matroska(container, stream)):
        return stated
    status = path.stat()
    return _counted(path, status.st_mtime_ns, status.st_size)


def _of_matroska(container: InputContainer, stream: VideoStream) -> float | None:
    """Seconds as a Matroska says: of its video in a tag, or of its longest stream, which may be the sound."""
    try:
        hours, minutes, seconds = stream.metadata["DURATION"].split(":")
        stated = int(hours) * 3600.0 + int(minutes) * 60.0 + float(seconds)
        return stated if 0 < stated <= _LONGEST else None  # of not-a-number that is never so
    except (KeyError, ValueError, OverflowError):
        if container.duration is None or len(container.streams) > 1:
            return None
        return float(Fraction(container.duration, av.time_base))


@functools.lru_cache(maxsize=1024)
def _counted(path: Path, _changed: int, _size: int) -> float | None:
    with opened(path, threads=1) as (container, stream):
        return shown_length(container, stream)


def _displayed_size(frame: VideoFrame, stream: VideoStream) -> tuple[int, int]:
    """Width and height with square pixels, before rotation."""
    aspect = stream.sample_aspect_ratio
    width: int = frame.width
    if aspect and Fraction(1, 8) < aspect < 8:
        width = max(1, round(frame.width * aspect))
    return width, frame.height
