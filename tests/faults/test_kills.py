"""Killed at file operations and at moments, and called twice at once: a sample of ``python -m tests.faults.kills``."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from random import Random

import pytest
from tests.faults import kills

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
EARLY = 8  # of the file operations of a demo: its world has just been begun
QUICK = [name for name, command in kills.COMMANDS.items() if not command.slow]


@pytest.fixture(scope="module", params=QUICK)
def trial(request: pytest.FixtureRequest, base: Path, tmp_path_factory: pytest.TempPathFactory) -> kills.Trial:
    return kills.Trial(base, request.param, tmp_path_factory.mktemp(request.param))


def test_the_same_command_goes_on_after_a_kill(trial: kills.Trial, request: pytest.FixtureRequest) -> None:
    random, places = Random(request.node.name), range(trial.operations)
    for place in sorted({0, trial.operations - 1, *random.sample(places, min(3, len(places)))}):
        assert not (problem := trial.killed(place)), f"killed at operation {place}: {problem}"
    after = random.random() * trial.seconds
    assert not (problem := trial.killed(None, after)), f"killed after {after:.3f} s: {problem}"


def test_of_two_calls_at_once_one_does_it_and_neither_breaks_the_other(trial: kills.Trial) -> None:
    ended, problem = trial.raced()
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


def test_a_killed_demo_does_not_block_itself(base: Path, tmp_path: Path) -> None:
    """The second one comes further: it is killed where it renders, and was not refused before."""
    folder, said = kills.world.copy(base, tmp_path / "work"), tmp_path / "said"
    words = kills.COMMANDS["demo"].words
    for operation in (EARLY, EARLY + 4):
        ended = kills.finished(kills.start(folder, words, at=operation, said=said), said)
        assert ended.code == -signal.SIGKILL, ended
