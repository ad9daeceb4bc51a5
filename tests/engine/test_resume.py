"""A run killed at any moment and resumed must end with the same weights, bit for bit."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from weaktal.engine.checkpoint import Checkpoints
from weaktal.engine.folder import TrainingFolder
from weaktal.files import sha256

UPDATES = 24
# Processes are forked from one that has imported torch and done nothing else: each would need seconds for it.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["weaktal.engine.trainer", "weaktal.runs.train"])


class Started:
    """A training in a process of its own, which reports each update, so that the test can kill it right there."""

    def __init__(self, words: list[str]) -> None:
        self.updates, reports = PROCESSES.Pipe(duplex=False)
        self.process: BaseProcess = PROCESSES.Process(target=_train, args=(words, reports))
        self.process.start()
        reports.close()


def _train(words: list[str], reports: Connection) -> None:
    """What the process does."""
    from weaktal.cli import run
    from weaktal.engine.trainer import Trainer

    tell = Trainer._tell

    def reporting(trainer: Any, phase: Any, position: Any, values: Any = None) -> None:
        tell(trainer, phase, position, values)
        if values is not None:
            reports.send(position.update)

    Trainer._tell = reporting  # type: ignore[method-assign]
    os._exit(run(words))


def _start(dataset: Path, folder: Path, method: str) -> Started:
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
    for setting in settings + (["model.heads=2", "model.context=3"] if method == "cbp" else []):
        words += ["--set", setting]
    return Started(words)


def _finish(training: Started) -> None:
    with contextlib.suppress(EOFError):
        while True:
            training.updates.recv()
    training.process.join(300)
    assert training.process.exitcode == 0


def _kill_after(training: Started, update: int, delay: float) -> None:
    while training.updates.recv() != update:
        pass
    time.sleep(delay)
    training.process.kill()
    training.process.join(60)
    assert training.process.exitcode == -signal.SIGKILL


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
        _kill_after(_start(tiny_dataset, folder, "cbp"), update, delay)
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
