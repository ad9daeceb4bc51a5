"""Killed at file operations and at moments, and called twice at once: a sample of ``python -m tests.faults.kills``."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from random import Random

import pytest
from tests.faults import kills

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
QUICK = [name for name, command in kills.COMMANDS.items() if not command.slow]
KILLS = 4  # of each command


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kills.prepared(tmp_path_factory.mktemp("kills") / "base")


@pytest.mark.parametrize("name", QUICK)
def test_the_same_command_goes_on_after_a_kill(base: Path, name: str, tmp_path: Path) -> None:
    trial, random = kills.Trial(base, name, tmp_path), Random(name)
    places = {0, 1, 2, trial.operations - 1, *random.sample(range(trial.operations), min(KILLS, trial.operations))}
    for place in sorted(places & set(range(trial.operations))):
        assert not (problem := trial.killed(place)), f"killed at operation {place}: {problem}"
    for _ in range(2):
        after = random.random() * trial.seconds
        assert not (problem := trial.killed(None, after)), f"killed after {after:.3f} s: {problem}"


@pytest.mark.parametrize("name", QUICK)
def test_of_two_calls_at_once_one_does_it_and_neither_breaks_the_other(base: Path, name: str, tmp_path: Path) -> None:
    ended, problem = kills.Trial(base, name, tmp_path).raced()
    assert not problem, (ended, problem)


def test_the_second_training_is_told_who_is_at_work(base: Path, tmp_path: Path) -> None:
    """Also when it asks to resume."""
    folder, said = kills.world.copy(base, tmp_path / "work"), tmp_path / "said"
    endless = ["--set", "schedule.updates_per_epoch=65536"]
    first = kills.start(folder, [*kills.world.train(), *endless], said=tmp_path / "first")
    try:
        while not (folder / "run" / "run.json").exists():
            assert os.waitpid(first, os.WNOHANG) == (0, 0), (tmp_path / "first").read_text()
            time.sleep(0.01)
        second = kills.finished(kills.start(folder, [*kills.world.train("--resume"), *endless], said=said), said)
    finally:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):  # where it ended by itself
            os.kill(first, 9)
            kills.finished(first)
    assert second.code == 2
    (line,) = second.said.splitlines()
    assert line.startswith("weaktal: run: another weaktal is at work there (process ")


@pytest.mark.slow
def test_a_killed_demo_does_not_block_itself(base: Path, tmp_path: Path) -> None:
    trial = kills.Trial(base, "demo", tmp_path)
    assert not (problem := trial.killed(trial.operations // 2)), problem
