from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from weaktal.extraction import prefetch
from weaktal.extraction.prefetch import Shared, merged, running_ahead


def test_background_keeps_order_runs_ahead_and_hands_on_errors() -> None:
    made: list[int] = []

    def numbers() -> Iterator[int]:
        for i in range(10):
            made.append(i)
            yield i
        raise RuntimeError("at the end")

    items = running_ahead(numbers(), depth=2)
    assert next(items) == 0
    deadline = time.monotonic() + 10
    while len(made) < 4 and time.monotonic() < deadline:  # two wait, a third is made already
        time.sleep(0.01)
    time.sleep(0.05)
    assert made == [0, 1, 2, 3]
    assert [next(items) for _ in range(9)] == list(range(1, 10))
    with pytest.raises(RuntimeError, match="at the end"):
        next(items)


def test_stages_overlap() -> None:
    """The next item is made while this one is used: both sides meet in the middle of their work."""
    meeting = threading.Barrier(2, timeout=10)

    def items() -> Iterator[int]:
        yield 0
        for i in (1, 2, 3):
            meeting.wait()
            yield i

    for item in running_ahead(items(), depth=1):
        if item < 3:
            meeting.wait()


def test_a_thread_that_does_not_answer_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefetch, "_PATIENCE", 0.1)
    answer = threading.Event()

    def items() -> Iterator[int]:
        yield 0
        answer.wait(30)
        yield 1

    ahead = running_ahead(items(), depth=1)
    assert next(ahead) == 0
    start = time.monotonic()
    ahead.close()
    assert time.monotonic() - start < 10
    answer.set()


def test_merged_iterators_share_what_there_is_and_all_of_it_arrives() -> None:
    together = threading.Barrier(2, timeout=10)
    shared = Shared(range(10))

    def worker(name: str) -> Iterator[tuple[str, int]]:
        for item in shared:
            if item < 2:
                together.wait()  # each worker has got one: neither takes them all
            yield name, item

    found = list(merged([worker("a"), worker("b")]))
    assert sorted(item for _, item in found) == list(range(10))
    assert {name for name, _ in found} == {"a", "b"}


def test_an_error_of_one_comes_out_and_the_others_are_closed() -> None:
    closed = threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 0
        finally:
            closed.set()

    def broken() -> Iterator[int]:
        yield 1
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        list(merged([endless(), broken()]))
    assert closed.wait(10)
