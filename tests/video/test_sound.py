from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.tiny_videos import RATE, write_talking_video

from weaktal.errors import InputError
from weaktal.video.sound import samples, seconds_of_sound


def pitch(wave: np.ndarray, rate: int) -> float:
    return float(np.abs(np.fft.rfft(wave)).argmax() * rate / len(wave))


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_a_wave_file_at_any_rate(tmp_path: Path, rate: int) -> None:
    path = write_talking_video(tmp_path / "a.wav", [False, True], frames=25, pictures=False)
    wave = np.concatenate(list(samples(path, rate)))
    assert wave.dtype == np.float32
    assert abs(len(wave) - 2 * rate) <= rate // 100
    assert pitch(wave[: rate * 9 // 10], rate) == pytest.approx(200, abs=3)
    assert pitch(wave[rate * 11 // 10 : 2 * rate], rate) == pytest.approx(2000, abs=3)
    assert np.abs(wave).max() == pytest.approx(0.4, abs=0.05)
    assert seconds_of_sound(path) == pytest.approx(2, abs=0.01)


def test_the_sound_of_a_video_is_in_time_with_its_pictures(tmp_path: Path) -> None:
    path = write_talking_video(tmp_path / "a.mp4", [False, True], frames=25)
    wave = np.concatenate(list(samples(path, RATE)))
    high = np.array([pitch(wave[i : i + 800], RATE) > 1000 for i in range(0, 2 * RATE - 1600, 800)])
    assert abs(int(high.argmax()) * 800 / RATE - 1.0) <= 0.1  # the pitch changes after one second


def test_sound_that_begins_late_is_preceded_by_silence(tmp_path: Path) -> None:
    path = write_talking_video(tmp_path / "a.mkv", [False, True], frames=25, late=1.0)
    wave = np.concatenate(list(samples(path, RATE)))
    loud = np.flatnonzero(np.abs(wave) > 0.1)
    assert loud[0] / RATE == pytest.approx(1.0, abs=0.1)
    assert len(wave) / RATE == pytest.approx(3.0, abs=0.1)


def test_silent_files_are_named(tmp_path: Path) -> None:
    silent = write_talking_video(tmp_path / "a.mp4", [True], sound=False)
    (tmp_path / "b.wav").write_bytes(b"no sound")
    for path, message in ((silent, "has no sound"), (tmp_path / "b.wav", str(tmp_path))):
        with pytest.raises(InputError, match=message):
            list(samples(path, RATE))
