"""Progress where there is no terminal: few lines, each once."""

from __future__ import annotations

import io

from rich.console import Console

from weaktal.cli import extract_command
from weaktal.progress import Progress, advancing, showing


def test_a_line_at_every_tenth() -> None:
    stream = io.StringIO()
    with advancing(Console(file=stream), "working") as advance:
        for done in range(101):
            advance(done / 100)
        advance(1.7)
    assert stream.getvalue().splitlines() == [f"working {percent} %" for percent in range(10, 101, 10)]


def test_steps_that_were_leapt_over_are_not_said() -> None:
    stream = io.StringIO()
    with advancing(Console(file=stream), "working") as advance:
        advance(0.05)
        advance(0.75)
        advance(0.76)
        advance(1.0)
    assert stream.getvalue().splitlines() == ["working 70 %", "working 100 %"]


def test_a_bar_on_a_terminal() -> None:
    stream = io.StringIO()
    with advancing(Console(file=stream, force_terminal=True, width=80), "working") as advance:
        advance(1.0)
    assert "100%" in stream.getvalue()


def test_the_share_stays_between_none_and_all() -> None:
    shares = [Progress("videos", done, total, "s").share for done, total in ((0, 0), (1, 4), (5, 4))]
    assert shares == [0, 0.25, 1]


def test_a_bar_says_how_fast_it_goes() -> None:
    stream = io.StringIO()
    with showing(Console(file=stream, force_terminal=True, width=120)) as show:
        for done in range(5):
            show(Progress("warm-up", done, 4, "updates"))
    assert "updates/s" in stream.getvalue()


def test_parts_of_one_work_share_a_bar() -> None:
    stream = io.StringIO()
    with showing(Console(file=stream, force_terminal=True, width=100)) as show:
        show(Progress("warm-up", 10, 10, "updates", whole=(10, 30)))
        show(Progress("background-1", 5, 20, "updates", whole=(15, 30)))
    last = stream.getvalue()
    assert "15/30" in last
    assert "background-1" in last
    assert "5/20" not in last.replace("15/30", "")


def test_the_bar_of_extraction_before_and_after_its_end_is_known() -> None:
    stream = io.StringIO()
    with showing(Console(file=stream, force_terminal=True, width=120), *extract_command._columns()) as show:
        show(Progress("videos", 0, 0, "s"))
        assert "0 s of video" in stream.getvalue()
        show(Progress("videos", 3, 9, "s"))
    assert "3 of 9 s of video" in stream.getvalue()
