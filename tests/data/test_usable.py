"""What is said of features that cannot be used: what was found, what was expected, in how many files."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from weaktal.data.annotations import Video
from weaktal.data.features import Features
from weaktal.data.usable import usable
from weaktal.errors import InputError

VIDEOS = {f"v{i}": Video(f"v{i}", "training", 64.0, ("a",)) for i in range(4)}


def check(
    tmp_path: Path, make: Callable[[int], np.ndarray], name: Callable[[str], str] = str, spacing: float = 0.64
) -> None:
    folder = tmp_path / "features" / "x"
    for index, video in enumerate(VIDEOS):
        path = folder / f"{name(video)}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, make(index))
    usable(VIDEOS, [Features.open(tmp_path, "x", spacing)], skip_broken=False)


def good(_: int) -> np.ndarray:
    return np.zeros((100, 16), np.float32)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda i: np.zeros((50, 16), np.float32),
            "all 4 videos have about 0.505 times the snippets that their durations make: v2 has 50, and 64 s make 100; "
            "expected 1.267 s from snippet to snippet",
        ),
        (
            lambda i: np.zeros((100, 16)),
            "4 of 4 videos cannot be used: v0 has dtype <f8 (expected a .npy file of shape (T, D), float32 or float16",
        ),
        (lambda i: np.zeros((100, 10, 16), np.float32), "has shape (100, 10, 16)"),
        (
            lambda i: np.zeros((2048, 90 + 7 * i), np.float32),
            "has shape (2048, 90), (D, T) by the looks of it, as all 4 have; expected (T, D), the transposed array: "
            "64 s make 100 snippets",
        ),
        (
            lambda i: good(i) if i else np.zeros((30, 16), np.float32),
            "v0.npy: has 30 snippets; expected about 100 for 64.00 s at 0.64 s per snippet",
        ),
    ],
    ids=["stride", "float64", "ten crops", "transposed", "one"],
)  # fmt: skip
def test_what_was_expected_is_there(make: Callable[[int], np.ndarray], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        check(tmp_path, make)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("v_{}", "'v0' and 'v_v0' differ by a leading v_ only"),
        ("{}_i3d", "'v0_i3d.npy' is there, and 'v0.npy' is expected"),
        ("{}-rgb", "'v0-rgb.npy' is there, and 'v0.npy' is expected"),
        ("train/{}", "it lies in the subfolder 'train'"),
        ("{}.mp4", "'v0' and 'v0.mp4' differ by the ending .mp4 only"),
        ("{}/i3d", "/i3d.npy' is there, and 'v"),
    ],
)
def test_files_of_other_names_are_named(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        check(tmp_path, good, name.format)
    line = str(raised.value)
    assert "4 of 4 videos cannot be used: v0 no such file" in line
    assert "and likewise v1 and 2 more" in line
    assert message in line


def test_numbers_and_other_formats_are_named(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"its 4 files are numbers, such as '0\.npy', and names of videos are expected"
    ):
        check(tmp_path / "numbers", good, lambda video: video[1:])
    folder = tmp_path / "features" / "x"
    folder.mkdir(parents=True)
    for video in VIDEOS:
        np.savez(folder / f"{video}.npz", good(0))
    with pytest.raises(InputError, match=r"4 files are \.npz, which is not read; np\.save of each array"):
        usable(VIDEOS, [Features.open(tmp_path, "x", 0.64)], skip_broken=False)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda path: path.with_suffix(".NPY").write_bytes(b""), r"'v\d\.NPY' is there, and 'v\d\.npy' is expected"),
        (
            lambda path: path.with_suffix(".json").write_text("[]"),
            r"4 files are \.json, which is not read; np\.save of",
        ),
        (lambda path: path.with_suffix(".lmdb").write_bytes(b""), r"it holds 4 other files, such as 'v\d\.lmdb'"),
        (lambda path: path.with_suffix(".tar.gz").write_bytes(b""), r"'v\d\.tar\.gz' is there: unpack it first"),
        (lambda path: path.symlink_to("nowhere"), "v0 is a broken link"),
        (lambda path: path.mkdir(), "v0 is a folder"),
        (lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\n"), "it is a pointer of Git LFS"),
        (lambda path: path.write_text("\n<!DOCTYPE html><title>Log in</title>"), "it is a web page"),
        (lambda path: path.write_bytes(b"PK\x03\x04" + bytes(200)), "it is a zip archive"),
    ],
)
def test_whatever_is_there_instead_is_named(write: Callable[[Path], object], message: str, tmp_path: Path) -> None:
    folder = tmp_path / "features" / "x"
    folder.mkdir(parents=True)
    for video in VIDEOS:
        write(folder / f"{video}.npy")
    with pytest.raises(InputError, match=message):
        usable(VIDEOS, [Features.open(tmp_path, "x", 0.64)], skip_broken=False)


@pytest.mark.parametrize(("said", "stored"), [("\u00fcber", "u\u0308ber"), ("u\u0308ber", "\u00fcber")])
def test_features_whose_names_a_mac_spelled_are_read(said: str, stored: str, tmp_path: Path) -> None:
    folder = tmp_path / "features" / "x"
    folder.mkdir(parents=True)
    np.save(folder / f"{stored}.npy", good(0))
    features = Features.open(tmp_path, "x", 0.64)
    found, broken = usable({said: Video(said, "training", 64.0, ("a",))}, [features], skip_broken=False)
    assert (len(found), broken) == (1, {})
    assert features.read(said).shape == (100, 16)


def test_a_window_that_is_said_is_not_asked_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "features" / "x"
    folder.mkdir(parents=True)
    for video in VIDEOS:
        np.save(folder / f"{video}.npy", np.zeros((97, 16), np.float32))  # 64 of 1600 frames, every 16
    with caplog.at_level(logging.WARNING, "weaktal"):
        usable(VIDEOS, [Features.open(tmp_path, "x", 0.64)], skip_broken=False)
        assert "if windows overlap, say how long a window is" in caplog.text
        caplog.clear()
        features = Features.open(tmp_path, "x", 0.64, 2.56)
        usable(VIDEOS, [features], skip_broken=False)
    assert not caplog.records
    assert features.grid.centers(2) == pytest.approx([1.28, 1.92])
