"""Which of several streams is taken; each carries pictures of its own gray level."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from weaktal.errors import InputError
from weaktal.video.container import probe
from weaktal.video.decoding import VideoFrames

NO = Disposition(0)
DEFAULT, COVER = Disposition.default, Disposition.attached_pic


def write(path: Path, *tracks: tuple[int, int, Disposition, int], codec: str = "libx264") -> Path:
    """Tracks with a gray level, a width, a disposition and a number of pictures."""
    with av.open(str(path), "w") as container:
        streams = []
        for _, width, disposition, _ in tracks:
            stream = container.add_stream("mjpeg" if disposition & COVER else codec, rate=25)
            stream.width, stream.height = width, width * 3 // 4
            stream.pix_fmt = "yuvj420p" if disposition & COVER else "yuv420p"
            stream.disposition = disposition
            streams.append(stream)
        for number in range(max(count for *_, count in tracks)):
            for stream, (level, width, _, count) in zip(streams, tracks, strict=True):
                if number < count:
                    picture = np.full((width * 3 // 4, width, 3), level, np.uint8)
                    frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                    frame.pts, frame.time_base = number, Fraction(1, 25)
                    container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode())
    return path


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
@pytest.mark.parametrize(
    ("tracks", "level", "count"),
    [
        pytest.param([(50, 64, DEFAULT, 20), (200, 640, NO, 1)], 50, 20, id="a poster without a mark"),
        pytest.param([(200, 640, DEFAULT, 1), (50, 64, NO, 20)], 50, 20, id="a poster with the default flag"),
        pytest.param([(50, 64, NO, 20), (200, 128, DEFAULT, 20)], 200, 20, id="two angles"),
        pytest.param([(200, 320, NO, 20), (50, 64, DEFAULT, 20)], 50, 20, id="the smaller is the default"),
        pytest.param([(50, 64, DEFAULT, 20), (200, 128, DEFAULT, 20)], 200, 20, id="the larger of two defaults"),
        pytest.param([(50, 64, DEFAULT, 20), (200, 64, DEFAULT, 20)], 50, 20, id="the first of equals"),
        pytest.param([(50, 64, DEFAULT, 1)], 50, 1, id="nothing moves"),
    ],
)
def test_the_video_that_a_player_takes(tmp_path: Path, ending: str, tracks: list, level: int, count: int) -> None:
    path = write(tmp_path / f"a.{ending}", *tracks)
    levels = [frame.image.mean() for frame in VideoFrames(path, fps=25)]
    assert levels == pytest.approx([level] * count, abs=3)
    assert probe(path).duration == pytest.approx(count / 25, abs=0.041)


def test_a_cover_is_no_video(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", (50, 64, DEFAULT, 20), (200, 640, COVER, 1))
    assert next(iter(VideoFrames(path))).image.mean() == pytest.approx(50, abs=3)
    alone = write(tmp_path / "b.mp4", (200, 640, COVER, 1))
    with pytest.raises(InputError, match="holds no video stream, only a cover"):
        probe(alone)


def test_no_still_for_a_video_that_cannot_be_decoded(tmp_path: Path) -> None:
    """Its codec becomes one that does not exist; the poster beside it can be decoded, and is not the video."""
    path = write(tmp_path / "a.mp4", (50, 64, DEFAULT, 20), (200, 640, NO, 1))
    content = path.read_bytes()
    at = content.index(b"avc1", content.index(b"stsd"))
    path.write_bytes(content[:at] + b"zzz1" + content[at + 4 :])
    with pytest.raises(InputError, match="cannot be decoded"):
        probe(path)
