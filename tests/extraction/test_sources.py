"""Features belong to what a video's file held when they were made."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from weaktal.extraction.sources import FILE, drop_replaced, note_source


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, dict[str, Path]]:
    """A folder with features of two videos, and the videos."""
    folder = tmp_path / "features"
    folder.mkdir()
    videos = {}
    for name in ("a", "b"):
        videos[name] = tmp_path / f"{name}.mp4"
        videos[name].write_bytes(name.encode() * 100)
        (folder / f"{name}.npy").write_bytes(b"features")
        note_source(folder, name, videos[name])
    return folder, videos


def test_features_of_unchanged_videos_stay(made: tuple[Path, dict[str, Path]]) -> None:
    assert list(drop_replaced(*made)) == []


def test_a_copy_of_the_same_content_is_the_same_video(made: tuple[Path, dict[str, Path]]) -> None:
    folder, videos = made
    os.utime(videos["a"], (1, 1))
    assert list(drop_replaced(folder, videos)) == []
    assert len((folder / FILE).read_text().splitlines()) == 3  # the new time is noted: next time nothing is read


@pytest.mark.parametrize("content", [b"c" * 100, b"longer than before" * 100])
def test_features_of_a_replaced_video_go(made: tuple[Path, dict[str, Path]], content: bytes) -> None:
    folder, videos = made
    before = videos["a"].stat().st_mtime_ns
    videos["a"].write_bytes(content)
    os.utime(videos["a"], ns=(before, before - 10**9))  # as cp -p of an older one
    assert list(drop_replaced(folder, videos)) == ["a"]
    assert sorted(path.name for path in folder.iterdir()) == ["b.npy", FILE]


def test_half_a_line_of_a_killed_process_does_no_harm(made: tuple[Path, dict[str, Path]]) -> None:
    folder, videos = made
    with (folder / FILE).open("a") as stream:
        stream.write('{"video":"a","bytes":1,"mod')
    assert list(drop_replaced(folder, videos)) == []
    videos["c"] = videos["b"]
    note_source(folder, "c", videos["c"])
    (folder / "c.npy").write_bytes(b"features")
    videos["b"].write_bytes(b"new")
    assert list(drop_replaced(folder, videos)) == ["b", "c"]


def test_features_of_which_nothing_is_known_stay(made: tuple[Path, dict[str, Path]]) -> None:
    folder, videos = made
    (folder / FILE).unlink()
    videos["a"].write_bytes(b"new")
    assert list(drop_replaced(folder, videos)) == []
