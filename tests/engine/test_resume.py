"""A run killed at any moment and resumed must end with the same weights, bit for bit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from weaktal.engine.checkpoint import Checkpoints
from weaktal.engine.folder import TrainingFolder
from weaktal.files import sha256

UPDATES = 24
# The child reports each update on standard output, so that the test can kill it right there.
PROGRAM = """
import sys
from weaktal.cli import run
from weaktal.engine.trainer import Trainer

tell = Trainer._tell
def reporting(self, phase, position, values=None):
    tell(self, phase, position, values)
    if values is not None:
        print(f"update {position.update}", flush=True)
Trainer._tell = reporting
sys.exit(run(sys.argv[1:]))
"""


def _start(dataset: Path, folder: Path, method: str) -> subprocess.Popen[str]:
    words = ["train", str(dataset), "--method", method, "--features", "i3d", "--run", str(folder), "--resume"]
    settings = [
        "schedule.epochs=2",
        f"schedule.updates_per_epoch={UPDATES // 2}",
        "optimizer.batch_size=4",
        "optimizer.micro_batch=3",
        "optimizer.lr=0.01",
        "model.width=16",
        "engine.checkpoint_every=5",
        "engine.log_every=1",
        "engine.tensorboard=false",
        "optimizer.max_snippets=12",
    ]
    for setting in settings + (["model.heads=2"] if method == "cbp" else []):
        words += ["--set", setting]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def _finish(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors


def _kill_after(process: subprocess.Popen[str], line: str, delay: float) -> None:
    assert process.stdout is not None
    for text in process.stdout:
        if text.strip() == line:
            break
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Path) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "run"
    _finish(_start(tiny_dataset, folder, "cbp"))
    return folder


# Before the first checkpoint, around one, between two, and at the last update; where exactly the kill falls varies.
@pytest.mark.parametrize(("kill_at", "delay"), [((2,), 0.0), ((5, 13), 0.002), ((10,), 0.02), ((4, 9, 24), 0.0)])
def test_killed_and_resumed_equals_never_killed(
    whole_run: Path, tiny_dataset: Path, tmp_path: Path, kill_at: tuple[int, ...], delay: float
) -> None:
    folder = tmp_path / "run"
    for update in kill_at:
        _kill_after(_start(tiny_dataset, folder, "cbp"), f"update {update}", delay)
        assert not list(folder.glob("checkpoints/0*/.*")), "a checkpoint with unfinished files in it"
    _finish(_start(tiny_dataset, folder, "cbp"))
    assert sha256(folder / "weights.safetensors") == sha256(whole_run / "weights.safetensors")
    assert (folder / "losses.csv").read_bytes() == (whole_run / "losses.csv").read_bytes()
    assert Checkpoints(TrainingFolder(folder)).latest() is None, "a finished run needs no checkpoint"


def test_another_seed_gives_other_weights(whole_run: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    """Without this, the test above could pass on weights that never move."""
    from tests.training import train

    settings = [
        "schedule.epochs=1",
        "schedule.updates_per_epoch=1",
        "optimizer.batch_size=4",
        "model.width=16",
        "model.heads=2",
        "engine.tensorboard=false",
    ]
    hashes = set()
    for seed in (0, 1):
        folder = train(
            tiny_dataset, method="cbp", features="i3d", run=tmp_path / str(seed), overrides=settings, seed=seed
        )
        hashes.add(sha256(folder.weights))
    assert len(hashes | {sha256(whole_run / "weights.safetensors")}) == 3
