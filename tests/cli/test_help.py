"""Help texts as they look on terminals of 80 columns and more."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from weaktal.cli import PANELS, VERBS, run


@pytest.fixture
def help_of(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """The help of a verb on a terminal of so many columns."""
    monkeypatch.setenv("NO_COLOR", "1")

    def text(verb: str, columns: int = 80) -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        assert run([verb, "--help"]) == 0
        return capsys.readouterr().out

    return text


@pytest.mark.parametrize("columns", [80, 100, 120])
@pytest.mark.parametrize("verb", VERBS)
def test_paragraphs_and_cells_are_filled(verb: str, columns: int, help_of: Callable[..., str]) -> None:
    """A line ends only where the next word would not have fit: the source's own line breaks are not shown."""
    text, _, tables = help_of(verb, columns).partition("╭")
    lines = [line.strip() for line in text.splitlines()]
    for line, after in pairwise(lines):
        if line and after and not line.startswith("Usage:"):
            assert len(line) + 1 + len(after.split()[0]) > columns - 2, line
    for line in tables.splitlines():
        assert len(line) <= columns
    for rows in panels(tables):
        column = max((len(row) - len(row.lstrip()) for row in rows), default=0)  # where the meanings begin
        for one, other in pairwise(rows):
            after = other[column:].split()
            if column > len("* ") and not other[:column].strip() and after and not after[0].startswith("["):
                assert len(one) + 1 + len(after[0]) > columns - 3, one


@pytest.mark.parametrize("verb", ["compare", "import"])
def test_on_a_narrow_terminal_no_name_is_cut_off(verb: str, help_of: Callable[..., str]) -> None:
    whole, narrow = help_of(verb), help_of(verb, 60)
    assert set(re.findall(r"--[a-z-]+", whole)) == set(re.findall(r"--[a-z-]+", narrow))
    assert not {"…", "│", "**"} & set(narrow.split())
    assert all(len(line) <= 60 or line.lstrip().startswith("kind <") for line in narrow.splitlines())


def panels(text: str) -> Iterator[list[str]]:
    """The rows of each box, without its borders."""
    for box in text.split("╭"):
        yield [row.strip("│").rstrip() for row in box.splitlines() if row.startswith("│")]


def test_options_of_compose_are_grouped_by_kind_of_clip(help_of: Callable[..., str]) -> None:
    text = help_of("compose")
    titles = ("Both kinds of clips", "Clips that are features", "Clips that are videos")
    places = [text.index(word) for word in (titles[0], "--seed", titles[1], "--pool", titles[2], "--fps")]
    assert places == sorted(places)


def test_verbs_are_grouped_and_none_is_left_out() -> None:
    grouped = [verb for verbs in PANELS.values() for verb in verbs]
    assert set(VERBS) <= set(grouped)
    assert len(grouped) == len(set(grouped))
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "weaktal", "-h"]
    text = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert [text.index(f"─ {title} ─") for title in PANELS] == sorted(text.index(f"─ {title} ─") for title in PANELS)
    assert "\x1b" not in text


@pytest.mark.parametrize(("line", "expected"), [("weaktal comp", "compare"), ("weaktal compare --da", "--dataset")])
def test_shells_complete_verbs_and_options(line: str, expected: str) -> None:
    asked = {"_WEAKTAL_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1)}
    command = [sys.executable, "-m", "weaktal"]
    done = subprocess.run(command, env={**os.environ, **asked}, capture_output=True, text=True, check=False)
    assert expected in done.stdout.split()


def test_quiet_says_what_is_asked_for_and_nothing_else(
    tiny_dataset: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    quick = ["--set", "schedule.epochs=1", "--set", "schedule.updates_per_epoch=3", "--set", "engine.tensorboard=false"]
    words = ["train", str(tiny_dataset), "--method", "mil", "--features", "i3d", *quick]
    assert run([*words, "--run", str(tmp_path / "a")]) == 0
    said = capfd.readouterr()
    assert "3/3" in said.err
    assert "mil on" in said.out
    assert run([*words, "--run", str(tmp_path / "b"), "-q"]) == 0
    assert capfd.readouterr() == (f"{tmp_path / 'b' / 'weights.safetensors'}\n", "")
    assert run(["-q"]) == 2


MISSPELT = [
    ["train", "d", "--method", "mil", "--features", "i3d", "--run", "r", "--seeds", "0-"],
    ["train", "d", "--method", "mil", "--features", "other", "--run", "r"],
    ["localize", "RUN", "DATASET", "--branch", "bth", "--out", "o"],
    ["localize", "RUN", "DATASET", "--set", "theta_clss=1", "--out", "o"],
    ["view", "RUN", "--branch", "bth", "--out", "o.html"],
    ["localize", "RUN", "DATASET", "--subset", "tst", "--out", "o"],
    ["localize", "--zero-shot", "a,b", "v.mp4", "--set", "theta_clss=1", "--out", "o"],
    ["ablate", "d", "--features", "i3d", "--vlp-features", "i3d", "--out", "o", "--tables", "7"],
    ["ablate", "DATASET", "--features", "i3d", "--vlp-features", "i3d", "--out", "o", "--protocol", "thumos15"],
    ["reproduce", "thumos15", "--dataset", "DATASET", "--out", "o"],
    ["extract", "v.mp4", "--encoder", "world-vlp", "--into", "d", "--device", "gpu"],
    ["extract", "nowhere.mp4", "--encoder", "world-vlp", "--into", "d"],
    ["extract", "DATASET", "--encoder", "i3d", "--into", "d", "--weights", "nope"],
    ["localize", "--zero-shot", "a,b", "v.mp4", "--out", "o", "--weights", "nope"],
    ["find", "v.mp4", "--out", "o", "--preset", "quik"],
    ["find", "DATASET", "--out", "o", "--weights", "nope"],
]


def test_what_is_misspelt_is_refused_before_torch_is_imported(tiny_dataset: Path, tmp_path: Path) -> None:
    """Importing it takes seconds."""
    quick = ["--set", "schedule.epochs=1", "--set", "schedule.updates_per_epoch=1", "--set", "engine.tensorboard=false"]
    place = str(tmp_path / "run")
    assert run(["train", str(tiny_dataset), "--method", "mil", "--features", "i3d", "--run", place, *quick]) == 0
    given = {"DATASET": str(tiny_dataset), "d": str(tiny_dataset), "RUN": place}
    lines = [[given.get(word, word) for word in line] for line in MISSPELT]
    code = (
        "import json, sys; from weaktal.cli import run; "
        "print([line for line in json.loads(sys.argv[1]) if run(line) != 2 or 'torch' in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(lines)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
    assert len(done.stderr.splitlines()) == len(lines), "a line for each"
