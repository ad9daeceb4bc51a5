"""Where a run's settings come from, what goes over what, and how they are kept."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from weaktal.cli import run
from weaktal.config import load_settings
from weaktal.errors import InputError
from weaktal.methods.mil_config import MilConfig, PoolingConfig, ScheduleConfig
from weaktal.runs.train import train

SHORT: dict[str, Any] = {"schedule": {"epochs": 1, "updates_per_epoch": 2}, "engine": {"tensorboard": False}}


def kept(folder: Path) -> tuple[MilConfig, MilConfig, str | None]:
    """The settings in run.json, those in settings.yaml, and the preset."""
    info = json.loads((folder / "run.json").read_text())
    return MilConfig(**info["settings"]), load_settings(MilConfig, folder / "settings.yaml"), info["preset"]


def test_preset_then_file_then_mapping_then_single_values(tiny_dataset: Path, tmp_path: Path) -> None:
    file = tmp_path / "some.yaml"
    file.write_text("optimizer: {lr: 0.5, weight_decay: 0.5, clip_norm: 0.5, max_snippets: 5}\n")
    given = {**SHORT, "optimizer": {"weight_decay": 0.25, "clip_norm": 0.25}}
    words = {"method": "mil", "features": "i3d", "run": tmp_path / "run", "preset": "quick", "config": file}
    train(tiny_dataset, **words, settings=given, overrides=["optimizer.clip_norm=0.125"])
    in_info, in_yaml, preset = kept(tmp_path / "run")
    assert in_info == in_yaml
    optimizer = in_info.optimizer
    values = (optimizer.batch_size, optimizer.lr, optimizer.weight_decay, optimizer.clip_norm, optimizer.betas)
    assert values == (16, 0.5, 0.25, 0.125, (0.9, 0.999))
    assert in_info.schedule == ScheduleConfig(epochs=1, updates_per_epoch=2)
    assert preset == "quick"
    text = (tmp_path / "run/settings.yaml").read_text()
    assert "  # Videos in an update. (videos, 1 to 65536) default 64 [paper]\n  batch_size: 16\n" in text


def test_settings_as_an_object(tiny_dataset: Path, tmp_path: Path) -> None:
    settings = MilConfig(**SHORT, pooling=PoolingConfig(divisor=3))
    train(tiny_dataset, method="mil", features="i3d", run=tmp_path / "run", settings=settings)
    assert kept(tmp_path / "run") == (settings, settings, None)
    with pytest.raises(InputError, match="holds every setting; expected a mapping of some settings beside preset"):
        train(tiny_dataset, method="mil", features="i3d", run=tmp_path / "b", settings=settings, preset="quick")
    assert not (tmp_path / "b").exists()


def test_a_preset_at_the_shell(tiny_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", str(tiny_dataset), "--method", "mil", "--features", "i3d", "--run", str(tmp_path / "run")]
    short = ["--set", "schedule.epochs=1", "--set", "schedule.updates_per_epoch=1"]
    assert run([*words, *short, "--preset", "quick"]) == 0
    settings, _, _ = kept(tmp_path / "run")
    assert settings.optimizer.batch_size == 16
    # The same settings by other means are the same run.
    equal = ["--set", "optimizer.batch_size=16", "--set", "optimizer.lr=3e-4"]
    assert run([*words, *short, *equal, "--resume"]) == 0
    capsys.readouterr()
    words[-1] = str(tmp_path / "other")
    assert run([*words, "--preset", "quik"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "weaktal: --preset: mil has no preset 'quik'; expected one of quick; nearest is quick"
    ]
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("manifest", "warning"),
    [
        ({"encoder": "i3d"}, "weights and flow that these features were made with are not known"),
        ({"encoder": "i3d", "last_window": "padded by repeating the last frame"}, None),
        ({"encoder": "a network of somebody else"}, None),  # localizing video files refuses it
    ],
)
def test_who_trains_on_features_of_unknown_making_is_told(
    manifest: dict[str, str],
    warning: str | None,
    tiny_dataset: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    shutil.copytree(tiny_dataset, tmp_path / "dataset")
    features = tmp_path / "dataset/features/i3d"
    (features / "manifest.json").write_text(json.dumps({"fps": 1.0, "window": 1, "stride": 1, "dim": 16, **manifest}))
    with pytest.raises(InputError, match="vlp_features"):  # which is seen last, and spares the training
        train(tmp_path / "dataset", method="collab", features="i3d", run=tmp_path / "run")
    told = [message for message in caplog.messages if "not known" in message]
    assert len(told) == (warning is not None)
    assert warning is None or warning in told[0]
