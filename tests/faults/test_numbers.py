"""Every option of every verb that takes a number, given numbers that nobody should: one line, and nothing begins."""

from __future__ import annotations

import importlib
import inspect
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest

from weaktal.cli import VERBS, run

# A command line of each verb that ends early with code 2: an input is missing, or the output is there already.
LINES = {
    "find": ["none", "--out", "out"],
    "demo": ["--quick", "--out", "there"],
    "extract": ["none", "--encoder", "world-rgb", "--into", "out"],
    "train": ["none", "--method", "mil", "--features", "i3d", "--run", "out"],
    "localize": ["none", "none", "--out", "out"],
    "compose": ["none", "out"],
    "evaluate": ["none", "none"],
    "export": ["none", "--to", "csv", "--out", "out.csv"],
    "view": ["none", "--no-browser", "--out", "out.html"],
    "diagnose": ["none", "none"],
    "compare": ["none", "--dataset", "none"],
    "ablate": ["none", "--features", "i3d", "--vlp-features", "scene", "--out", "out"],
    "import": ["thumos14", "none", "out"],
    "reproduce": ["thumos14", "--dataset", "none", "--out", "out"],
    "world": ["there", "--train", "1", "--test", "1"],
}
ABSURD = ["9" * 30, "9" * 5000, "1e400", "nan", "-inf", ""]
EDGES = ["0", "-1", "5e-324"]
# Options whose text holds numbers, and texts that are none of theirs.
TEXTS = {
    "seeds": ["-1", "5-1", "0-" + "9" * 30, "9" * 5000, "nan", "\u00b2", "", "0,0"],
    "tiou": ["nan", "0:1:0", "0:1:1e-9", "1:0:0.1", "-1:2:0.5", "-9e999:9e999:1", "0.5:inf:0.1", "9" * 5000, ""],
    "size": ["0x0", "-2x-2", f"{'9' * 30}x2", "nanxnan", "2x", "9" * 5000],
    "classes_per_video": ["nan", "--", "9" * 5000],
    "instances_per_video": ["nan", "--", "9" * 5000],
    "instance_snippets": ["nan", "--", "9" * 5000],
    "gap_snippets": ["nan", "--", "9" * 5000],
    "instance_seconds": ["one", "--"],
    "gap_seconds": ["one", "--"],
    "streams": ["a=x:y", "a=1", f"a={'9' * 5000}:1"],
}
LATER = {"tiou", "size"}  # which are looked at with the inputs


def options(verb: str) -> Iterator[tuple[str, bool]]:
    """Names of a verb's parameters, and whether they are numbers."""
    module = importlib.import_module(f"weaktal.cli.{verb}_command")
    function = getattr(module, verb if verb != "import" else "import_")
    for name, parameter in inspect.signature(function, eval_str=True).parameters.items():
        kind = typing.get_args(parameter.annotation)[0]
        yield name, bool({kind, *typing.get_args(kind)} & {int, float})


NUMBERS = [(verb, name) for verb in VERBS for name, number in options(verb) if number]
WORDS = [(verb, name) for verb in VERBS for name, _ in options(verb) if name in TEXTS]


def refused(verb: str, name: str, value: str, capsys: pytest.CaptureFixture[str], *, named: bool) -> None:
    option = f"--{name.replace('_', '-')}"
    code = run([verb, *LINES[verb], f"{option}={value}"])
    said = capsys.readouterr()
    (line,) = said.err.splitlines()
    assert code == 2, (value[:40], line)
    assert line.startswith("weaktal: ")
    assert not named or option in line, (value[:40], line)
    assert sorted(path.name for path in Path().iterdir()) == ["there"]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there").mkdir()
    Path("there/of_others").touch()


@pytest.mark.parametrize(("verb", "name"), NUMBERS)
def test_absurd_numbers_are_refused_by_the_name_of_their_option(
    verb: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for value in ABSURD:
        refused(verb, name, value, capsys, named=True)
    for value in EDGES:
        refused(verb, name, value, capsys, named=False)


@pytest.mark.parametrize(("verb", "name"), WORDS)
def test_texts_that_hold_absurd_numbers_are_refused_too(
    verb: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for value in TEXTS[name]:
        refused(verb, name, value, capsys, named=name not in LATER)


def test_all_verbs_with_numbers_are_tried() -> None:
    assert {verb for verb, _ in NUMBERS + WORDS} <= set(LINES)
    assert len(NUMBERS) > 30
