"""The sound of a video or of a file of sound, streamed as one channel at a constant rate."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

from weaktal.errors import InputError
from weaktal.video.clock import time_zero
from weaktal.video.container import opened_container
from weaktal.video.reading import AV_ERRORS

Samples = npt.NDArray[np.float32]
SOUND_ENDINGS = tuple(f".{ending}" for ending in ("wav", "wave", "flac", "mp3", "m4a", "aac", "ogg", "oga", "opus"))
_LONGEST_GAP = 3600.0  # seconds of silence that are filled in, of a file whose time stamps jump


def is_sound(path: Path) -> bool:
    """Whether a path is called like a file of sound."""
    return path.suffix.lower() in SOUND_ENDINGS


def samples(path: Path, rate: int) -> Generator[Samples]:
    """Samples (n,) in [-1, 1], in blocks, beginning at the file's time zero; gaps between time stamps are silence.

    Args:
        path: the file.
        rate: samples a second.

    Raises:
        InputError: if the file cannot be opened or has no sound.
    """
    with opened_container(path) as container:
        stream = next(iter(container.streams.audio), None)
        if stream is None or stream.codec_context is None:
            raise InputError("has no sound", source=path, expected="a video with sound, or a file of sound")
        zero = float(time_zero(container, next(iter(container.streams.video), stream)) or 0)  # of the pictures
        resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
        given = early = 0  # samples given, and samples before the file's time zero, which no player lets be heard
        for frame in _decoded(container, stream):
            if frame.time is not None:
                gap = round((frame.time - zero) * rate) - given
                if given == 0 and gap < 0:
                    early = -gap
                elif gap > rate // 10:  # less is rounding, and what a resampler keeps back
                    silence = np.zeros(min(gap, round(_LONGEST_GAP * rate)), np.float32)
                    given += len(silence)
                    yield silence
            frame.pts = None
            for part in resampler.resample(frame):
                block = np.ascontiguousarray(part.to_ndarray().reshape(-1), dtype=np.float32)
                dropped = min(early, len(block))
                early -= dropped
                given += len(block) - dropped
                yield block[dropped:]
        for part in resampler.resample(None):
            yield np.ascontiguousarray(part.to_ndarray().reshape(-1), dtype=np.float32)


def _decoded(container: InputContainer, stream: AudioStream) -> Generator[AudioFrame]:
    """Frames of sound; what is damaged is passed over, as players do."""
    with contextlib.suppress(*AV_ERRORS):
        for packet in container.demux(stream):
            with contextlib.suppress(*AV_ERRORS):
                yield from stream.codec_context.decode(packet)


def seconds_of_sound(path: Path) -> float:
    """How long the sound of a file is, decoded.

    Raises:
        InputError: if the file cannot be opened or has no sound.
    """
    rate = 8000
    return sum(len(block) for block in samples(path, rate)) / rate
