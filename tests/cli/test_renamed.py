"""One thing has one name in all verbs; the old names of options are still taken, and said."""

from __future__ import annotations

import importlib
import typing
from collections import defaultdict
from pathlib import Path

import pytest
import typer

import weaktal
from weaktal.cli import VERBS, run
from weaktal.cli.renamed import RENAMED, todays_names


def function(verb: str) -> typing.Any:
    return getattr(importlib.import_module(f"weaktal.cli.{verb}_command"), verb if verb != "import" else "import_")


def options(verb: str) -> set[str]:
    app = typer.Typer()
    app.command()(function(verb))
    found = typer.main.get_command(app).params
    return {word for parameter in found for word in (*parameter.opts, *parameter.secondary_opts)}


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


def test_options_of_one_name_take_the_same_kind_of_value() -> None:
    """Several or one, needed or not: but never a flag in one verb, and a number or a word in another."""
    kinds: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for verb in VERBS:
        for name, hint in typing.get_type_hints(function(verb)).items():
            kinds[name.strip("_")][kind(hint)].add(verb)
    kinds.pop("return")
    differing = {name: dict(found) for name, found in kinds.items() if len(found) > 1}
    # The spreadsheet of find, and the word "known"; --scores of view may name what they belong to; --video of view is
    # a name, that of weights a file.
    assert differing.keys() == {"tags", "scores", "video"}


def kind(hint: typing.Any) -> str:
    """What a value is, whether it may be absent, and be given several times, or not."""
    inner = [one for one in typing.get_args(hint) if one is not type(None)]
    return kind(inner[0]) if inner else str(getattr(hint, "__name__", hint))


def test_an_option_that_meant_the_contrary_is_taken_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["extract", str(tmp_path), "--encoder", "world-cbp", "--into", str(tmp_path), "--strict"]) == 2
    assert capsys.readouterr().err.splitlines()[0] == "--strict is called --no-skip-broken now"


def test_python_takes_old_names_of_arguments_too(tmp_path: Path) -> None:
    with (
        pytest.warns(DeprecationWarning, match="precision is called correct_share now"),
        pytest.raises(weaktal.InputError, match="correct_share: is 7"),
    ):
        weaktal.find(tmp_path, tmp_path / "out", precision=7)
    with (
        pytest.warns(DeprecationWarning, match="strict is called not skip_broken now"),
        pytest.raises(weaktal.InputError, match="holds no video"),
    ):
        weaktal.extract(tmp_path, encoders="world-cbp", into=tmp_path, strict=True)
    with pytest.raises(TypeError, match="both take and look"):
        weaktal.extract(tmp_path, encoders="world-cbp", into=tmp_path, look={}, take={})
