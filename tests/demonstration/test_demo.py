"""The demo as a user calls it: everything is there at the end, and nothing where it was stopped."""

from __future__ import annotations

import html
import io
import json
import shlex
from pathlib import Path

import pytest
from rich.console import Console

from weaktal.cli import run
from weaktal.data.annotations import read_annotations
from weaktal.data.results import read_results
from weaktal.demonstration.demo import QUICK, demo
from weaktal.demonstration.steps import BRANCHES, Size, command_line
from weaktal.encoders.world.shipped import read_index
from weaktal.errors import InputError

needs_weights = pytest.mark.skipif(not read_index().weights, reason="the encoders' weights are not in the package")
SMALL = Size(1, 1, QUICK.settings)


@pytest.mark.slow
@needs_weights
def test_the_whole_way_and_what_to_try_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, cache = tmp_path / "my demo", tmp_path / "cache"
    assert run(["demo", "--quick", "--out", str(out), "--cache", str(cache), "--workers", "2"]) == 0
    said = capsys.readouterr()
    page = (out / "report.html").read_text(encoding="utf-8")
    truth = read_annotations(out / "dataset")
    test = truth.subset("validation")
    assert len(truth.videos) == QUICK.train + QUICK.test
    assert not any(video.segments for video in truth.subset("training").values())
    learned = {label for video in truth.subset("training").values() for label in video.labels}
    assert learned == set(truth.classes) == set(QUICK.actions)
    for name in BRANCHES:
        assert f"  {name} " in said.out
        assert f"  {name:8s}   0.0 %" not in said.out
        assert set(read_results(out / "results" / f"{name}.json").videos) == set(test)
        assert f"--branch {name}" in page
    assert page.count('"film":') == len(test)
    assert all(f'"name":"{name}"' in page for name in test)
    assert f"--actions {shlex.quote(','.join(QUICK.actions))}" in html.unescape(page)
    assert str(out / "report.html") in said.out
    assert "extracting 50 %" in said.err
    commands = [line.strip() for line in said.out.split("next, try:")[1].splitlines() if line.strip()]
    assert len(commands) == 3
    for command in commands:
        words = shlex.split(command)
        assert words[0] == "weaktal"
        assert run(words[1:]) == 0, capsys.readouterr().err
    assert json.loads((out / "one-video.json").read_text())["results"]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


class Stopper(io.StringIO):
    """A screen at which the user presses Ctrl-C as soon as it shows something."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word = word

    def write(self, text: str) -> int:
        if self.word in text:
            raise KeyboardInterrupt
        return super().write(text)


@pytest.mark.slow
@needs_weights
@pytest.mark.parametrize("word", ["rendering 50 %", "extracting 50 %", "background-1"])
def test_a_demo_that_is_stopped_leaves_nothing_but_the_world(tmp_path: Path, word: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        demo(tmp_path / "out", size=SMALL, workers=1, cache=tmp_path / "cache", console=Console(file=Stopper(word)))
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["cache"]
    kept = list((tmp_path / "cache").iterdir())
    assert len(kept) == (0 if "rendering" in word else 1)
    assert not any(path.name.startswith(".") for path in kept)


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_exists_is_refused_before_any_work(tmp_path: Path, kind: str) -> None:
    out = tmp_path / "out"
    if kind == "file":
        out.write_text("mine")
    else:
        out.mkdir()
    stream = io.StringIO()
    with pytest.raises(InputError, match="out"):
        demo(out, size=SMALL, cache=tmp_path / "cache", console=Console(file=stream))
    assert stream.getvalue() == ""
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_commands_are_quoted() -> None:
    line = command_line(["localize", Path("a b/run"), "--seed", 3])
    assert line == "weaktal localize 'a b/run' --seed 3"
