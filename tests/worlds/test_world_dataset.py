"""Dataset folders of the rendered world, as written by the library and by ``weaktal world``."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest

from weaktal.cli import run
from weaktal.data.annotations import read_annotations, read_tags
from weaktal.errors import counted
from weaktal.worlds.dataset import make_world, plan_world

SIZE = (64, 36)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world") / "dataset"
    seen: list[tuple[int, int]] = []
    make_world(folder, train=2, test=1, seed=3, size=SIZE, progress=lambda *done: seen.append(done))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    return folder


def test_training_videos_have_tags_and_no_segments(world: Path) -> None:
    tags, known = read_tags(world), read_annotations(world)
    truth = read_annotations(world / "truth.json")
    for name, video in known.videos.items():
        assert video.labels == tags.videos[name].labels == truth.videos[name].labels
        assert truth.videos[name].segments
        assert video.segments == (() if video.subset == "training" else truth.videos[name].segments)
    assert {name: video.subset for name, video in known.videos.items()} == {
        "train_0000": "training",
        "train_0001": "training",
        "test_0000": "validation",
    }


def test_videos_decode_as_stated(world: Path) -> None:
    for name, video in read_annotations(world).videos.items():
        with av.open(str(world / "videos" / f"{name}.mp4")) as container:
            stream = container.streams.video[0]
            assert stream.codec_context.name == "h264"
            assert stream.codec_context.pix_fmt == "yuv420p"
            assert (stream.width, stream.height) == SIZE
            assert stream.average_rate == 25
            count = sum(1 for _ in container.decode(video=0))
        assert count / 25 == pytest.approx(video.duration)


def test_phases_and_shots_speak_of_the_same_video(world: Path) -> None:
    phases = json.loads((world / "phases.json").read_text())
    shots = json.loads((world / "shots.json").read_text())
    for name, video in read_annotations(world / "truth.json").videos.items():
        starts = [item["segment"][0] for item in phases[name] if item["phase"] == "run-up"]
        assert starts == [segment.start for segment in video.segments]
        assert shots[name]["shots"][-1]["segment"][1] == pytest.approx(video.duration)


def _first_frames(path: Path, count: int = 60) -> np.ndarray:
    with av.open(str(path)) as container:
        decoded = container.decode(video=0)
        return np.stack([next(decoded).to_ndarray(format="rgb24") for _ in range(count)])


def test_workers_and_numbers_change_no_frame(world: Path, tmp_path: Path) -> None:
    make_world(tmp_path / "again", train=1, test=1, seed=3, size=SIZE, workers=2)
    for name in ("train_0000", "test_0000"):
        one, two = (_first_frames(folder / "videos" / f"{name}.mp4") for folder in (world, tmp_path / "again"))
        assert np.array_equal(one, two)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (["--train", "0"], "Invalid value for '--train'"),
        (["--test", "-1"], "Invalid value for '--test'"),
        (["--train", "1000000000"], "Invalid value for '--train'"),
        (["--test", "10001"], "Invalid value for '--test'"),
        (["--seed", "-2"], "Invalid value for '--seed'"),
        (["--size", "big"], "--size: is 'big'; expected WxH"),
        (["--size", "63x36"], "--size: is 63x36; expected even"),
        (["--size", "8000x4000"], "--size: is 8000x4000"),
        (["--workers", "0"], "Invalid value for '--workers'"),
    ],
)
def test_bad_options_are_one_line(
    options: list[str], match: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["world", str(tmp_path / "new"), *options]) == 2
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert match in message
    assert not (tmp_path / "new").exists()


def test_an_existing_folder_is_left_alone(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["world", str(world), "--train", "1", "--test", "1"]) == 2
    assert "exists already" in capsys.readouterr().err


def test_nothing_is_left_of_a_stopped_run(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_world(tmp_path / "new", train=2, test=1, size=SIZE, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_the_command_tells_what_it_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = "--train 1 --test 1 --size 64x36 --workers 1 --seed 2"
    assert run(["world", str(tmp_path / "new"), *options.split(), "--actions", "snatch, tennis serve"]) == 0
    printed = capsys.readouterr().out
    plans = [video.plan for video in plan_world(train=1, test=1, seed=2, actions=("snatch", "tennis serve"))]
    assert (
        f"training: 1 video, {plans[0].duration / 60:.1f} min, {counted(len(plans[0].segments), 'segment')}" in printed
    )
    assert "wrote" in printed
