"""When each picture of a file is shown, also where the file's time stamps are wrong.

The decoder gives pictures in the order in which they are shown, and every one of them counts; their stamps are taken
where they are sound, and mended where they are not:

- AVI keeps no times, only the order in which pictures were coded, which is another one where there are B frames. The
  stamps that FFmpeg makes up go along with the pictures, here and in copies of the file in another container. So they
  are put in order (:class:`_Order`): the first picture gets the earliest, and so on.
- Clocks start anew where recordings were joined, wrap, and jump where a broadcast was cut. As in FFmpeg, what follows
  goes on where the clock before ended (:class:`_Continuous`).
- Where there are no stamps, or they stand still, each picture lasts as long as the decoder says, or as the frame rate
  says.

Worked example, an AVI of 25 frames a second: coded as I0 P3 B1 B2 with the stamps 0 1 2 3, decoded as I0 B1 B2 P3 with
0 2 3 1, and shown at 0, 0.04, 0.08 and 0.12 s.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.format import Flags
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from weaktal.video.reading import AV_ERRORS

# A picture more than this long after the one before it has a broken time stamp; without a bound, one flipped bit would
# make a video of years.
LONGEST_STILL = 3600.0
# Seconds between pictures where neither the file nor the pictures say.
USUAL_PERIOD = 0.04
# Pictures that a decoder holds back at most, and one more: H.264 and HEVC allow 16.
REORDERED = 17
# Where a clock may jump (broadcasts, joined files): seconds ahead from which it did, as in FFmpeg's own program, and
# seconds of a gap from which it is worth a note.
JUMP = 10.0
GAP = 1.0
# Seconds that pictures may be ahead of a clock that runs on, such as one that gives a stamp twice.
LAG = 0.5
# Seconds back from which a clock started anew, in any file.
BACK = 0.1
# Pictures that never come, for which an AVI leaves room where its encoder looks ahead or its sound begins earlier, and
# before which packet.
FILLING, EARLY = 6, 16

Stamp = int  # ticks of a stream's time base


@dataclass(frozen=True, slots=True)
class Timing:
    """What is known of a stream's time before any packet is read.

    Attributes:
        base: seconds of a tick.
        zero: the time stamp, in seconds, that players show as 0; None if it is that of the first picture.
        period: seconds between pictures where they do not say themselves.
        coded_order: whether stamps only tell in which order pictures are stored.
        may_jump: whether the format's clock may start anew or jump.
    """

    base: Fraction
    zero: Fraction | None
    period: float
    coded_order: bool
    may_jump: bool

    @classmethod
    def of(cls, container: InputContainer, stream: VideoStream) -> Timing:
        """That of an open file."""
        rate = frame_rate(container, stream)
        return cls(
            base=stream.time_base or Fraction(1, av.time_base),
            zero=time_zero(container, stream),
            period=1 / rate if rate else USUAL_PERIOD,
            coded_order=container.format.name == "avi",
            may_jump=flagged(container, Flags.ts_discont),
        )


def flagged(container: InputContainer, flag: Flags) -> bool:
    """Whether FFmpeg says so of the file's format."""
    return bool(container.format.flags & flag.value)  # type: ignore[operator]  # numbers at run time


def frame_rate(container: InputContainer, stream: VideoStream) -> float | None:
    """Frames a second as the file says, None where it does not.

    Raw streams are averaged over a rate that FFmpeg supposes; what it guesses is what they say. A copy into AVI may
    have two ticks a picture, and is averaged over ticks.
    """
    rates = [float(rate) for rate in (stream.average_rate, stream.guessed_rate) if rate]
    if flagged(container, Flags.no_timestamps):
        rates.reverse()
    elif container.format.name == "avi":
        rates.sort()
    return next(iter(rates), None)


def time_zero(container: InputContainer, stream: VideoStream | AudioStream) -> Fraction | None:
    """The time stamp, in seconds, that players show as 0: the earliest start of any stream; None where none has one.

    What lies before 0 (audio priming, pictures cut off by an edit list) is never shown, so it does not count. Only a
    clock that wraps has pictures there.
    """
    start: int | None = container.start_time  # in microseconds; None for raw streams
    base = stream.time_base or Fraction(0)
    own = stream.start_time * base if stream.start_time is not None else None
    if start is None:
        return own
    zero = Fraction(start, av.time_base)
    if not flagged(container, Flags.ts_discont):
        return max(zero, Fraction(0))
    # A stream of the broadcast with a clock of its own says nothing about the pictures.
    return own if own is not None and own - zero > JUMP else zero


class Clock:
    """Times of one pass over a file's pictures.

    Each packet goes through :meth:`packet` on its way into the decoder, and each picture through :meth:`picture`.

    Args:
        timing: of the stream.

    Attributes:
        jumps: how often the file's clock started anew or jumped.
        gaps: seconds without any picture in broadcasts and joined files, where one was lost, in all.
    """

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._base = float(timing.base)
        self._packets = _Continuous(timing)
        self._order = _Order()
        self._zero = None if timing.zero is None else float(timing.zero)
        self._last: float | None = None
        self._stamp: Stamp | None = None
        self._length = timing.period
        self.gaps = 0.0

    @property
    def jumps(self) -> int:
        """How often the file's clock started anew or jumped."""
        return self._packets.jumps

    def packet(self, packet: Packet[VideoStream]) -> None:
        """Mends the stamps of a packet that goes into the decoder next."""
        self._packets.mend(packet)
        if packet.pts is not None:
            self._order.enters(packet.pts)

    def lost(self, packet: Packet[VideoStream]) -> None:
        """Forgets a packet that cannot be decoded."""
        if packet.pts is not None:
            self._order.lost(packet.pts)

    def picture(self, frame: VideoFrame) -> Iterator[tuple[float, float, VideoFrame]]:
        """Takes the decoder's next picture.

        Returns:
            Those whose time is certain by now, which are older ones where stamps are out of order: seconds from the
            file's time zero, seconds that it lasts if nothing follows, and the picture.
        """
        for stamp, ready in self._order.leaves(frame):
            yield self._timed(stamp, ready)

    def rest(self) -> Iterator[tuple[float, float, VideoFrame]]:
        """The pictures that are left when the file is over, as :meth:`picture` gives them."""
        for stamp, ready in self._order.rest():
            yield self._timed(stamp, ready)

    def _timed(self, stamp: Stamp | None, frame: VideoFrame) -> tuple[float, float, VideoFrame]:
        seconds = self._at(stamp)
        length = (frame.duration or 0) * self._base
        self._length = length if 0 < length <= LONGEST_STILL else self._timing.period
        self._last = seconds
        return seconds, self._length, frame

    def _at(self, stamp: Stamp | None) -> float:
        """When a picture is shown: later than the one before, in any case."""
        following = 0.0 if self._last is None else self._last + self._length
        if stamp is None:
            return following
        if self._zero is None:
            self._zero = stamp * self._base - following
        seconds = stamp * self._base - self._zero
        if self._last is None:
            return seconds
        if seconds > self._last + LONGEST_STILL:
            return following
        advances = self._stamp is None or stamp > self._stamp
        self._stamp = stamp
        if seconds <= self._last + 1e-6:  # less than any tick; times of floats differ by their rounding
            # The clock lags, or stands still: the pictures go on at their rate, and what the clock says counts again
            # once it has caught up. Where it runs on and never would, the pictures wait for it.
            return following if not advances or following - seconds < LAG else (self._last + following) / 2
        if self._timing.may_jump and seconds - following > GAP:
            self.gaps += seconds - following
        return seconds


class _Continuous:
    """Stamps of packets, moved so that they go on where the file's clock starts anew or jumps."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._ahead = round((JUMP if timing.may_jump else LONGEST_STILL) / timing.base)
        self._back = round(BACK / timing.base)
        self._far = round(JUMP / timing.base)
        self._period = max(1, round(timing.period / timing.base))
        self._moved = 0  # ticks
        self._last: Stamp | None = None  # of decoding
        self._next: Stamp = 0
        self._end: Stamp | None = None  # of showing
        self._count = 0
        self._gap = False  # whether there was one
        self.jumps = 0

    def mend(self, packet: Packet[VideoStream]) -> None:
        """Moves the stamps of the next packet."""
        pts, dts = packet.pts, packet.dts
        length = packet.duration or self._period
        if self._timing.coded_order:
            length = max(length, self._period)
        if dts is not None:
            self._follow(packet, dts)
            dts += self._moved
            self._last, self._next = dts, dts + length
        if self._timing.coded_order:
            pts = dts
        elif pts is not None:
            pts += self._moved
            # No decoder holds more pictures back than so; what lies further ahead is wrong.
            if dts is not None and pts - dts > max(REORDERED * length, self._far):
                pts = None
        if pts is not None:
            self._end = pts + length if self._end is None else max(self._end, pts + length)
        packet.pts, packet.dts = pts, dts
        self._count += 1

    def _follow(self, packet: Packet[VideoStream], dts: Stamp) -> None:
        """Finds out whether the clock goes on, and how far it is off if not."""
        if self._last is None:
            return
        stamp = dts + self._moved
        if self._fills(stamp):
            self._moved += self._next - stamp
        elif stamp < self._last - self._back or stamp > self._next + self._ahead:
            self._moved += self._next - stamp
            if packet.pts is not None and self._end is not None and packet.is_keyframe:
                self._moved += max(0, self._end - (packet.pts + self._moved))
            self.jumps += 1

    def _fills(self, stamp: Stamp) -> bool:
        """Whether the room before a stamp is for pictures that never come: the first of all gaps may be."""
        gap = stamp - self._next
        first, self._gap = not self._gap, self._gap or gap > 0
        return first and self._timing.coded_order and self._count < EARLY and 0 < gap <= FILLING * self._period


class _Order:
    """Pictures in the decoder's order with stamps in rising order.

    A stamp is certain once no packet with an earlier one waits in the decoder. In a sound file that is so for every
    picture as it comes, and none is held.
    """

    def __init__(self) -> None:
        self._inside: list[Stamp] = []  # of packets whose pictures are still to come
        self._held: list[VideoFrame] = []
        self._stamps: list[tuple[Stamp, int]] = []  # of the held ones, each with the number of its picture
        self._count = 0
        self._patience = REORDERED

    def enters(self, stamp: Stamp) -> None:
        self._inside.append(stamp)
        if len(self._inside) > 4 * REORDERED:
            del self._inside[0]  # the decoder made nothing of it

    def lost(self, stamp: Stamp) -> None:
        if stamp in self._inside:
            self._inside.remove(stamp)

    def leaves(self, frame: VideoFrame) -> Iterator[tuple[Stamp | None, VideoFrame]]:
        self._count += 1
        self._held.append(frame)
        stamp: Stamp | None = frame.pts
        if stamp is not None:
            self.lost(stamp)
            if self._stamps and stamp < min(self._stamps)[0]:
                self._patience = REORDERED
            self._stamps.append((stamp, self._count))
        while self._held and self._certain():
            yield self._first()

    def rest(self) -> Iterator[tuple[Stamp | None, VideoFrame]]:
        while self._held:
            yield self._first()

    def _certain(self) -> bool:
        """Whether the first of the held pictures can have its stamp."""
        if self._held[0].pts is None or not self._inside:
            return True
        stamp = min(self._stamps)[0]
        if min(self._inside) >= stamp:
            return True
        if len(self._held) <= self._patience:
            return False
        # Too many came out since: those packets held no picture of their own, such as every second field.
        self._inside = [other for other in self._inside if other > stamp]
        self._patience //= 2
        return True

    def _first(self) -> tuple[Stamp | None, VideoFrame]:
        frame = self._held.pop(0)
        if frame.pts is None:
            return None, frame
        late = min(self._stamps, key=lambda pair: pair[1])
        if self._count - late[1] > REORDERED:  # waits for pictures that would have to come before it: it is wrong
            self._stamps.remove(late)
            return None, frame
        first = min(self._stamps)
        self._stamps.remove(first)
        return first[0], frame


def packet_times(container: InputContainer, stream: VideoStream) -> Iterator[tuple[float, float]]:
    """When the pictures are shown, by the packets alone, in the order in which they are stored; decodes nothing.

    Returns:
        For each packet seconds from time zero, and seconds that its picture lasts. Ends where the file cannot be read
        on.
    """
    timing = Timing.of(container, stream)
    packets = _Continuous(timing)
    usual = max(1, round(timing.period / timing.base))
    zero = timing.zero
    following: Stamp = 0
    with contextlib.suppress(*AV_ERRORS):
        for packet in container.demux(stream):
            if not packet.size:
                continue
            packets.mend(packet)
            stamp = packet.pts if packet.pts is not None else following
            length = packet.duration or usual
            following = stamp + length
            if zero is None:
                zero = stamp * timing.base
            yield float(stamp * timing.base - zero), float(length * timing.base)


def shown_length(container: InputContainer, stream: VideoStream) -> float | None:
    """Seconds from time zero to the end of the last picture, by the packets alone; None if there is none.

    Reads the file to its end.
    """
    first, end, counted = math.inf, -math.inf, 0.0
    for seconds, length in packet_times(container, stream):
        first, end, counted = min(first, seconds), max(end, seconds + length), counted + length
    if end < first:
        return None
    # Where the clock lags behind the pictures, they go on at their rate, as in Clock.
    return first + counted if end + 1e-6 < first + counted < end + LAG else end
