"""Checkpoints of each kind from videos to segments: extraction, a run on videos of one's own, and words alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.tiny_models import write_checkpoint
from tests.tiny_videos import write_talking_video

import weaktal
from weaktal.cli import run
from weaktal.errors import InputError

KINDS = ("vjepa2", "dinov2", "xclip", "clap", "audio-spectrogram-transformer")
SETTINGS = {
    "optimizer": {"batch_size": 2, "lr": 0.05},
    "schedule": {"epochs": 1, "updates_per_epoch": 2},
    "engine": {"tensorboard": False},
    "model": {"width": 8, "kernel": 1},
}


@pytest.fixture(autouse=True)
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEAKTAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("WEAKTAL_WEIGHTS", str(tmp_path / "weights"))


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of two videos with sound, ``features`` of every kind, made in one go, and the checkpoints beside it."""
    root = tmp_path_factory.mktemp("families")
    folders = {kind: write_checkpoint(kind, root / "checkpoints" / kind) for kind in KINDS}
    parts = {"one": [False, True, False, False], "two": [False, False, False, False, False]}
    for name, part in parts.items():
        write_talking_video(root / "dataset" / "videos" / f"{name}.mp4", part)
    database = {
        name: {"subset": "training", "duration": 0.64 * len(part), "annotations": [], "labels": [label]}
        for (name, part), label in zip(parts.items(), ("running", "high jump"), strict=True)
    }
    content = {"version": "x", "taxonomy": [], "classes": ["high jump", "running"], "database": database}
    (root / "dataset" / "annotations.json").write_text(json.dumps(content))
    weaktal.extract(encoders=[str(folder) for folder in folders.values()], into=root / "dataset")
    return root


@pytest.mark.parametrize("kind", KINDS)
def test_from_videos_to_segments(kind: str, places: Path, tmp_path: Path) -> None:
    folder = places / "dataset" / "features" / kind
    rows = {name: np.load(folder / f"{name}.npy") for name in ("one", "two")}
    assert [len(row) for row in rows.values()] == [4, 5]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["window"] == 16
    assert (folder / "text.npy").is_file() == (kind in ("xclip", "clap"))
    if kind != "dinov2":
        assert np.abs(rows["one"][1] - rows["one"][3]).max() > 1e-3  # what is bright and high differs
    made = weaktal.train(places / "dataset", method="mil", features=kind, run=tmp_path / "run", settings=SETTINGS)
    video = write_talking_video(tmp_path / "mine.mp4", [False, True, False])
    found = made.localize(video, weights={kind: places / "checkpoints" / kind})
    assert list(found.videos) == ["mine"]


@pytest.mark.parametrize("kind", ["xclip", "clap"])
def test_words_alone(kind: str, places: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pictures = kind == "xclip"
    video = write_talking_video(tmp_path / ("v.mp4" if pictures else "v.wav"), [False, True], pictures=pictures)
    texts = tmp_path / "texts.yaml"
    texts.write_text("templates: ['a video of {}', 'person {}']\nclasses: {high jump: [a person high]}\n")
    out = tmp_path / "results.json"
    words = ["localize", "--zero-shot", "high jump,running", str(video), "--out", str(out)]
    words += ["--encoder", str(places / "checkpoints" / kind), "--set", f"texts={texts}", "--set", "centered=true"]
    assert run(words) == 0
    assert list(json.loads(out.read_text())["results"]) == ["v"]
    texts.write_text("classes: {hi jump: [a person]}\n")
    assert run(words) == 2
    assert "describes 'hi jump'" in capsys.readouterr().err


def test_what_has_no_sound_or_no_pictures_is_named(places: Path, tmp_path: Path) -> None:
    silent = write_talking_video(tmp_path / "silent.mp4", [True], sound=False)
    blind = write_talking_video(tmp_path / "blind.wav", [True], pictures=False)
    done = weaktal.extract(silent, encoders=str(places / "checkpoints" / "clap"), into=tmp_path / "a")
    assert "has no sound" in done.failures["silent"].problem
    done = weaktal.extract(blind, encoders=str(places / "checkpoints" / "dinov2"), into=tmp_path / "b")
    assert "holds sound only" in done.failures["blind"].problem


def test_a_window_for_encoders_that_look_at_different_ones(places: Path, tmp_path: Path) -> None:
    config = places / "checkpoints" / "vjepa2"
    video = places / "dataset" / "videos" / "one.mp4"
    both = [str(config), str(places / "checkpoints" / "dinov2")]
    longer = Path(shutil.copytree(config, tmp_path / "longer"))
    settings = json.loads((longer / "config.json").read_text())
    (longer / "config.json").write_text(json.dumps({**settings, "frames_per_clip": 32}))
    with pytest.raises(InputError, match="windows of different length"):
        weaktal.extract(video, encoders=[str(longer), both[1]], into=tmp_path / "a")
    with pytest.raises(InputError, match="frames: is not for this encoder"):
        weaktal.extract(video, encoders=both, into=tmp_path / "a", take={"frames": 32}, window=32)
    weaktal.extract(video, encoders=both, into=tmp_path / "a", window=32)
    weaktal.extract(video, encoders=both[:1], into=tmp_path / "b", take={"frames": 32}, window=32)
    manifests = [json.loads((tmp_path / to / "features" / "vjepa2" / "manifest.json").read_text()) for to in "ab"]
    assert [manifest["window"] for manifest in manifests] == [32, 32]
    assert (manifests[1]["frames"], manifests[1]["layer"]) == (32, -1)
    assert manifests[0]["frames"] != 32
