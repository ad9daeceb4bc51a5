"""What the processes of a study are given. How they end, fail and go on is tested with ``ablate`` and several seeds."""

from __future__ import annotations

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
