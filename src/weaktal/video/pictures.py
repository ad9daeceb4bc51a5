"""The decoded pictures of a video in order of time, whatever is wrong with the file."""

from __future__ import annotations

from collections.abc import Iterator

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from weaktal.errors import InputError
from weaktal.video.clock import Clock, Timing
from weaktal.video.container import VideoInfo, opened
from weaktal.video.reading import A_VIDEO, AV_ERRORS


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
        count = damaged = 0
        last = 0.0
        with opened(info.path, self._threads) as (container, stream):
            timing = Timing.of(container, stream)
            clock = Clock(timing)
            # Matroska's tick is 1 ms. Beyond that a coarse tick is the frame period itself, and nothing is rounded.
            self.rounding = min(float(timing.base) / 2, 0.0005)
            for seconds, length, frame in self._timed(container, stream, clock):
                if not count and seconds > max(2 * timing.period, 0.1):
                    self.notes.append(f"the first picture comes at {seconds:.2f} s and is shown from 0 s on")
                self.end = max(timing.period, seconds + length)
                last = seconds
                count += 1
                damaged += frame.is_corrupt
                yield seconds, frame
        if info.duration is not None and last < info.duration < self.end:
            self.end = info.duration  # a picture's own length may be that of another one where their order changed
        if not count:
            raise InputError("no picture can be decoded", source=info.path, expected=A_VIDEO)
        if damaged:
            self.notes.append(f"{damaged} of {count} pictures are damaged")
        if clock.jumps:
            times = "once" if clock.jumps == 1 else f"{clock.jumps} times"
            self.notes.append(f"its clock restarts or jumps {times}: what follows continues without a gap")
        if clock.gaps:
            self.notes.append(f"{clock.gaps:.1f} s have no picture: the one before is shown")
        if info.duration is not None and self.end < info.duration - max(1.0, 0.01 * info.duration):
            self.notes.append(f"the file promises {info.duration:.2f} s, its pictures end at {self.end:.2f} s")

    def _timed(
        self, container: InputContainer, stream: VideoStream, clock: Clock
    ) -> Iterator[tuple[float, float, VideoFrame]]:
        """Every picture that can be decoded, with its time and its length; what cannot is skipped and noted."""
        broken = 0
        packets = container.demux(stream)
        while True:
            try:
                packet: av.Packet[VideoStream] | None = next(packets)
            except StopIteration:
                packet = None  # flushes the pictures that the decoder still holds
            except AV_ERRORS:
                self.notes.append("the file cannot be read to its end")
                packet = None
            last = packet is None or packet.size == 0
            if packet is not None and not last:
                clock.packet(packet)
            try:
                for frame in stream.codec_context.decode(packet):
                    yield from clock.picture(frame)
            except av.error.EOFError:
                break
            except AV_ERRORS:
                broken += 1
                if packet is not None:
                    clock.lost(packet)
            if last:
                break
        yield from clock.rest()
        if broken:
            self.notes.append(f"{broken} packets cannot be decoded")
