"""Which stream of a file is its video: the one that a player shows."""

from __future__ import annotations

from collections import Counter

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

# Pictures beside the video: covers, thumbnails of its passages, stills, and layers that mean nothing alone.
_BESIDE = (
    Disposition.attached_pic
    | Disposition.timed_thumbnails
    | Disposition.still_image
    | Disposition.dependent
    | Disposition.multilayer
)


def main_stream(container: InputContainer) -> VideoStream | None:
    """The video that a player takes; None where there is none but covers and thumbnails.

    Of several, the one with the default flag; else the one with most pixels, as FFmpeg does; else the first. A track of
    a single picture, such as a poster without a mark, is taken only where nothing moves.

    May read the file to its end, and then goes back to its beginning.
    """
    streams = [s for s in container.streams.video if not s.disposition & _BESIDE]
    if len(streams) > 1:
        moving = _moving(container, streams)
        streams = [s for s in streams if s.index in moving] or streams
    return max(streams, key=_rank, default=None)


def _rank(stream: VideoStream) -> tuple[bool, int]:
    codec = stream.codec_context
    pixels = codec.width * codec.height if codec is not None else 0
    return bool(stream.disposition & Disposition.default), pixels


def _moving(container: InputContainer, streams: list[VideoStream]) -> set[int]:
    """Which streams, by index, hold more than one picture."""
    counts = Counter({s.index: s.frames for s in streams})
    unsure = {s.index for s in streams if not s.frames}
    if unsure:
        try:
            for packet in container.demux([s for s in streams if s.index in unsure]):
                counts[packet.stream.index] += packet.size > 0
                if all(counts[index] > 1 for index in unsure):
                    break
        except av.FFmpegError:
            pass  # what was counted before tells enough
        container.seek(0, backward=True, any_frame=False)
    return {index for index, count in counts.items() if count > 1}
