"""What a training tells besides its losses: TensorBoard, loggers by Fabric's interface, how long it will take."""

from __future__ import annotations

import csv
import logging
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning_fabric.loggers import CSVLogger
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tests.conftest import make_dataset

import weaktal
from weaktal.cli import run
from weaktal.data.annotations import read_annotations
from weaktal.data.features import Features
from weaktal.engine.logs import Logger, logger_named
from weaktal.engine.pace import FIRST, Pace
from weaktal.errors import InputError
from weaktal.files import sha256
from weaktal.runs.looking import Looking

SETTINGS: dict[str, Any] = {
    "optimizer": {"batch_size": 5, "lr": 0.01},
    "model": {"width": 16},
    "engine": {"log_every": 2},
    "schedule": {"epochs": 1, "updates_per_epoch": 4},
}


class Remembering:
    """A logger as somebody else might bring it."""

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self.metrics: dict[int | None, dict[str, float]] = {}
        self.ended = ""

    def log_hyperparams(self, params: dict[str, Any]) -> None:
        self.params = params

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        self.metrics[step] = metrics

    def finalize(self, status: str) -> None:
        self.ended = status


def test_loggers_hear_settings_losses_and_how_it_goes(tiny_dataset: Path, tmp_path: Path) -> None:
    mine, fabrics = Remembering(), CSVLogger(tmp_path / "csv", flush_logs_every_n_steps=1)
    run_folder = tmp_path / "run"
    weaktal.train(
        tiny_dataset, method="mil", features="i3d", run=run_folder, settings=SETTINGS, seed=3, loggers=[mine, fabrics]
    )
    assert (mine.params["method"], mine.params["seed"], mine.params["model.width"]) == ("mil", 3, 16)
    assert list(mine.metrics) == [2, 4]
    phase, last = next(iter(mine.metrics[4])).partition("/")[0], mine.metrics[4]
    assert last[f"{phase}/lr"] == pytest.approx(0.01)
    assert last[f"{phase}/gradient_norm"] > 0
    assert last[f"{phase}/seconds"] > 0
    assert mine.ended == "finished"
    assert isinstance(fabrics, Logger)
    written = next((tmp_path / "csv").rglob("metrics.csv"))
    assert "gradient_norm" in written.read_text()
    # What depends on the machine stays out of losses.csv, which is equal for equal runs.
    names = {row["name"] for row in csv.DictReader((run_folder / "losses.csv").open())}
    assert not names & {"seconds", "lr", "gradient_norm"}
    board = EventAccumulator(str(run_folder / "tensorboard")).Reload()
    assert f"{phase}/gradient_norm" in board.Tags()["scalars"]
    assert board.PluginTagToContent("hparams")


def test_looking_is_logged_and_changes_nothing(scene_dataset: Path, tmp_path: Path) -> None:
    """Tags of held-out videos and the labels of a step against the truth, at their ends and in between."""
    settings = {
        "optimizer": {"batch_size": 5, "max_snippets": 8},
        "cbp": "pyramid",
        "pyramid": {"width": 16, "heads": 2},
        "vlp": {"heads": 2},
        "schedule": {"warm_up": 1, "background": 1, "foreground": 1, "rounds": 1, "updates_per_epoch": 2},
        "engine": {"tensorboard": False, "look_every": 1},
    }
    weights = []
    for look in (True, False):
        mine = Remembering()
        run_folder = tmp_path / str(look)
        weaktal.train(
            scene_dataset,
            method="collab",
            features="i3d",
            vlp_features="scene",
            run=run_folder,
            settings=settings,
            loggers=[mine],
            look=look,
        )
        weights.append(sha256(run_folder / "weights.safetensors"))
        seen = {
            step: {name: value for name, value in found.items() if "looking" in name}
            for step, found in mine.metrics.items()
        }
        assert any(seen.values()) == look
        if look:
            assert [step for step, found in seen.items() if found] == [1, 2, 3, 4, 5, 6]
            assert all(0 <= value <= 1 for found in seen.values() for value in found.values())
            assert {"looking/tag_ap_cbp", "looking/tag_ap_vlp"} <= set(seen[1])
            assert "looking/foreground_precision" not in seen[2]
            assert "looking/foreground_precision" in seen[4]
            quality = weaktal.diagnose(run_folder, scene_dataset, phases=True).phases[1].labels
            assert seen[4]["looking/background_precision"] == pytest.approx(quality.background_precision)
    assert weights[0] == weights[1]


def test_looking_without_held_out_videos_says_so_and_logs_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dataset, mine = make_dataset(tmp_path / "dataset", train=5, test=0), Remembering()
    settings = {**SETTINGS, "engine": {"log_every": 2, "look_every": 1}}
    weaktal.train(
        dataset, method="mil", features="i3d", run=tmp_path / "run", settings=settings, loggers=[mine], look=True
    )
    assert "no held-out video has tags: looking tells nothing of them" in caplog.text
    assert list(mine.metrics) == [2, 4]


def test_looking_without_tags_of_held_out_videos_says_so(tiny_dataset: Path, caplog: pytest.LogCaptureFixture) -> None:
    annotations = read_annotations(tiny_dataset)
    held_out = annotations.subset("validation").values()
    untagged = {video.name: replace(video, labels=()) for video in held_out}
    mute = replace(annotations, videos={**annotations.videos, **untagged})
    Looking(mute, "training", {"": Features.open(tiny_dataset, "i3d")})
    assert "no held-out video has tags" in caplog.text


def test_a_logger_hears_that_training_failed(tiny_dataset: Path, tmp_path: Path) -> None:
    mine = Remembering()
    with pytest.raises(weaktal.RunError):
        weaktal.train(
            tiny_dataset,
            method="mil",
            features="i3d",
            run=tmp_path / "run",
            settings=SETTINGS,
            loggers=[mine],
            on_progress=_stop_at_two,
        )
    assert mine.ended == "failed"


def _stop_at_two(event: weaktal.Progress) -> None:
    if event.done == 2:
        raise weaktal.RunError("as if a loss had become nan")


@pytest.mark.parametrize("name", ["wandb", "mlflow"])
def test_loggers_of_others_write_offline(
    name: str, tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip(name)
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "mlflow").as_uri())
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    words = ["train", str(tiny_dataset), "--method", "mil", "--features", "i3d", "--run", str(tmp_path / "run")]
    quick = ["--set", "schedule.epochs=1", "--set", "schedule.updates_per_epoch=3", "--set", "engine.log_every=1"]
    assert run([*words, *quick, "--logger", name]) == 0
    if name == "wandb":
        (kept,) = tmp_path.rglob("*.wandb")
        assert b"gradient_norm" in kept.read_bytes()
        return
    (metric,) = (tmp_path / "mlflow").rglob("gradient_norm")
    assert len(metric.read_text().splitlines()) == 3
    assert any(path.name == "schedule.epochs" for path in (tmp_path / "mlflow").rglob("params/*"))


def test_a_logger_that_is_not_installed_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(InputError, match=r"weaktal\[wandb\]"):
        logger_named("wandb")


def test_the_gradient_is_measured_before_it_is_clipped(tiny_dataset: Path, tmp_path: Path) -> None:
    norms = []
    for limit in (0.001, None):
        mine = Remembering()
        settings = {**SETTINGS, "optimizer": {**SETTINGS["optimizer"], "clip_norm": limit}, "engine": {"log_every": 1}}
        weaktal.train(
            tiny_dataset, method="mil", features="i3d", run=tmp_path / str(limit), settings=settings, loggers=[mine]
        )
        norms.append(next(value for name, value in mine.metrics[1].items() if name.endswith("gradient_norm")))
    assert norms[0] == pytest.approx(norms[1], rel=1e-5)
    assert norms[0] > 0.001


def test_one_bar_counts_all_phases(tiny_dataset: Path, tmp_path: Path) -> None:
    events: list[weaktal.Progress] = []
    weaktal.train(
        tiny_dataset, method="mil", features="i3d", run=tmp_path / "run", settings=SETTINGS, on_progress=events.append
    )
    assert [event.whole for event in events] == [(done, 4) for done in range(5)]


@pytest.mark.parametrize(("total", "said"), [(10**13, True), (30, False)])
def test_says_how_long_it_will_take_once_and_only_if_it_is_long(
    total: int, said: bool, caplog: pytest.LogCaptureFixture
) -> None:
    pace = Pace(total, 0, torch.device("cpu"))
    with caplog.at_level(logging.INFO, logger="weaktal"):
        for _ in range(FIRST + 5):
            pace.tick()
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == int(said)
    assert all("updates to go, about" in line and "on cpu" in line for line in lines)


def test_a_logger_by_name(tiny_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert isinstance(logger_named(f"{__name__}:Remembering"), Logger)
    for name, problem in (("nowhere:Logger", "cannot be made"), ("json:dumps", "cannot be made"), ("json", "names no")):
        with pytest.raises(InputError, match=problem):
            logger_named(name)
    words = ["train", str(tiny_dataset), "--method", "mil", "--features", "i3d", "--run", str(tmp_path / "run")]
    assert run([*words, "--logger", "collections:OrderedDict"]) == 2
    assert "--logger 'collections:OrderedDict': makes no logger" in capsys.readouterr().err
