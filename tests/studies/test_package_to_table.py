"""From a published package to a table: the five commands of the manual, on a small package of the same make."""

from __future__ import annotations

import csv
import runpy
import shlex
from pathlib import Path

import pytest

from weaktal.cli import run

ROOT = Path(__file__).parents[2]
TINY = {
    "mil": "schedule.epochs=1 schedule.updates_per_epoch=4 optimizer.batch_size=4 model.width=8",
    "cbp": "schedule.epochs=1 schedule.updates_per_epoch=4 optimizer.batch_size=4 model.width=8 model.heads=2",
    "mmsd": "schedule.epochs=2 schedule.vote_every=1 model.channels=8",
}


def commands() -> list[list[str]]:
    """The lines of the manual."""
    text = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8").partition("### From a package to a table")[2]
    return [shlex.split(line)[1:] for line in text.split("```")[1].splitlines() if line]


@pytest.mark.slow
@pytest.mark.usefixtures("trainings_here")
def test_five_commands_make_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    size = ["--train", "8", "--test", "5", "--classes", "2", "--dim", "8"]
    script = ROOT / "benchmarks" / "look_alike.py"
    monkeypatch.setattr("sys.argv", [str(script), "PACKAGE", *size])
    runpy.run_path(str(script), run_name="__main__")
    lines = commands()
    assert len(lines) <= 5
    for words in lines:
        method = words[words.index("--method") + 1] if words[0] == "train" else ""
        tiny = TINY[method].split() if method else []
        extra = [word for setting in [*tiny, "engine.tensorboard=false"] for word in ("--set", setting)] if tiny else []
        seeds = "0-1" if method == "mil" else "0"
        fewer = [seeds if word == "0-2" else word for word in words]
        assert run([*fewer, *extra, *(["--out", "table.csv"] if words[0] == "compare" else [])]) == 0
    with Path("table.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    ours = [row for row in rows if row["kind"] == "ours"]
    assert [(row["name"], row["n"]) for row in ours] == [("mil", "2"), ("cbp", "1"), ("mmsd", "1")]
    assert all(row["low"] and row["high"] for row in ours)
    assert any(row["name"] == "MMSD" and row["kind"] == "published" for row in rows)
    assert r"\begin{tabular}" in Path("table.tex").read_text()
