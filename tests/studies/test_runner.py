"""What the processes of a study are given. How they end, fail and go on is tested with ``ablate`` and several seeds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
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
    """All are asked before any is waited for, and killed before any is waited for again."""
    monkeypatch.setattr(runner, "GRACE", 0.3)
    sent, send = [], os.killpg
    monkeypatch.setattr(os, "killpg", lambda group, kind: (sent.append((group, kind)), send(group, kind)))
    deaf = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint(flush=True)\ntime.sleep(60)"
    words = [sys.executable, "-c", deaf]
    started = [subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True) for _ in range(3)]
    for process in started:
        assert process.stdout is not None
        process.stdout.readline()
    runner._stop([SimpleNamespace(process=process) for process in started])  # type: ignore[list-item]
    assert sent == [(process.pid, kind) for kind in (signal.SIGTERM, signal.SIGKILL) for process in started]
    assert [process.wait() for process in started] == [-signal.SIGKILL] * 3
    for process in started:
        process.communicate()
