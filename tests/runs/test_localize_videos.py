"""Raw videos in, segments out: with a run trained on features of the same encoder, and with words alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch

from weaktal.cli import run
from weaktal.data.scores import read_scores
from weaktal.encoders.clip import load_clip
from weaktal.encoders.prompts import class_vectors

DARK, BRIGHT = (10, 10, 10), (240, 200, 30)
TRAINING = [f"train{i}" for i in range(4)]


def write_video(path: Path, colors: list[tuple[int, int, int]], frames: int = 16) -> Path:
    """Each color for ``frames`` of 25 a second, with some texture, so that the encoder sees a difference."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 64, 48, "yuv420p", 2_000_000
        for color in colors:
            image = np.full((48, 64, 3), color, dtype=np.uint8)
            image[::8] //= 2
            for _ in range(frames):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(autouse=True)
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEAKTAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("WEAKTAL_WEIGHTS", str(tmp_path / "weights"))


def train(dataset: Path, folder: Path) -> Path:
    words = ["train", str(dataset), "--method", "mil", "--features", "clip", "--run", str(folder)]
    settings = ["optimizer.batch_size=4", "optimizer.lr=0.05", "engine.tensorboard=false", "schedule.epochs=1"]
    settings += ["model.width=16", "model.kernel=1", "model.dropout=0", "schedule.updates_per_epoch=60"]
    assert run([*words, *(word for setting in settings for word in ("--set", setting))]) == 0
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, clip_folder: Path) -> Path:
    """A run that knows bright snippets, tagged "glow", from dark ones; a dataset folder lies beside it."""
    root = tmp_path_factory.mktemp("trained")
    for i, name in enumerate(TRAINING):
        colors = [DARK] * 6
        if i % 2 == 0:
            colors[1 + i : 3 + i] = [BRIGHT, BRIGHT]
        write_video(root / "videos" / f"{name}.mp4", colors)
    dataset = root / "dataset"
    words = [
        "extract",
        str(root / "videos"),
        "--encoder",
        str(clip_folder),
        "--features",
        "clip",
        "--into",
        str(dataset),
    ]
    assert run(words) == 0
    database = {
        name: {"subset": "training", "duration": 6 * 0.64, "labels": ["glow"] if i % 2 == 0 else ["night"]}
        for i, name in enumerate(TRAINING)
    }
    (dataset / "annotations.json").write_text(json.dumps({"database": database}))
    return train(dataset, root / "run")


@pytest.fixture
def weights(tmp_path: Path, clip_folder: Path) -> Path:
    shutil.copytree(clip_folder, tmp_path / "weights" / clip_folder.name)
    return tmp_path / "weights"


def results(path: Path) -> dict[str, list[dict[str, Any]]]:
    content: dict[str, list[dict[str, Any]]] = json.loads(path.read_text())["results"]
    return content


def close_to(segments: list[dict[str, Any]]) -> list[Any]:
    """Scores differ in their last digits where other videos are in the batch."""
    return [{**segment, "score": pytest.approx(segment["score"], rel=1e-5)} for segment in segments]


def test_finds_the_action_in_a_new_video(trained: Path, weights: Path, tmp_path: Path) -> None:
    video = write_video(tmp_path / "new.mp4", [DARK, DARK, DARK, BRIGHT, BRIGHT, DARK, DARK], 16)
    out, scores = tmp_path / "r.json", tmp_path / "s.safetensors"
    assert run(["localize", str(trained), str(video), "--out", str(out), "--scores", str(scores)]) == 0
    found = results(out)
    assert list(found) == ["new"]
    best = max((s for s in found["new"] if s["label"] == "glow"), key=lambda s: s["score"])
    assert best["segment"] == pytest.approx([3 * 0.64, 5 * 0.64], abs=1e-6)
    assert read_scores(scores).durations["new"] == pytest.approx(7 * 0.64, abs=1e-3)


def test_videos_give_what_the_same_features_in_a_dataset_give(trained: Path, weights: Path, tmp_path: Path) -> None:
    from_videos, from_dataset = tmp_path / "a.json", tmp_path / "b.json"
    videos = trained.parent / "videos"
    assert run(["localize", str(trained), str(videos), "--out", str(from_videos)]) == 0
    words = ["localize", str(trained), str(trained.parent / "dataset"), "--subset", "training"]
    assert run([*words, "--out", str(from_dataset)]) == 0
    assert results(from_videos) == results(from_dataset)


def test_features_are_made_once_for_each_content(
    trained: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    videos = tmp_path / "videos"
    for name in "ab":
        write_video(videos / f"{name}.mp4", [DARK, BRIGHT] if name == "a" else [BRIGHT, DARK, DARK])
    words = ["localize", str(trained), str(videos), "--out", str(tmp_path / "r.json")]

    def said() -> str:
        capsys.readouterr()
        assert run(words) == 0
        return capsys.readouterr().out

    assert "2 videos extracted, 0 from the cache" in said()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.npy")}
    assert len(before) == 2
    first = results(tmp_path / "r.json")
    assert "0 videos extracted, 2 from the cache" in said()
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.npy")} == before
    assert results(tmp_path / "r.json") == first

    shutil.copy(videos / "a.mp4", videos / "c.mp4")
    assert "0 videos extracted, 3 from the cache" in said()
    assert results(tmp_path / "r.json")["c"] == close_to(first["a"])

    write_video(videos / "a.mp4", [BRIGHT, BRIGHT, DARK])
    assert "1 video extracted, 2 from the cache" in said()
    changed = results(tmp_path / "r.json")
    assert changed["a"] != first["a"]
    assert changed["b"] == close_to(first["b"])


def test_another_cache_by_option(trained: Path, weights: Path, tmp_path: Path) -> None:
    video = write_video(tmp_path / "v.mp4", [DARK, BRIGHT])
    words = ["localize", str(trained), str(video), "--out", str(tmp_path / "r.json"), "--cache", str(tmp_path / "mine")]
    assert run(words) == 0
    assert len(list((tmp_path / "mine").rglob("*.npy"))) == 1
    assert not (tmp_path / "cache").exists()


def test_a_broken_video_is_named_and_the_others_are_localized(
    trained: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    videos = tmp_path / "videos"
    write_video(videos / "good.mp4", [DARK, BRIGHT])
    (videos / "bad.mp4").write_bytes(b"no video")
    out = tmp_path / "r.json"
    words = ["localize", str(trained), str(videos), "--out", str(out)]
    for extracted, videos_said in ((1, "1 video"), (0, "0 videos")):  # from the cache as well
        capsys.readouterr()
        assert run(words) == 2
        said = capsys.readouterr()
        lines = said.err.splitlines()
        assert said.out.startswith(f"features: {videos_said} extracted, {1 - extracted} from the cache\n")
        assert len(lines) == 2
        assert "bad.mp4: cannot be opened" in lines[0]
        assert "1 of 2 videos cannot be used, named above" in lines[1]
        assert list(results(out)) == ["good"]
    out.unlink()
    (videos / "good.mp4").unlink()
    assert run(words) == 2
    assert "bad.mp4: cannot be opened" in capsys.readouterr().err
    assert not out.exists()


def test_a_run_on_random_weights_uses_the_same_ones(
    tmp_path: Path, clip_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    videos, dataset = tmp_path / "videos", tmp_path / "dataset"
    for name, colors in (("a", [DARK, BRIGHT]), ("b", [DARK, DARK])):
        write_video(videos / f"{name}.mp4", colors)
    shape = tmp_path / "weights" / "shape"
    shape.mkdir(parents=True)
    shutil.copy(clip_folder / "config.json", shape)
    words = ["extract", str(videos), "--encoder", str(shape), "--features", "clip", "--into", str(dataset)]
    assert run([*words, "--random-weights", "3"]) == 0
    database = {name: {"subset": "training", "duration": 1.28, "labels": [name]} for name in "ab"}
    (dataset / "annotations.json").write_text(json.dumps({"database": database}))
    folder = train(dataset, tmp_path / "run")
    capsys.readouterr()
    assert run(["localize", str(folder), str(videos), "--out", str(tmp_path / "r.json")]) == 0
    assert "features clip come from random weights" in capsys.readouterr().err
    (cached,) = (path for path in (tmp_path / "cache").iterdir() if path.name != "videos")
    made = [np.load(path) for path in sorted(cached.glob("*.npy"), key=lambda path: np.load(path).sum())]
    given = sorted((np.load(dataset / f"features/clip/{name}.npy") for name in "ab"), key=lambda rows: rows.sum())
    for one, other in zip(made, given, strict=True):
        np.testing.assert_array_equal(one, other)


def manifest_of(folder: Path, **changes: Any) -> None:
    """Changes what a run knows of its features."""
    info = json.loads((folder / "run.json").read_text())
    info["manifests"]["clip"] = {k: v for k, v in {**info["manifests"]["clip"], **changes}.items() if v is not None}
    (folder / "run.json").write_text(json.dumps(info))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"encoder": "noise", "last_window": None}, "made by 'noise', which cannot be run on videos here"),
        ({"encoder": "tiny-other"}, "the checkpoint of the run's encoder 'tiny-other' is missing"),
        ({"encoder": "org--model"}, "`weaktal weights fetch org/model` gets it"),
        ({"encoder": "i3d"}, "rgb_imagenet.pt: the weights of i3d-rgb are missing"),
        ({"weights_sha256": "0" * 64}, "with weights_sha256 '000"),
        ({"dim": 7}, "with dim 7, those of the videos have 24"),
        (None, "does not say how its features 'clip' were made"),
    ],
)
def test_features_that_cannot_be_made_alike_are_refused(
    trained: Path,
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any] | None,
    message: str,
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(trained, folder)
    if changes is None:
        info = json.loads((folder / "run.json").read_text())
        (folder / "run.json").write_text(json.dumps({**info, "manifests": {}}))
    else:
        manifest_of(folder, **changes)
    video = write_video(tmp_path / "v.mp4", [DARK])
    assert run(["localize", str(folder), str(video), "--out", str(tmp_path / "r.json")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert message in lines[0]
    assert not (tmp_path / "r.json").exists()
    assert not (tmp_path / "cache").exists()


def test_a_checkpoint_that_moved_is_found_by_option(trained: Path, clip_folder: Path, tmp_path: Path) -> None:
    video = write_video(tmp_path / "v.mp4", [DARK, BRIGHT])
    moved = tmp_path / "elsewhere"
    shutil.copytree(clip_folder, moved)
    words = ["localize", str(trained), str(video), "--out", str(tmp_path / "r.json")]
    assert run(words) == 2
    assert run([*words, "--weights", f"{clip_folder.name}={moved}"]) == 0
    assert run([*words, "--weights", str(clip_folder.parent)]) == 0


def test_words_alone(
    clip_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    video = write_video(tmp_path / "v.mp4", [DARK, BRIGHT, DARK], 25)
    out, scores = tmp_path / "r.json", tmp_path / "s.safetensors"
    words = ["localize", "--zero-shot", "high jump, pole vault", str(video), "--encoder", str(clip_folder)]
    assert run([*words, "--out", str(out), "--scores", str(scores), "--set", "above_chance=false"]) == 0
    content = json.loads(out.read_text())
    assert content["external_data"]["zero_shot"] == ["high jump", "pole vault"]
    assert content["external_data"]["settings"]["activation"] == "softmax"
    for segment in content["results"]["v"]:
        assert segment["label"] in ("high jump", "pole vault")
        assert 0 <= segment["segment"][0] < segment["segment"][1] <= 3.0

    stored = read_scores(scores)
    assert stored.durations["v"] == pytest.approx(3.0, abs=1e-3)
    by_snippet = stored.read("v").snippets
    assert by_snippet.shape == (6, 2)  # two a second
    encoder = load_clip(clip_folder)
    with av.open(str(video)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    images = encoder.encode_frames(np.stack([frames[int(25 * t)] for t in (0.25, 1.25, 2.25)]))
    vectors = class_vectors(encoder, [f"a video of a person {name}" for name in ("high jump", "pole vault")])
    expected = torch.softmax(images @ vectors.mT / 0.07, dim=1).numpy()
    np.testing.assert_allclose(by_snippet[[0, 2, 4]], expected, atol=0.02)  # decoding of colors differs by a level

    capsys.readouterr()
    # Neither are scores kept nor do boundaries move: changes of the features are not computed.
    monkeypatch.setattr("weaktal.runs.zero_shot.feature_changes", None)
    assert run([*words[:2], "discus", *words[3:], "--out", str(out)]) == 0
    assert "0 videos extracted, 1 from the cache" in capsys.readouterr().out
    assert json.loads(out.read_text())["external_data"]["settings"]["activation"] == "relative"


def test_one_class_beside_a_background(clip_folder: Path, tmp_path: Path) -> None:
    video = write_video(tmp_path / "v.mp4", [DARK, BRIGHT], 25)
    out = tmp_path / "r.json"
    words = ["localize", "--zero-shot", "high jump", str(video), "--encoder", str(clip_folder), "--out", str(out)]
    assert run([*words, "--set", 'background=["a video of a person"]']) == 0
    content = json.loads(out.read_text())
    assert content["external_data"]["settings"]["activation"] == "softmax"
    assert {segment["label"] for segment in content["results"]["v"]} == {"high jump"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--zero-shot", "a,,b", "VIDEO"], "a class without a name"),
        (["--zero-shot", "a, a", "VIDEO"], "the class 'a' appears twice"),
        (["--zero-shot", "a", "DATASET"], "is a dataset"),
        (["--zero-shot", "a", "VIDEO", "--subset", "test"], "--subset: is for localizing with a run"),
        (["--zero-shot", "a", "VIDEO", "--encoder", "world-cbp"], "world-cbp knows no words"),
        (["--zero-shot", "a", "VIDEO"], "the weights of clip-vit-b16 are missing"),
        (["--zero-shot", "a", "VIDEO", "--set", "template=none"], "expected text with one {} for the class"),
        (["--zero-shot", "a", "VIDEO", "--set", "fps=0"], "greater than 0"),
        (["--zero-shot", "a", "VIDEO", "--set", "fsp=3"], "nearest is fps"),
        (["--zero-shot", "a", "VIDEO", "--set", "activation=softmax"], "activation: is softmax, and there is one"),
        (["--zero-shot", "a", "absent.mp4"], "no such file or folder"),
        (["RUN"], "nothing to localize"),
        (["RUN", "DATASET", "VIDEO"], "is a dataset"),
        (["RUN", "VIDEO", "--features", "clip"], "--features: is for a dataset, not for videos"),
        (["RUN", "DATASET", "--cache", "x"], "--cache: is for videos"),
        (["RUN", "VIDEO", "--encoder", "clip-vit-b16"], "--encoder clip-vit-b16: is for features of an encoder"),
        (["RUN", "absent"], "no such file or folder"),
        (["RUN", "VIDEO", "--weights", "absent"], "no such file or folder"),
    ],
)
def test_bad_words_get_one_line_and_write_nothing(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    video = write_video(tmp_path / "v.mp4", [DARK])
    named = {"VIDEO": str(video), "RUN": str(trained), "DATASET": str(trained.parent / "dataset")}
    assert run(["localize", *(named.get(word, word) for word in words), "--out", str(tmp_path / "r.json")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert message in lines[0]
    assert not (tmp_path / "r.json").exists()
    assert not (tmp_path / "cache").exists()


def test_every_folder_of_features_that_a_branch_looks_at_is_made(
    trained: Path, clip_folder: Path, siglip_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset, videos = tmp_path / "dataset", trained.parent / "videos"
    shutil.copytree(trained.parent / "dataset", dataset)
    words = ["extract", str(videos), "--into", str(dataset)]
    for encoder, name, stride in (
        (clip_folder, "clip", "16"),
        (siglip_folder, "siglip", "16"),
        (clip_folder, "b", "8"),
    ):
        assert run([*words, "--encoder", str(encoder), "--features", name, "--stride", stride]) == 0
        shutil.copytree(encoder, tmp_path / "weights" / encoder.name, dirs_exist_ok=True)
    settings = ["cbp=convolution", "convolution.width=8", "vlp.heads=2", "schedule.updates_per_epoch=2"]
    settings += [f"schedule.{key}=1" for key in ("warm_up", "background", "foreground", "rounds")]
    words = ["train", str(dataset), "--method", "collab", "--features", "rgb=clip,flow=siglip", "--vlp-features", "b"]
    words += ["--run", str(tmp_path / "run"), "--set", "engine.tensorboard=false"]
    assert run([*words, *(word for setting in settings for word in ("--set", setting))]) == 0

    out, again = tmp_path / "r.json", tmp_path / "again.json"
    for branch, folders in ((None, 2), ("vlp", 3)):
        option = [] if branch is None else ["--branch", branch]
        assert run(["localize", str(tmp_path / "run"), str(videos), "--out", str(out), *option]) == 0
        assert len([path for path in (tmp_path / "cache").iterdir() if path.name != "videos"]) == folders
        words = ["localize", str(tmp_path / "run"), str(dataset), "--subset", "training", "--out", str(again)]
        assert run([*words, *option]) == 0
        assert results(out) == results(again)
