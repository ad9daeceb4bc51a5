"""The decoded pictures of a video in order of time, whatever is wrong with the file."""

from __future__ import annotations

from collections.abc import Iterator

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from weaktal.errors import InputError
from weaktal.video.container import A_VIDEO, VideoInfo, opened, time_zero

# A picture more than this long after the one before it has a broken time stamp; without a bound, one flipped bit would
# make a video of years.
LONGEST_STILL = 3600.0
# Seconds between pictures where neither the file nor the pictures say.
USUAL_PERIOD = 0.04


class Pictures:
    """Pictures with rising time stamps in seconds from the file's time zero, decoded while iterated over.

    Args:
        info: the file, as probed.
        threads: decoder threads; 0 lets FFmpeg choose.

    Attributes:
        end: when the last picture so far stops being shown, in seconds.
        rounding: by how much the container may have moved a time stamp, in seconds.
        notes: what was wrong with the file, one sentence each; complete after iterating.
    """

    def __init__(self, info: VideoInfo, threads: int) -> None:
        self._info = info
        self._threads = threads
        self.end = 0.0
        self.rounding = 0.0
        self.notes: list[str] = []

    def __iter__(self) -> Iterator[tuple[float, VideoFrame]]:
        info = self._info
        count = damaged = skipped = 0
        previous: float | None = None
        with opened(info.path, self._threads) as (container, stream):
            period = 1 / info.fps if info.fps else USUAL_PERIOD
            base = float(stream.time_base or 0)
            zero = float(time_zero(container, stream))
            # Matroska's tick is 1 ms. Beyond that a coarse tick is the frame period itself, and nothing is rounded.
            self.rounding = min(base / 2, 0.0005)
            for frame in self._decoded(container, stream):
                if frame.pts is not None:
                    seconds = frame.pts * base - zero
                else:
                    seconds = 0.0 if previous is None else previous + period
                if previous is None and seconds > max(2 * period, 0.1):
                    self.notes.append(f"the first picture comes at {seconds:.2f} s and is shown from 0 s on")
                if previous is not None and not previous < seconds <= previous + LONGEST_STILL:
                    skipped += 1
                    continue
                length = (frame.duration or 0) * base
                self.end = max(period, seconds + (length if 0 < length <= LONGEST_STILL else period))
                previous = seconds
                count += 1
                damaged += frame.is_corrupt
                yield seconds, frame
        if not count:
            raise InputError("no picture can be decoded", source=info.path, expected=A_VIDEO)
        if damaged:
            self.notes.append(f"{damaged} of {count} pictures are damaged")
        if skipped:
            self.notes.append(f"skipped {skipped} pictures with impossible time stamps")
        if info.duration is not None and self.end < info.duration - max(1.0, 0.01 * info.duration):
            self.notes.append(f"the file promises {info.duration:.2f} s, its pictures end at {self.end:.2f} s")

    def _decoded(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        """Every picture that can be decoded; what cannot is skipped and noted."""
        broken = 0
        packets = container.demux(stream)
        while True:
            try:
                packet: av.Packet[VideoStream] | None = next(packets)
            except (StopIteration, av.FFmpegError) as error:
                if isinstance(error, av.FFmpegError):
                    self.notes.append("the file cannot be read to its end")
                packet = None  # flushes the pictures that the decoder still holds
            try:
                yield from stream.codec_context.decode(packet)
            except av.EOFError:
                break
            except av.FFmpegError:
                broken += 1
            if packet is None or packet.size == 0:
                break
        if broken:
            self.notes.append(f"{broken} packets cannot be decoded")
