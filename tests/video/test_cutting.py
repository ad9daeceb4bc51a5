"""Pieces of videos whose pictures carry their number as gray level."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from tests.video.conftest import STEP

from weaktal.errors import InputError
from weaktal.video.container import probe
from weaktal.video.cutting import cut_by_copying, cut_exactly
from weaktal.video.decoding import VideoFrames
from weaktal.video.times import picture_times

WriteVideo = Callable[..., Path]


def shown(path: Path) -> list[tuple[float, int]]:
    """Time and number of each picture."""
    return [(round(frame.seconds, 3), round(float(frame.image.mean()) / STEP)) for frame in VideoFrames(path)]


def test_an_exact_cut_begins_and_ends_at_the_very_picture(write_video: WriteVideo, tmp_path: Path) -> None:
    source = write_video(stamps=range(25), options={"g": "12", "bf": "2"})
    out = tmp_path / "out" / "clip.mp4"
    assert cut_exactly(source, 0.2, 0.4, out) == (0.2, 0.4)
    assert shown(out) == [(0.0, 5), (0.04, 6), (0.08, 7), (0.12, 8), (0.16, 9)]
    assert [path.name for path in out.parent.iterdir()] == ["clip.mp4"]


def test_a_cut_between_two_pictures_shows_the_one_on_screen(write_video: WriteVideo, tmp_path: Path) -> None:
    source = write_video(stamps=range(25))
    cut_exactly(source, 0.21, 0.29, tmp_path / "clip.mp4")
    assert [number for _, number in shown(tmp_path / "clip.mp4")] == [5, 6, 7]
    cut_exactly(source, 0.21, 0.211, tmp_path / "one.mp4")
    assert [number for _, number in shown(tmp_path / "one.mp4")] == [5]


def test_distances_of_variable_rate_stay(write_video: WriteVideo, tmp_path: Path) -> None:
    stamps = [0, 10, 20, 60, 70, 120, 130]
    source = write_video(stamps=stamps, time_base=Fraction(1, 100))
    assert picture_times(source).tolist() == pytest.approx([stamp / 100 for stamp in stamps])
    cut_exactly(source, 0.2, 1.25, tmp_path / "clip.mp4")
    found = shown(tmp_path / "clip.mp4")
    assert [number for _, number in found] == [2, 3, 4, 5]
    assert [seconds for seconds, _ in found] == pytest.approx([0.0, 0.4, 0.5, 1.0], abs=0.002)


def test_a_turned_video_is_cut_upright(write_video: WriteVideo, tmp_path: Path) -> None:
    image = np.zeros((48, 64, 3), np.uint8)
    image[:, :32] = 200
    source = write_video(pictures=[image] * 10, stamps=range(10), rotation=90)
    cut_exactly(source, 0.0, 0.2, tmp_path / "clip.mp4")
    before, after = (next(iter(VideoFrames(path))).image for path in (source, tmp_path / "clip.mp4"))
    assert before.shape == after.shape == (64, 48, 3)
    assert np.abs(before.astype(int) - after).mean() < 6


def test_sound_is_cut_too(write_video: WriteVideo, tmp_path: Path) -> None:
    source = write_video(stamps=range(30), audio_seconds=1.2)
    for name, cut in (("exact.mp4", cut_exactly), ("copy.mp4", cut_by_copying)):
        cut(source, 0.4, 1.0, tmp_path / name)
        with av.open(str(tmp_path / name)) as file:
            assert {stream.type for stream in file.streams} == {"video", "audio"}
            seconds = sum(frame.samples for frame in file.decode(audio=0)) / 8000
        assert seconds == pytest.approx(1.0 if cut is cut_by_copying else 0.6, abs=0.25)


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".mov"])
def test_a_copy_begins_at_the_key_picture_before(write_video: WriteVideo, tmp_path: Path, ending: str) -> None:
    source = write_video(f"video{ending}", stamps=range(30), options={"g": "10", "sc_threshold": "0", "bf": "0"})
    out = tmp_path / f"clip{ending}"
    start, end = cut_by_copying(source, 0.6, 1.0, out)
    assert (start, end) == (pytest.approx(0.4, abs=0.001), pytest.approx(1.0, abs=0.002))
    assert [number for _, number in shown(out)] == list(range(10, 25))


def test_a_copy_of_reordered_pictures_is_whole(write_video: WriteVideo, tmp_path: Path) -> None:
    source = write_video(stamps=range(30), options={"g": "10", "bf": "2", "sc_threshold": "0"})
    cut_by_copying(source, 0.5, 0.8, tmp_path / "clip.mp4")
    numbers = [number for _, number in shown(tmp_path / "clip.mp4")]
    assert numbers[0] == 10
    assert numbers == sorted(numbers)
    assert set(range(10, 20)) <= set(numbers)


@pytest.mark.parametrize("cut", [cut_exactly, cut_by_copying])
def test_what_cannot_be_cut_leaves_nothing(
    write_video: WriteVideo, tmp_path: Path, cut: Callable[..., tuple[float, float]]
) -> None:
    source = write_video(stamps=range(10))
    (tmp_path / "out").mkdir()
    (tmp_path / "broken.mp4").write_bytes(source.read_bytes()[:700])
    with pytest.raises(InputError):
        cut(tmp_path / "broken.mp4", 0.0, 1.0, tmp_path / "out" / "clip.mp4")
    assert not list((tmp_path / "out").iterdir())


def test_times_of_reordered_pictures_rise(write_video: WriteVideo) -> None:
    source = write_video(stamps=range(30), options={"bf": "3"}, audio_seconds=1)
    assert picture_times(source).tolist() == pytest.approx([number / 25 for number in range(30)], abs=0.001)
    assert probe(source).frames == 30
