"""What the processes of a study are given. How they end, fail and go on is tested with ``ablate`` and several seeds."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from weaktal.studies import runner


@pytest.mark.parametrize(
    ("asked", "workers", "threads"),
    [(None, 2, "4"), (None, 16, "1"), ("1", 2, "1"), ("64", 2, "4"), ("0", 2, "4"), ("4,2", 2, "4"), ("", 2, "4")],
)
def test_a_process_has_its_share_of_the_cores_or_fewer_if_the_user_asks(
    asked: str | None, workers: int, threads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "available_cores", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if asked is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert runner._environment(workers, slot=0, gpus=0)["OMP_NUM_THREADS"] == threads


def test_processes_that_do_not_listen_end_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of them take no longer than one."""
    monkeypatch.setattr(runner, "GRACE", 0.5)
    deaf = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint(flush=True)\ntime.sleep(60)"
    words = [sys.executable, "-c", deaf]
    started = [subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True) for _ in range(3)]
    for process in started:
        assert process.stdout is not None
        process.stdout.readline()
    begun = time.monotonic()
    runner._stop([SimpleNamespace(process=process) for process in started])  # type: ignore[list-item]
    assert time.monotonic() - begun < 1.4  # one after the other they would take 1.5 s
    assert [process.wait() for process in started] == [-signal.SIGKILL] * 3
    for process in started:
        process.communicate()
