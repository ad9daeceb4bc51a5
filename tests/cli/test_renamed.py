"""One thing has one name in all verbs; the old names of options are still taken, and said."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import typer

from weaktal.cli import VERBS, run
from weaktal.cli.renamed import RENAMED, todays_names


def options(verb: str) -> set[str]:
    module = importlib.import_module(f"weaktal.cli.{verb}_command")
    app = typer.Typer()
    app.command()(getattr(module, verb if verb != "import" else "import_"))
    return {word for parameter in typer.main.get_command(app).params for word in parameter.opts}


@pytest.mark.parametrize("verb", RENAMED)
def test_old_names_lead_to_options_and_are_none_themselves(verb: str) -> None:
    assert verb in VERBS
    known = options(verb)
    assert set(RENAMED[verb].values()) <= known
    assert not set(RENAMED[verb]) & known


def test_an_old_name_is_taken_and_said(tmp_path: Path, npy_package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["import", "thumos14", str(npy_package), str(tmp_path / "out")]
    assert run([*words, "--encoder=../x"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "--encoder is called --features now"
    assert said[1].startswith("weaktal: --features: is '../x'")
    assert todays_names(["extract", "--encoder", "i3d", "--name", "x"]) == [
        "extract",
        "--encoder",
        "i3d",
        "--features",
        "x",
    ]
