"""Small videos whose pictures carry their number as gray level, made where the tests run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

STEP = 8  # gray levels between the numbers: coding and conversion to RGB move them by up to 2


def numbered(number: int, width: int, height: int) -> np.ndarray:
    return np.full((height, width, 3), number * STEP, dtype=np.uint8)


@pytest.fixture
def write_video(tmp_path: Path) -> Callable[..., Path]:
    """Writes pictures 0, 1, 2, ... with the given time stamps; see the arguments."""

    def write(
        name: str = "video.mp4",
        *,
        stamps: Sequence[int] = tuple(range(20)),
        time_base: Fraction = Fraction(1, 25),
        rate: int = 25,
        width: int = 64,
        height: int = 48,
        codec: str = "libx264",
        pixel_format: str = "yuv420p",
        rotation: int = 0,
        aspect: Fraction | None = None,
        audio_seconds: float = 0,
        pictures: Sequence[np.ndarray] | None = None,
        options: dict[str, str] | None = None,
        container_options: dict[str, str] | None = None,
        coder: Callable[[av.VideoCodecContext], None] = lambda _coder: None,
    ) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w", options=container_options or {}) as container:
            stream = container.add_stream(codec, rate=rate)
            stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
            stream.codec_context.time_base = time_base
            stream.bit_rate = 4_000_000
            if codec == "libx264":
                stream.options = {"crf": "4", "preset": "ultrafast", **(options or {})}
            coder(stream.codec_context)
            if aspect is not None:
                stream.codec_context.sample_aspect_ratio = aspect
            if rotation:
                stream.set_display_rotation(rotation)
            sound = container.add_stream("aac", rate=8000) if audio_seconds else None
            if sound is not None:
                write_silence(container, sound, audio_seconds)
            for number, stamp in enumerate(stamps):
                image = numbered(number, width, height) if pictures is None else pictures[number]
                frame = av.VideoFrame.from_ndarray(image, format="rgb24")
                frame.pts, frame.time_base = stamp, time_base
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path

    return write


def write_silence(container: av.container.OutputContainer, stream: av.AudioStream, seconds: float) -> None:
    stream.layout = "mono"
    samples = 1024
    for start in range(0, int(seconds * 8000), samples):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, samples), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 8000, start, Fraction(1, 8000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode())
