"""``weaktal compose`` as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from weaktal.cli import run
from weaktal.data.annotations import read_annotations
from weaktal.data.manifest import read_manifest
from weaktal.video.container import probe
from weaktal.video.encoding import writing_video


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    folder = tmp_path / "clips"
    folder.mkdir()
    listed = [
        {"id": f"{label}{n}", "label": label, "seconds": 1.0, "snippets": 1, "offset": 5 * k + n}
        for k, label in enumerate(["run", "jump", "sit", "stand"])
        for n in range(5)
    ]
    (folder / "clips.json").write_text(json.dumps({"source": "made up", "clips": listed}))
    np.save(folder / "features.npy", np.arange(40, dtype=np.float32).reshape(20, 2))
    return folder


def test_composes_with_all_options(clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = (
        "--seed 5 --train 4 --test 2 --background-classes sit,stand --classes-per-video 2 --instances-per-video 2-3 "
        "--instance-snippets 1-2 --gap-snippets 0-2 --pool 0.2 --features mine --streams rgb=0:1,flow=1:2"
    )
    dataset = tmp_path / "set"
    assert run(["compose", str(clips), str(dataset), *options.split()]) == 0
    printed = capsys.readouterr().out
    assert "training: 4 videos" in printed
    assert "validation: 2 videos" in printed
    assert "2 to find, 2 as background" in printed
    assert "pool: 4 clips" in printed
    annotations = read_annotations(dataset)
    assert annotations.classes == ("jump", "run")
    assert all(video.labels == ("jump", "run") for video in annotations.videos.values())
    manifest = read_manifest(dataset / "features" / "mine")
    assert manifest is not None
    assert manifest.streams == {"rgb": (0, 1), "flow": (1, 2)}


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (["--classes-per-video", "one"], "--classes-per-video: is 'one'"),
        (["--gap-snippets", "5-2"], "--gap-snippets: is (5, 2); expected a range from low to high"),
        (["--instance-snippets", "0-2"], "--instance-snippets: 0: is 0"),
        (["--train", "0"], "'--train': Input should be greater than or equal to 1"),
        (["--pool", "1"], "'--pool': Input should be less than or equal to 0.99"),
        (["--streams", "rgb=0:9"], "stream rgb is 0:9; expected a range within 0:2"),
        (["--streams", "rgb"], "--streams: cannot read 'rgb'"),
        (["--features", "../x"], "--features"),
        (["--background-classes", "swim"], "no clip has class 'swim'"),
    ],
)
def test_wrong_options_are_one_line(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], match: str
) -> None:
    assert run(["compose", str(clips), str(tmp_path / "set"), *options]) == 2
    error = capsys.readouterr().err
    assert match in error
    assert error.count("\n") == 1
    assert not (tmp_path / "set").exists()


@pytest.fixture
def video_clips(tmp_path: Path) -> Path:
    """Three clips of a second for each of four classes, in a folder a class."""
    folder = tmp_path / "videos"
    for label, shade in (("run", 40), ("jump", 90), ("sit", 140), ("stand", 190)):
        (folder / label).mkdir(parents=True)
        for number in range(3):
            with writing_video(folder / label / f"{number}.mp4", fps=10, width=32, height=32) as add:
                for _ in range(10):
                    add(np.full((32, 32, 3), shade, np.uint8))
    return folder


def test_composes_videos(video_clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lengths = "--instance-seconds 1-2 --gap-seconds 0.6 --fps 10 --size 48x32"
    options = f"--train 3 --test 2 --background-classes sit,stand {lengths}"
    dataset = tmp_path / "set"
    assert run(["compose", str(video_clips), str(dataset), *options.split()]) == 0
    printed = capsys.readouterr().out
    assert "training: 3 videos" in printed
    assert " s a video" in printed
    annotations = read_annotations(dataset)
    assert annotations.classes == ("jump", "run")
    for name, video in annotations.videos.items():
        info = probe(dataset / "videos" / f"{name}.mp4")
        assert (info.width, info.height, info.fps) == (48, 32, 10)
        assert info.duration == pytest.approx(video.duration)
        assert video.segments[0].start == pytest.approx(0.6)
        assert all(1 <= segment.duration <= 2 for segment in video.segments)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (["--gap-snippets", "1-2"], "--gap-snippets is for clips with features, and these are videos"),
        (["--pool", "0.1"], "--pool is for clips with features"),
        (["--size", "31x32"], "--size: width: is 31; expected an even number"),
        (["--size", "big"], "--size: is 'big'"),
        (["--fps", "0"], "'--fps': Input should be greater than or equal to 1"),
        (["--instance-seconds", "5-1"], "--instance-seconds: is 5 to 1; expected seconds from 0.2 to 3600"),
        (["--instance-seconds", "nan"], "--instance-seconds: is nan to nan"),
        (["--gap-seconds", "-1"], "--gap-seconds"),
    ],
)
def test_wrong_options_for_videos_are_one_line(
    video_clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], match: str
) -> None:
    assert run(["compose", str(video_clips), str(tmp_path / "set"), *options]) == 2
    error = capsys.readouterr().err
    assert match in error
    assert error.count("\n") == 1
    assert not (tmp_path / "set").exists()


def test_options_for_videos_are_refused_for_features(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["compose", str(clips), str(tmp_path / "set"), "--fps", "10"]) == 2
    assert "--fps is for clips that are videos" in capsys.readouterr().err


def test_a_clip_that_cannot_be_used_is_named_and_the_others_are_composed(
    video_clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = video_clips / "jump" / "bad.mp4"
    bad.write_bytes(b"no video")
    options = ["--train", "3", "--test", "2", "--instance-seconds", "1-2", "--gap-seconds", "0.5-1"]
    assert run(["compose", str(video_clips), str(tmp_path / "set"), *options]) == 2
    first, last = capsys.readouterr().err.splitlines()
    assert first.startswith(f"weaktal: {bad}: cannot be opened")
    assert last == f"weaktal: 1 clip cannot be used, named above; {tmp_path / 'set'} is without them"
    assert len(read_annotations(tmp_path / "set").videos) == 5
