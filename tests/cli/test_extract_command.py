from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest

from weaktal.cli import run
from weaktal.data.features import Features, read_header

# A CLIP of four thousand parameters; --random-weights needs no more than its shape.
TOWER = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
CONFIG = {
    "model_type": "clip",
    "projection_dim": 8,
    "text_config": {**TOWER, "vocab_size": 50, "max_position_embeddings": 8, "bos_token_id": 48, "eos_token_id": 49},
    "vision_config": {**TOWER, "image_size": 32, "patch_size": 16},
}


def write_video(path: Path, frames: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for i in range(frames):
            image = np.full((48, 64, 3), (20 + 4 * i) % 236, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def clip(tmp_path: Path) -> str:
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(CONFIG))
    return str(folder)


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    for name, frames in (("a", 40), ("b", 5)):
        write_video(tmp_path / "videos" / f"{name}.mp4", frames)
    return tmp_path / "videos"


def arguments(videos: Path, encoder: str, dataset: Path, *more: str) -> list[str]:
    return ["extract", str(videos), "--encoder", encoder, "--into", str(dataset), "--random-weights", "0", *more]


def test_a_folder_of_videos_becomes_features(
    videos: Path, clip: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = tmp_path / "dataset"
    assert run(arguments(videos, clip, dataset, "--stride", "8", "--features", "vlp")) == 0
    said = capsys.readouterr().out
    assert "2 videos, 0 of them finished before" in said
    assert "45 frames in" in said
    assert "8 columns, complete" in said
    assert "has no annotations.json yet: training needs one" in said
    features = Features.open(dataset, "vlp")
    assert (features.length("a"), features.length("b")) == (4, 1)
    manifest = json.loads((dataset / "features" / "vlp" / "manifest.json").read_text())
    assert manifest["random_weights"] == 0
    assert manifest["note"] == "random weights: these features mean nothing"
    assert "weights_sha256" not in manifest
    assert run(arguments(videos, clip, dataset, "--stride", "8", "--features", "vlp")) == 0
    assert "2 videos, 2 of them finished before" in capsys.readouterr().out


def test_i3d_and_another_encoder_in_one_go(tmp_path: Path, clip: str) -> None:
    video = write_video(tmp_path / "v.mp4", 16)
    dataset = tmp_path / "dataset"
    assert run([*arguments(video, "i3d", dataset, "--encoder", clip, "--flow", "tvl1")]) == 0
    assert read_header(dataset / "features" / "i3d" / "v.npy").columns == 2048
    assert read_header(dataset / "features" / "tiny" / "v.npy").columns == 8
    manifest = json.loads((dataset / "features" / "i3d" / "manifest.json").read_text())
    assert manifest["streams"] == {"rgb": [0, 1024], "flow": [1024, 2048]}
    assert (manifest["flow"], manifest["crop"], manifest["complete"]) == ("tvl1", "center", True)


def test_broken_videos_are_named_at_the_end(
    videos: Path, clip: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (videos / "a0.mp4").write_bytes(b"no video")
    (videos / "a1.mp4").write_bytes(b"")
    dataset = tmp_path / "dataset"
    assert run(arguments(videos, clip, dataset)) == 2
    said = capsys.readouterr()
    lines = said.err.strip().splitlines()
    assert [name in line for name, line in zip(("a0.mp4", "a1.mp4"), lines, strict=False)] == [True, True]
    assert lines[-1] == "weaktal: 2 of 4 videos cannot be used, named above"
    assert "2 videos without features, such as a0" in said.out
    folder = dataset / "features" / "tiny"
    assert sorted(path.name for path in folder.iterdir()) == ["a.npy", "b.npy", "manifest.json", "videos.jsonl"]
    assert json.loads((folder / "manifest.json").read_text())["complete"] is False


def test_strict_stops_at_the_first_broken_video(
    videos: Path, clip: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (videos / "a0.mp4").write_bytes(b"no video")
    dataset = tmp_path / "dataset"
    assert run(arguments(videos, clip, dataset, "--no-skip-broken")) == 2
    assert "a0.mp4" in capsys.readouterr().err
    assert [path.name for path in (dataset / "features" / "tiny").glob("*.npy")] == ["a.npy"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--stride", "4"], "manifest.json: these features have stride 16, this run 4"),
        (["--fps", "12.5"], "these features have fps 25.0, this run 12.5"),
        (["--random-weights", "7"], "these features have random_weights 0, this run 7"),
    ],
)
def test_a_second_run_with_another_setting_is_refused(
    videos: Path, clip: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], message: str
) -> None:
    assert run(arguments(videos, clip, tmp_path / "dataset")) == 0
    before = (tmp_path / "dataset" / "features" / "tiny" / "manifest.json").read_bytes()
    assert run(arguments(videos, clip, tmp_path / "dataset", *more)) == 2
    assert message in capsys.readouterr().err
    assert (tmp_path / "dataset" / "features" / "tiny" / "manifest.json").read_bytes() == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--weights", "absent"], "contradicts --weights"),
        (["--flow", "farneback"], "unknown optical flow farneback; expected one of tvl1"),
        (["--template", "no place"], "expected text with one {} for the class"),
        (["--features", "x", "--features", "y"], "2 names for 1 encoder;"),
        (["--device", "nowhere"], "--device 'nowhere': is not a device; expected auto"),
        (["--stride", "0"], "--stride"),
        (["--crop", "nine"], "--crop"),
    ],
)
def test_bad_options_change_nothing(
    videos: Path, clip: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: list[str], message: str
) -> None:
    assert run(arguments(videos, clip, tmp_path / "dataset", *change)) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "dataset").exists()


def test_missing_weights_are_told_where_to_go(
    videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEAKTAL_WEIGHTS", str(tmp_path / "weights"))
    for encoder, place in (("i3d", "rgb_imagenet.pt"), ("clip-vit-b16", "clip-vit-b16"), ("org/model", "org--model")):
        assert run(["extract", str(videos), "--encoder", encoder, "--into", str(tmp_path / "dataset")]) == 2
        error = capsys.readouterr().err
        assert str(tmp_path / "weights" / place) in error
        assert "weaktal weights fetch" in error
    assert run(["extract", str(videos), "--encoder", "i4d", "--into", str(tmp_path / "dataset")]) == 2
    assert "no encoder 'i4d'; expected one of i3d, i3d-rgb, i3d-flow, clip-vit-b16" in capsys.readouterr().err
    assert not (tmp_path / "dataset").exists()
