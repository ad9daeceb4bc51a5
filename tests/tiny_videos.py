"""Small videos whose pictures and sound change together, and files of sound alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np

RATE = 16000


def write_talking_video(
    path: Path,
    parts: Sequence[bool],
    *,
    frames: int = 16,
    sound: bool = True,
    pictures: bool = True,
    late: float = 0.0,
) -> Path:
    """Each part is dark and low, or bright and high, for ``frames`` of 25 a second.

    Args:
        path: .mp4, or .wav where there are no pictures.
        parts: what is bright and high.
        frames: of a part.
        sound, pictures: what the file holds.
        late: seconds from the first picture to the first sound.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=25) if pictures else None
        audio = container.add_stream("aac" if pictures else "pcm_s16le", rate=RATE, layout="mono") if sound else None
        if video is not None:
            video.width, video.height, video.pix_fmt, video.bit_rate = 64, 48, "yuv420p", 2_000_000
            for bright in parts:
                image = np.full((48, 64, 3), 230 if bright else 20, dtype=np.uint8)
                image[::8] //= 2
                for _ in range(frames):
                    container.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            container.mux(video.encode(None))
        if audio is not None:
            pitch = np.repeat([2000.0 if bright else 200.0 for bright in parts], frames * RATE // 25)
            wave = (0.4 * np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * 32767).astype(np.int16)
            for start in range(0, len(wave), 1024):
                block = av.AudioFrame.from_ndarray(wave[None, start : start + 1024], format="s16", layout="mono")
                block.sample_rate, block.pts = RATE, start + round(late * RATE)
                container.mux(audio.encode(block))
            container.mux(audio.encode(None))
    return path
