"""The strip of pictures shows the right moments."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from weaktal.errors import InputError
from weaktal.report.film import film
from weaktal.video.decoding import ShortSide, VideoFrames, pictures_at


def write_gray(path: Path, levels: list[int], *, width: int = 64, height: int = 48) -> Path:
    """One picture a second, each of one gray level."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=1)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": "4"}
        for number, level in enumerate(levels):
            frame = av.VideoFrame.from_ndarray(np.full((height, width, 3), level, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 1)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def shown(jpeg: bytes, count: int) -> list[float]:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    width = image.shape[1] // count
    return [float(image[20:-20, k * width + 20 : (k + 1) * width - 20].mean()) for k in range(count)]


def test_picture_k_of_n_shows_the_middle_of_the_kth_part(tmp_path: Path) -> None:
    levels = [10 * k for k in range(24)]
    strip = film(write_gray(tmp_path / "v.mp4", levels), 24.0)
    assert strip.count == 12  # 4:3 pictures, strip about 16 times as wide as high
    assert abs(strip.width / strip.height - 16) < 1
    assert strip.ends is None
    assert shown(strip.jpeg, 12) == pytest.approx([10 * (2 * k + 1) for k in range(12)], abs=4)


def test_a_file_shorter_than_its_annotation_goes_on_with_its_last_picture(tmp_path: Path) -> None:
    strip = film(write_gray(tmp_path / "v.mp4", [0, 200]), 9.0)
    assert strip.ends == pytest.approx(2.0, abs=0.4)
    assert shown(strip.jpeg, strip.count)[1:] == pytest.approx([200] * (strip.count - 1), abs=4)


def test_in_a_long_video_pictures_are_sought(tmp_path: Path) -> None:
    """One picture a second, 250 from one key picture to the next; behind its end the last one goes on."""
    levels = [int(200 * second / 600) for second in range(600)]
    path = write_gray(tmp_path / "v.mp4", levels)
    for duration in (600.0, 900.0):
        strip = film(path, duration)
        moments = [(2 * k + 1) * duration / 24 for k in range(12)]
        assert shown(strip.jpeg, 12) == pytest.approx([levels[min(int(m), 599)] for m in moments], abs=4)
        assert strip.ends == (None if duration == 600.0 else 600.0)
    sought = pictures_at(path, [10.0, 250.5, 599.0, 900.0], size=ShortSide(48))
    read = {frame.number: frame.image for frame in VideoFrames(path, fps=2, size=ShortSide(48))}
    for image, number in zip(sought, (20, 501, 1198, 1199), strict=True):
        np.testing.assert_array_equal(image, read[number])


@pytest.mark.parametrize(("width", "height", "count"), [(16, 320, 24), (640, 32, 4)])
def test_odd_shapes(tmp_path: Path, width: int, height: int, count: int) -> None:
    assert film(write_gray(tmp_path / "v.mp4", [0, 9], width=width, height=height), 2.0).count == count


def test_no_video(tmp_path: Path) -> None:
    (tmp_path / "v.mp4").write_text("words")
    with pytest.raises(InputError, match=r"v\.mp4"):
        film(tmp_path / "v.mp4", 1.0)
