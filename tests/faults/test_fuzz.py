"""A short walk through damaged files, and every one that ever failed; ``python -m tests.faults.fuzz`` walks further."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.faults import fuzz


@pytest.mark.parametrize("kind", fuzz.KINDS)
def test_undamaged_files_do(base: Path, kind: str) -> None:
    path, (_, _, uses) = fuzz.file_of(base, kind), fuzz.KINDS[kind]
    if kind in ("class-vectors", "decode-settings"):  # whose commands stop early: only what they read counts
        pytest.skip("its command goes no further than the file")
    for use in range(len(uses)):
        assert fuzz.tried(base, kind, (base / path).read_bytes(), use).kind == fuzz.GOOD


@pytest.mark.parametrize("name", sorted(path.name for path in fuzz.CORPUS.iterdir() if path.name[0] != "."))
def test_what_failed_once_does_not_fail_again(base: Path, name: str) -> None:
    kind, use = fuzz.stored(name)
    outcome = fuzz.tried(base, kind, (fuzz.CORPUS / name).read_bytes(), use)
    assert outcome.kind != fuzz.ELSE, outcome.why


@pytest.mark.parametrize("use", ["while True: pass", "time.sleep(5)"])
def test_neither_computing_nor_waiting_for_ever_is_waited_for(use: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "PATIENCE", 0.05)
    monkeypatch.setattr(fuzz, "WAITING", 0.3)
    begun = time.monotonic()
    with pytest.raises(TimeoutError, match=r"0\.05 s|0\.3 s"), fuzz._deadline():
        exec(use)
    assert time.monotonic() - begun < 4


@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from(sorted(fuzz.KINDS)), seed=st.integers(0, 2**32))
def test_damaged_files_are_refused_in_one_line(base: Path, kind: str, seed: int) -> None:
    outcome, _, _ = fuzz.case(base, kind, Random(seed))
    assert outcome.kind != fuzz.ELSE, outcome.why
