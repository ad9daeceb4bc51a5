"""Several seeds of one method: side by side, resumed, added to, refused, failing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import weaktal
from weaktal.cli import run
from weaktal.cli.seeds import parse_seeds
from weaktal.errors import LARGEST_SEED, InputError
from weaktal.files import sha256
from weaktal.runs.folder import RunFolder
from weaktal.studies.ablate import ablate
from weaktal.studies.controls import controls
from weaktal.studies.reproduce import reproduce
from weaktal.studies.seeds import resume_seeds, seed_runs, train_seeds

SETTINGS = {
    "optimizer": {"batch_size": 5, "lr": 0.01},
    "model": {"width": 16},
    "engine": {"tensorboard": False, "checkpoint_every": 2},
    "schedule": {"epochs": 1, "updates_per_epoch": 4},
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Path) -> Path:
    folder = tmp_path_factory.mktemp("seeds") / "runs"
    train_seeds(tiny_dataset, method="mil", features="i3d", run=folder, seeds=[0, 1], settings=SETTINGS)
    return folder


def test_each_seed_is_the_run_that_it_would_be_alone(finished: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    alone = weaktal.train(tiny_dataset, method="mil", features="i3d", run=tmp_path / "run", settings=SETTINGS, seed=1)
    assert sha256(alone.path / "weights.safetensors") == sha256(finished / "seed-1" / "weights.safetensors")
    assert weaktal.load(finished / "seed-0").info.seed == 0


LOGGER = """
import os, pathlib

class Heard:
    def log_hyperparams(self, params): ...
    def log_metrics(self, metrics, step=None): ...
    def finalize(self, status):
        pathlib.Path(os.environ["HEARD"]).write_text(status)
"""


@pytest.mark.usefixtures("trainings_here")
def test_more_seeds_are_added_and_finished_ones_kept(
    finished: Path, tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "runs"
    shutil.copytree(finished, folder)
    before = (folder / "seed-1" / "weights.safetensors").stat().st_mtime_ns
    words = {"method": "mil", "features": "i3d", "run": folder, "settings": SETTINGS}
    with pytest.raises(InputError, match="holds runs already"):
        train_seeds(tiny_dataset, seeds=[2], **words)
    (tmp_path / "heard.py").write_text(LOGGER)
    monkeypatch.syspath_prepend(tmp_path)  # for a process of its own it would be $PYTHONPATH
    monkeypatch.setenv("HEARD", str(tmp_path / "heard.txt"))
    runs = resume_seeds(folder, seeds=[1, 2], loggers=["heard:Heard"])
    assert (tmp_path / "heard.txt").read_text() == "finished"
    assert [found.info.seed for found in runs] == [1, 2]
    assert (folder / "seed-1" / "weights.safetensors").stat().st_mtime_ns == before
    assert list(seed_runs(folder)) == [0, 1, 2]


def test_other_settings_are_refused(finished: Path, tiny_dataset: Path) -> None:
    other = {**SETTINGS, "model": {"width": 32}}
    with pytest.raises(InputError, match=r"was started with request.settings.model.width 16|model.width 16, not 32"):
        train_seeds(tiny_dataset, method="mil", features="i3d", run=finished, settings=other, resume=True)


def test_resumes_a_folder_without_its_command_line(
    finished: Path, tiny_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "runs"
    shutil.copytree(finished, folder)
    wanted = sha256(folder / "seed-1" / "weights.safetensors")
    shutil.rmtree(folder / "seed-1")
    assert run(["train", "--resume", str(folder)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == [str(folder / f"seed-{seed}" / "weights.safetensors") for seed in (0, 1)]
    assert said[2] == f"next: weaktal compare {folder} --dataset DATASET"
    assert sha256(folder / "seed-1" / "weights.safetensors") == wanted


@pytest.mark.parametrize("words", [["--set", "optimizer.lr=1"], ["--seed", "3"], ["--features", "i3d"]])
def test_resuming_ignores_no_option(words: list[str], finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "--resume", str(finished), *words]) == 2
    assert capsys.readouterr().err.startswith(f"weaktal: {words[0]}: is what RUN was started with; expected ")


def test_one_seed_and_several_contradict_each_other(tiny_dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", str(tiny_dataset), "--method", "mil", "--features", "i3d", "--run", "x"]
    assert run([*words, "--seeds", "0-1", "--seed", "2"]) == 2
    assert capsys.readouterr().err.startswith("weaktal: --seed: contradicts --seeds")


def test_resumes_one_run_without_its_command_line(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(finished / "seed-0", folder)
    wanted = sha256(folder / "weights.safetensors")
    (folder / "weights.safetensors").unlink()
    shutil.rmtree(folder / "phases")
    assert not RunFolder(folder).finished()
    assert run(["train", "--resume", str(folder)]) == 0
    assert sha256(folder / "weights.safetensors") == wanted


def test_a_module_that_a_folder_names_is_not_run_unasked(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    content = json.loads((finished / "seeds.json").read_text())
    content["request"]["method"] = "antigravity.somewhere"
    (folder / "seeds.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match="neither weaktal's nor installed"):
        resume_seeds(folder)


def test_damaged_settings_of_a_folder_are_one_line(finished: Path, tmp_path: Path) -> None:
    content = json.loads((finished / "seeds.json").read_text())
    content["request"]["settings"]["engine"] = None
    (tmp_path / "seeds.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"seeds.json: engine: "):
        resume_seeds(tmp_path, device="cpu")


def test_a_seed_that_fails_is_named_with_its_log(
    tiny_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", str(tiny_dataset), "--method", "mil", "--features", "i3d", "--run", str(tmp_path / "runs")]
    assert run([*words, "--seeds", "0", "--set", "optimizer.lr=10", "--set", "optimizer.clip_norm=null",
                "--set", "schedule.updates_per_epoch=400", "--set", "model.width=0"]) == 2  # fmt: skip
    capsys.readouterr()
    assert run([*words, "--seeds", "0", "--vlp-features", "absent"]) == 1
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("weaktal: seed 0 failed: ")
    assert "absent" in error
    assert str(tmp_path / "runs" / "seed-0.log") in error


def test_what_a_new_run_needs_is_named(tiny_dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", str(tiny_dataset), "--features", "i3d", "--run", "runs/x"]) == 2
    assert (
        capsys.readouterr().err
        == "weaktal: --method: is missing; expected a value, or weaktal train --resume RUN alone\n"
    )


@pytest.mark.parametrize("text", ["", "a", "1,1", "3-1", "-1", "0-", "1e3", "0-9999999"])
def test_bad_seeds_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="are not seeds"):
        parse_seeds(text)


@pytest.mark.parametrize("seeds", [[], [0, 0], [-1], [LARGEST_SEED + 1]])
def test_bad_seeds_are_refused_from_python_before_anything_is_read(seeds: list[int], tmp_path: Path) -> None:
    words = {"features": "i3d", "vlp_features": "clip", "seeds": seeds}
    for call in (
        lambda: train_seeds("absent", method="mil", run=tmp_path / "run", **words),
        lambda: ablate("absent", out=tmp_path / "out", **words),
        lambda: reproduce("thumos14", "absent", out=tmp_path / "out", **words),
        lambda: controls(["absent"], out=tmp_path / "out", **words),
    ):
        with pytest.raises(InputError, match=r"^seeds: are .*; expected whole numbers from 0 to"):
            call()
