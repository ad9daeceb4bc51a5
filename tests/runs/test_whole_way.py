"""Train, localize, decode again and evaluate through the command line, as a user would; and what bad input gets."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from weaktal.cli import run
from weaktal.engine.settings import OptimizerConfig
from weaktal.files import sha256

QUICK = ["optimizer.batch_size=5", "optimizer.lr=0.01", "model.width=16", "engine.tensorboard=false"]


def train_words(dataset: Path, folder: Path, *more: str, method: str = "mil", updates: int = 4) -> list[str]:
    words = ["train", str(dataset), "--method", method, "--features", "i3d", "--run", str(folder)]
    settings = [*QUICK, "schedule.epochs=1", f"schedule.updates_per_epoch={updates}"]
    return [*words, *(word for setting in settings for word in ("--set", setting)), *more]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Path) -> Path:
    folder = tmp_path_factory.mktemp("finished") / "run"
    assert run(train_words(tiny_dataset, folder, "--set", "model.width=64", updates=200)) == 0
    return folder


def evaluated(dataset: Path, results: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert run(["evaluate", str(dataset), str(results), "--json", "-"]) == 0
    scores: dict[str, Any] = json.loads(capsys.readouterr().out)
    return scores


def test_finds_the_planted_actions(
    finished: Path, tiny_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Four standard deviations on a channel of one's own: anything that works finds most of them."""
    out = tmp_path / "results.json"
    assert run(["localize", str(finished), str(tiny_dataset), "--out", str(out)]) == 0
    assert "classification mAP" in capsys.readouterr().out
    scores = evaluated(tiny_dataset, out, capsys)
    assert scores["videos"] == 6
    assert scores["average_map"] > 0.7


def test_a_run_is_gone_on_with_and_used_on_another_device(finished: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    assert json.loads((finished / "run.json").read_text())["settings"]["engine"]["device"] == "auto"
    assert run(["train", "--resume", str(finished), "--device", "cpu"]) == 0
    out = tmp_path / "results.json"
    assert run(["localize", str(finished), str(tiny_dataset), "--out", str(out), "--device", "meta"]) == 2
    assert not out.exists()


def test_stored_scores_decode_to_the_same_results(finished: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    direct, scores, again = tmp_path / "a.json", tmp_path / "scores.safetensors", tmp_path / "b.json"
    words = ["localize", str(finished), str(tiny_dataset), "--out", str(direct), "--scores", str(scores)]
    assert run([*words, "--set", "theta_loc=0.4"]) == 0
    assert run(["decode", str(scores), "--out", str(again), "--set", "theta_loc=0.4"]) == 0
    assert json.loads(direct.read_text())["results"] == json.loads(again.read_text())["results"]
    assert run(["decode", str(scores), "--out", str(again), "--set", "theta_loc=0.6"]) == 0
    assert json.loads(direct.read_text())["results"] != json.loads(again.read_text())["results"]


def test_localizing_needs_no_labels_and_no_segments(finished: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(tiny_dataset, bare)
    content = json.loads((bare / "annotations.json").read_text())
    for video in content["database"].values():
        video.pop("annotations")
        video.pop("labels")
    (bare / "annotations.json").write_text(json.dumps(content))
    for dataset, out in ((tiny_dataset, "a.json"), (bare, "b.json")):
        assert run(["localize", str(finished), str(dataset), "--out", str(tmp_path / out)]) == 0
    results = [json.loads((tmp_path / name).read_text())["results"] for name in ("a.json", "b.json")]
    assert results[0] == results[1]


def test_two_feature_folders_equal_one_with_both(tiny_dataset: Path, tmp_path: Path) -> None:
    split = tmp_path / "split"
    shutil.copytree(tiny_dataset, split)
    manifest = json.loads((split / "features/i3d/manifest.json").read_text())
    for name, columns in (("left", slice(0, 8)), ("right", slice(8, 16))):
        folder = split / "features" / name
        folder.mkdir()
        (folder / "manifest.json").write_text(json.dumps({**manifest, "dim": 8, "streams": None}))
        for path in (split / "features/i3d").glob("*.npy"):
            np.save(folder / path.name, np.load(path)[:, columns])
    words = train_words(split, tmp_path / "two")
    words[words.index("i3d")] = "rgb=left,flow=right"
    assert run(words) == 0
    assert run(train_words(split, tmp_path / "one")) == 0
    assert sha256(tmp_path / "one/weights.safetensors") == sha256(tmp_path / "two/weights.safetensors")
    info = json.loads((tmp_path / "two/run.json").read_text())
    assert info["streams"] == {"rgb": [0, 8], "flow": [8, 16]}


def test_features_without_a_manifest_ask_for_their_spacing(
    tiny_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(tiny_dataset, bare)
    (bare / "features/i3d/manifest.json").unlink()
    assert run(train_words(bare, tmp_path / "run")) == 2
    assert "--seconds-per-snippet" in capsys.readouterr().err
    assert run(train_words(bare, tmp_path / "run", "--seconds-per-snippet", "1.0")) == 0
    assert "how these features were made is not known" in capsys.readouterr().err
    assert run(["localize", str(tmp_path / "run"), str(bare), "--out", str(tmp_path / "r.json")]) == 0


def test_features_on_another_grid_are_refused(
    finished: Path, tiny_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = tmp_path / "dataset"
    shutil.copytree(tiny_dataset, dataset)
    manifest = dataset / "features/i3d/manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "window": 2}))
    words = ["localize", str(finished), str(dataset), "--out", str(tmp_path / "r.json")]
    assert run(words) == 2
    assert "window=1, stride=1" in capsys.readouterr().err
    manifest.unlink()
    assert run([*words, "--seconds-per-snippet", "2.0"]) == 2
    assert run([*words, "--seconds-per-snippet", "1.0"]) == 0


def damage(dataset: Path, kind: str) -> str:
    """Breaks the features of two training videos; returns a word that the message must hold."""
    folder = dataset / "features" / "i3d"
    for name in ("video_00", "video_03"):
        path = folder / f"{name}.npy"
        rows = np.load(path)
        if kind == "missing":
            path.unlink()
        elif kind == "truncated":
            path.write_bytes(path.read_bytes()[:-7])
        elif kind == "NaN":
            rows[2, 5] = np.nan
            np.save(path, rows)
        elif kind == "columns":
            np.save(path, rows[:, :9])
        elif kind == "dtype":
            np.save(path, rows.astype(np.int32))
        elif kind == "snippets":
            np.save(path, np.tile(rows, (5, 1)))
        elif kind == "not a feature file":
            path.write_bytes(b"hello")
    return {"missing": "no such file"}.get(kind, kind)


@pytest.mark.parametrize("kind", ["missing", "truncated", "NaN", "columns", "dtype", "snippets", "not a feature file"])
def test_broken_features_are_named_and_stop_training_unless_skipped(
    tiny_dataset: Path, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = tmp_path / "dataset"
    shutil.copytree(tiny_dataset, dataset)
    word = damage(dataset, kind)
    assert run(train_words(dataset, tmp_path / "run")) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    for part in ("video_00", "video_03", word, "--skip-broken"):
        assert part in lines[0]
    assert not (tmp_path / "run").exists()
    assert run(train_words(dataset, tmp_path / "run", "--skip-broken")) == 0
    info = json.loads((tmp_path / "run/run.json").read_text())
    assert len(info["videos"]) == 8
    assert sorted(info["skipped"]) == ["video_00", "video_03"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--method", "magic"], "one of mil, cbp"),
        (["--features", "nope"], "one of i3d"),
        (["--features", "rgb=,flow=b"], "STREAM=NAME"),
        (["--set", "model.widht=3"], "nearest is model.width"),
        (["--set", "model.width=-3"], "greater than 0"),
        (["--set", "model"], "KEY=VALUE"),
        (["--set", "model.kernel=2"], "an odd number"),
        (["--set", "model.width=100000000000"], "65536"),
        (["--set", "optimizer.betas=[2,3]"], "less than 1"),
        (["--set", "optimizer.lr=1.0e+39"], "10"),
        (["--method", "cbp", "--set", "model.heads=3"], "heads to divide the width"),
        (["--method", "cbp", "--set", "model.kernel=4"], "an odd number"),
        (["--features", "../features/i3d"], "names no folder"),
        (["--vlp-features", "i3d"], "no vision-language branch"),
        (["--config", "nowhere.yaml"], "no such file"),
        (["--train-subset", "nowhere"], "one of training, validation"),
        (["--seed", "-1"], "--seed"),
        (["--vlp-features", "clip"], "clip"),
    ],
)
def test_bad_words_get_one_line_and_write_nothing(
    tiny_dataset: Path, tmp_path: Path, change: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*train_words(tiny_dataset, tmp_path / "run"), *change]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert words in lines[0]
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_device_that_is_not_there_gets_one_line(
    tiny_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(train_words(tiny_dataset, tmp_path / "run", "--set", "engine.device=cuda")) == 2
    assert "engine.device" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_training_that_diverges_says_so(
    tiny_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights that overflow, as a bad rate or bad features bring about: exit 1, one line, no weights to be mistaken."""
    monkeypatch.setattr(OptimizerConfig, "build", lambda _, parameters: torch.optim.SGD(parameters, lr=1e38))
    assert run(train_words(tiny_dataset, tmp_path / "run", updates=6)) == 1
    assert "a lower learning rate" in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "run" / "weights.safetensors").exists()


def test_ctrl_c_stops_with_one_line_and_the_run_goes_on(tiny_dataset: Path, tmp_path: Path) -> None:
    words = train_words(tiny_dataset, tmp_path / "run", "--resume", updates=400)
    command = [sys.executable, "-m", "weaktal", *words, "--set", "engine.checkpoint_every=1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not list((tmp_path / "run").glob("checkpoints/0*")):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "weaktal: stopped; what was written before is whole; continue with --resume"
    assert "Traceback" not in errors
    assert run(words) == 0


def test_the_width_of_most_files_is_the_right_one(
    tiny_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = tmp_path / "dataset"
    shutil.copytree(tiny_dataset, dataset)
    (dataset / "features/i3d/manifest.json").unlink()
    first = dataset / "features/i3d/video_00.npy"
    np.save(first, np.load(first)[:, :9])
    assert run(train_words(dataset, tmp_path / "run", "--seconds-per-snippet", "1")) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "video_00.npy: has 9 columns; expected 16" in lines[0]


def test_videos_without_a_label_are_named(
    tiny_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = tmp_path / "dataset"
    shutil.copytree(tiny_dataset, dataset)
    content = json.loads((dataset / "annotations.json").read_text())
    content["database"]["video_04"]["labels"] = []
    (dataset / "annotations.json").write_text(json.dumps(content))
    assert run(train_words(dataset, tmp_path / "run")) == 0
    assert "skipped: no label: video_04" in capsys.readouterr().err
    assert json.loads((tmp_path / "run/run.json").read_text())["skipped"] == {"video_04": "has no label"}


def test_a_run_can_be_read_by_others(finished: Path) -> None:
    for name in ("weights.safetensors", "run.json", "losses.csv"):
        assert (finished / name).stat().st_mode == (finished / "settings.yaml").stat().st_mode


def test_bad_outputs_are_refused_before_the_work(finished: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    words = ["localize", str(finished), str(tiny_dataset), "--scores", str(tmp_path / "scores"), "--out"]
    assert run([*words, str(tmp_path)]) == 2
    assert not (tmp_path / "scores").exists()


def test_resuming_compares_what_matters(tiny_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(tiny_dataset, moved)
    assert run(train_words(tiny_dataset, tmp_path / "run")) == 0
    harmless = ["--resume", "--set", "engine.log_every=3", "--set", "engine.checkpoint_every=7"]
    assert run(train_words(moved, tmp_path / "run", *harmless)) == 0
    capsys.readouterr()
    assert run(train_words(moved, tmp_path / "run", *harmless, "--seed", "4", "--set", "model.kernel=1")) == 2
    assert "seed 0, not 4" in capsys.readouterr().err, "of several differences the first in run.json is named"


def test_a_run_is_never_overwritten(finished: Path, tiny_dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sha256(finished / "weights.safetensors")
    assert run(train_words(tiny_dataset, finished)) == 2
    assert "--resume" in capsys.readouterr().err
    assert (
        run(train_words(tiny_dataset, finished, "--resume", "--set", "model.width=64", "--seed", "5", updates=200)) == 2
    )
    assert "seed 0, not 5" in capsys.readouterr().err
    theirs = finished / "checkpoints" / "of_others"
    theirs.mkdir(parents=True)
    assert run(train_words(tiny_dataset, finished, "--resume", "--set", "model.width=64", updates=200)) == 0
    assert "finished already" in capsys.readouterr().out
    assert theirs.is_dir()
    shutil.rmtree(theirs.parent)
    assert sha256(finished / "weights.safetensors") == before


@pytest.mark.parametrize("kind", ["truncated", "other network", "no run", "unfinished", "bad json", "NaN", "bad width"])
def test_a_broken_run_gets_one_line(
    finished: Path, tiny_dataset: Path, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "run"
    shutil.copytree(finished, broken)
    weights = broken / "weights.safetensors"
    if kind == "truncated":
        weights.write_bytes(weights.read_bytes()[:-100])
    elif kind == "other network":
        info = json.loads((broken / "run.json").read_text())
        info["settings"]["model"]["width"] = 17
        (broken / "run.json").write_text(json.dumps(info))
    elif kind == "no run":
        (broken / "run.json").unlink()
    elif kind == "unfinished":
        weights.unlink()
    elif kind == "NaN":
        save_file({k: v * float("nan") for k, v in load_file(weights).items()}, weights)
    elif kind == "bad width":
        info = json.loads((broken / "run.json").read_text())
        (broken / "run.json").write_text(json.dumps({**info, "dim": -1}))
    elif kind == "bad json":
        (broken / "run.json").write_text("{")
    assert run(["localize", str(broken), str(tiny_dataset), "--out", str(tmp_path / "r.json")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert str(broken) in lines[0]
    assert not (tmp_path / "r.json").exists()
