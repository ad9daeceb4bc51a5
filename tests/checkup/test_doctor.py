"""``weaktal doctor``: what it says here, and where things are missing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from weaktal.checkup.doctor import doctor
from weaktal.cli import run


def test_names_what_is_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"]) == 0
    printed = capsys.readouterr().out
    for word in ("torch", "cpu", "weights", "everything necessary is installed"):
        assert word in printed


def test_weights_in_a_folder_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEAKTAL_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    (tmp_path / "clip-vit-b16").mkdir()
    (tmp_path / "clip-vit-b16" / "config.json").touch()
    (tmp_path / "rgb_imagenet.pt").write_bytes(b"abc")
    said = doctor().weights
    assert said["clip-vit-b16"] == f"{tmp_path / 'clip-vit-b16'} (a folder with config.json)"
    assert said["i3d-rgb"].startswith(f"{tmp_path / 'rgb_imagenet.pt'} (3 bytes, ")
    assert said["i3d-flow"].startswith("missing: weaktal weights fetch i3d-flow")


def test_the_self_test_goes_the_whole_way() -> None:
    found = doctor(test=True)
    assert found.healthy, found.test
    assert found.test is not None
    assert found.test.startswith("trained, localized and scored in")


def test_says_what_is_missing_and_what_for() -> None:
    """In a process where optional packages, and one that nothing goes without, cannot be imported."""
    program = (
        "import sys\n"
        "for name in ('av', 'transformers', 'safetensors', 'torch'): sys.modules[name] = None\n"
        "from weaktal.cli import main; main(['doctor'])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "package   av  missing: needed for reading and writing video files" in done.stdout
    assert "pip install 'weaktal[video]'" in done.stdout
    assert "safetensors  missing: needed, which weaktal requires" in done.stdout
    assert "PyTorch cannot be imported" in done.stdout


def test_json_stands_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["healthy"] is True
    assert {"packages", "devices", "weights", "notes"} <= found.keys()
