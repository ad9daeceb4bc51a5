"""Pieces of a video as files of their own: exactly, by encoding them again, or fast, by copying packets."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.container import InputContainer, OutputContainer
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from weaktal.errors import InputError
from weaktal.files import replacing
from weaktal.video.clock import Timing
from weaktal.video.container import opened, probe
from weaktal.video.orientation import Image, Orientation
from weaktal.video.pictures import Pictures
from weaktal.video.reading import AV_ERRORS

EXACT_ENDING = ".mp4"
_TICKS = 90_000  # a second, of the time stamps of exact clips: any usual rate is a whole number of them


def cut_exactly(source: Path, start: float, end: float, out: Path, *, quality: int = 18) -> tuple[float, float]:
    """Writes what a player shows from ``start`` to ``end``, as H.264 and AAC; whole or not at all.

    The pictures keep their distances, also where these vary. The first one is that which is on screen at ``start``.

    Args:
        source: the video.
        start, end: seconds from the file's time zero.
        out: an ``.mp4`` file.
        quality: x264's constant rate factor.

    Returns:
        Start and end of what was written, seconds of ``source``.

    Raises:
        InputError: if the video cannot be read, or shows nothing in that time.
    """
    with (
        opened(source, threads=0) as (container, stream),
        replacing(out) as temporary,
        av.open(str(temporary), "w", format="mp4", options={"movflags": "faststart"}) as file,
    ):
        try:
            sound = _sound(source, start, end, file)
            shown = _shown(source, container, stream, start, end)
            count = _pictures(shown, stream, start, file, quality)
            for packet in sound:
                file.mux(packet)
        except AV_ERRORS as error:
            raise InputError(f"cannot be cut ({error})", source=source) from None
        if not count:
            raise InputError(f"shows nothing from {start:.2f} s on", source=source, expected="times within the video")
    return start, end


def _pictures(
    shown: Iterator[tuple[float, VideoFrame]], stream: VideoStream, start: float, file: OutputContainer, quality: int
) -> int:
    """Encodes the pictures of a span with their times; how many there were."""
    writer: Any = None
    count = 0
    for seconds, picture in shown:
        orientation = Orientation.of(picture)
        image = orientation.upright(cast(Image, picture.to_ndarray(format="rgb24")))
        height, width = (side - side % 2 for side in image.shape[:2])
        if writer is None:
            writer = file.add_stream("libx264", rate=stream.average_rate or 25)
            writer.width, writer.height, writer.pix_fmt = width, height, "yuv420p"
            writer.options = {"crf": str(quality), "preset": "veryfast"}
            writer.codec_context.time_base = Fraction(1, _TICKS)
            aspect = stream.sample_aspect_ratio
            if aspect:
                writer.codec_context.sample_aspect_ratio = 1 / aspect if orientation.transposed else aspect
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(image[:height, :width]), format="rgb24")
        frame.pts, frame.time_base = round(max(0.0, seconds - start) * _TICKS), Fraction(1, _TICKS)
        file.mux(writer.encode(frame))
        count += 1
    if writer is not None:
        file.mux(writer.encode())
    return count


def _shown(
    source: Path, container: InputContainer, stream: VideoStream, start: float, end: float
) -> Iterator[tuple[float, VideoFrame]]:
    """Pictures that are on screen in a span, with their times; that which is on screen when it begins is the first."""
    before: tuple[float, VideoFrame] | None = None
    for seconds, picture in _from(source, container, stream, start):
        if seconds >= end - 1e-6 and (before is not None or seconds > start):
            break
        if seconds <= start + 1e-6:
            before = seconds, picture
            continue
        if before is not None:
            yield before
        before = seconds, picture
    if before is not None:
        yield before


def _from(
    source: Path, container: InputContainer, stream: VideoStream, start: float
) -> Iterator[tuple[float, VideoFrame]]:
    """Pictures with their times, from some moment before ``start`` on; all where the file cannot be searched."""
    timing = Timing.of(container, stream)
    if timing.coded_order or timing.may_jump or timing.zero is None:
        yield from Pictures(probe(source), threads=0)
        return
    base, zero = float(timing.base), float(timing.zero)
    _seek(container, stream, start + zero)
    for picture in container.decode(stream):
        if picture.pts is not None:
            yield picture.pts * base - zero, picture


def _seek(container: InputContainer, stream: Stream, seconds: float) -> None:
    """To the key picture before a moment of the file's own clock."""
    base = stream.time_base or Fraction(1, av.time_base)
    container.seek(round(Fraction(seconds) / base), stream=stream)


def _sound(source: Path, start: float, end: float, file: OutputContainer) -> list[av.Packet[Any]]:
    """The sound of a span, encoded; empty where there is none."""
    with opened(source, threads=1) as (container, video):
        if not container.streams.audio:
            return []
        stream = container.streams.audio[0]
        zero = float(Timing.of(container, video).zero or 0)
        writer: Any = file.add_stream("aac", rate=stream.rate)
        writer.layout = stream.layout
        resampler = AudioResampler(format="fltp", layout=stream.layout, rate=stream.rate)
        _seek(container, stream, start + zero)
        packets: list[av.Packet[Any]] = []
        written: int | None = None
        for frame in container.decode(stream):
            seconds = float(frame.time or 0.0) - zero
            if seconds >= end:
                break
            if seconds + frame.samples / stream.rate <= start:
                continue
            for part in resampler.resample(frame):
                if written is None:
                    written = round(max(0.0, seconds - start) * stream.rate)
                part.pts, part.time_base = written, Fraction(1, stream.rate)
                written += part.samples
                packets += writer.encode(part)
        packets += writer.encode()
        return packets


def cut_by_copying(source: Path, start: float, end: float, out: Path) -> tuple[float, float]:
    """Writes the packets of a span as they are, nothing decoded: begins at the key picture before ``start``.

    Args:
        source: the video.
        start, end: seconds from the file's time zero.
        out: a file whose ending is that of ``source``.

    Returns:
        Start and end of what was written, seconds of ``source``.

    Raises:
        InputError: if the video cannot be read or copied, or there is nothing in that time.
    """
    with opened(source, threads=1) as (container, stream), replacing(out) as temporary:
        zero, base = float(Timing.of(container, stream).zero or 0), float(stream.time_base or 0)
        kept: list[Stream] = [stream, *container.streams.audio[:1]]
        first: float | None = None
        last = 0.0
        done: set[int] = set()
        try:
            kind = container.format.name.split(",")[0] if out.suffix != ".mp4" else "mp4"
            with av.open(str(temporary), "w", format=_FORMATS.get(out.suffix.lower(), kind)) as file:
                writers = {each.index: file.add_stream_from_template(each) for each in kept}
                _seek(container, stream, start + zero)
                for packet in container.demux(kept):
                    if packet.size == 0 or packet.pts is None or packet.dts is None:
                        continue
                    tick = float(packet.time_base or base)
                    seconds = packet.pts * tick - zero
                    is_video = packet.stream.index == stream.index
                    if is_video and first is None and packet.is_keyframe:
                        first = seconds
                    if packet.dts * tick - zero >= end:
                        done.add(packet.stream.index)
                        if len(done) == len(kept):
                            break
                        continue
                    if first is None or seconds < first - 1e-6 or seconds >= end:
                        continue
                    if is_video:
                        last = max(last, seconds + float((packet.duration or 0) * tick))
                    shift = round((first + zero) / tick)
                    packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                    packet.stream = writers[packet.stream.index]
                    file.mux(packet)
        except AV_ERRORS as error:
            raise InputError(f"cannot be copied ({error})", source=source, expected="exact cuts") from None
        if first is None or last <= first:
            raise InputError(f"shows nothing from {start:.2f} s on", source=source, expected="times within the video")
    return first, last


_FORMATS = {
    ".mp4": "mp4",
    ".m4v": "mp4",
    ".mov": "mov",
    ".mkv": "matroska",
    ".webm": "webm",
    ".avi": "avi",
    ".ts": "mpegts",
}
