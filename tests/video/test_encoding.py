"""Videos that are written: how many pictures, when each is shown, where the index lies, and always the same bytes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from weaktal.video.encoding import encoding, writing_video

PICTURES = [np.full((36, 64, 3), 8 * number, dtype=np.uint8) for number in range(12)]
OPTIONS = {"preset": "superfast", "crf": "27", "threads": "4"}


def write_both_ways(folder: Path, fps: float = 25) -> tuple[Path, Path]:
    with writing_video(folder / "whole.mp4", fps=fps, width=64, height=36) as add:
        for picture in PICTURES:
            add(picture)
    with encoding(folder / "plain.mp4", fps=fps, width=64, height=36, options=OPTIONS) as add_frame:
        for picture in PICTURES:
            add_frame(VideoFrame.from_ndarray(picture, format="rgb24"))
    return folder / "whole.mp4", folder / "plain.mp4"


@pytest.mark.parametrize(("fps", "rate"), [(25, Fraction(25)), (29.97, Fraction(30000, 1001)), (12.5, Fraction(25, 2))])
def test_every_picture_has_its_moment(tmp_path: Path, fps: float, rate: Fraction) -> None:
    for path in write_both_ways(tmp_path, fps):
        with av.open(str(path)) as file:
            shown = [(frame.time, int(frame.to_ndarray(format="gray").mean())) for frame in file.decode(video=0)]
        assert [time for time, _ in shown] == pytest.approx([float(number / rate) for number in range(12)], abs=1e-4)
        assert [gray for _, gray in shown] == sorted(gray for _, gray in shown)


def test_the_index_comes_first_where_it_is_asked_for(tmp_path: Path) -> None:
    whole, plain = (path.read_bytes() for path in write_both_ways(tmp_path))
    assert whole.index(b"moov") < whole.index(b"mdat")
    assert plain.index(b"mdat") < plain.index(b"moov")


def test_one_thread_writes_a_file_whatever_the_options_say(tmp_path: Path) -> None:
    for path in write_both_ways(tmp_path):
        assert b"threads=1 " in path.read_bytes()  # x264 notes its settings in the file


def test_odd_sizes_are_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="even, not 63 and 36"),
        encoding(tmp_path / "odd.mp4", fps=25, width=63, height=36, options={}),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_on_that_makes_bytes_differ_from_run_to_run(tmp_path: Path) -> None:
    """x264 writes its settings into the file; what differs in one run of a hundred no comparison of two runs finds."""
    for path in write_both_ways(tmp_path):
        content = path.read_bytes()
        assert b" threads=1 " in content
        assert b" mbtree=0 " in content
