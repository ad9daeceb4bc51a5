"""``weaktal settings``, the settings of all methods, and their presets."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from weaktal.cli import run
from weaktal.config import SOURCES, described, load_settings
from weaktal.methods import METHODS, SETTINGS
from weaktal.methods.base import method_module, method_settings
from weaktal.methods.presets import preset_file, presets
from weaktal.runs.settings import OTHERS, settings, settings_kind

EVERYTHING = [*METHODS, *OTHERS]
PRESETS = [(method, preset) for method in METHODS for preset in presets(method)]


@pytest.mark.parametrize("of", EVERYTHING)
def test_every_setting_says_what_it_means_what_it_takes_and_who_says_so(of: str) -> None:
    for entry in described(settings_kind(of)()):
        assert entry.meaning.endswith("."), entry.key
        if not entry.group:
            assert entry.limits, entry.key
            assert entry.source in SOURCES, entry.key


@pytest.mark.parametrize(
    ("of", "key", "source"),
    [
        ("collab", "schedule.warm_up", "paper"),
        ("collab", "schedule.rounds", "open"),
        ("collab", "labels.background.high", "ours"),
        ("collab", "optimizer.lr", "ours"),
        ("collab", "mmsd.optimizer.lr", "code"),
        ("collab", "mmsd.optimizer.micro_batch", "ours"),
        ("mmsd", "decode.theta_loc", "code"),
        ("mmsd", "decode.theta_cls", "ours"),
        ("mmsd", "decode.score_floor", "ours"),
        ("mil", "decode.theta_cls", "open"),
    ],
)
def test_sources(of: str, key: str, source: str) -> None:
    assert {entry.key: entry.source for entry in described(settings_kind(of)())}[key] == source


@pytest.mark.parametrize(("of", "preset"), [*((of, None) for of in EVERYTHING), *PRESETS])
def test_what_it_prints_is_taken_back(
    of: str, preset: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["settings", of, *(["--preset", preset] if preset else [])]) == 0
    file = tmp_path / "settings.yaml"
    file.write_text(capsys.readouterr().out, encoding="utf-8")
    expected = load_settings(settings_kind(of), preset_file(of, preset) if preset else None)
    assert load_settings(settings_kind(of), file) == expected
    assert len(file.read_text(encoding="utf-8").splitlines()) > 20


def test_every_method_has_a_quick_preset_that_differs() -> None:
    for method in METHODS:
        assert "quick" in presets(method)
    same = {
        ("collab", "default"),
        ("collab", "quick"),
        ("mmsd", "default"),
    }  # what works is what holds without a preset
    for method, preset in PRESETS:
        is_default = load_settings(method_settings(method), preset_file(method, preset)) == method_settings(method)()
        assert is_default == ((method, preset) in same)


def test_settings_are_those_that_the_methods_are_built_from() -> None:
    assert METHODS.keys() == SETTINGS.keys()
    for method in METHODS:
        assert method_module(method).CONFIG is method_settings(method)


def test_searching_shows_what_speaks_of_it_and_is_taken_back(tmp_path: Path) -> None:
    found = settings("collab", preset="paper", search="learning rate")
    last = ["optimizer:", "lr: 0.0001"]
    keys = [line.strip() for line in found.splitlines() if line and not line.strip().startswith("#")]
    assert keys == ["mmsd:", "optimizer:", "lr: 5.0e-05", "schedule:", "decay_after: 70", "decay: 0.2", *last]
    assert "  # Learning rate. (> 0, <= 10) default 0.0003 [ours]\n  lr: 0.0001\n" in found
    (tmp_path / "some.yaml").write_text(found, encoding="utf-8")
    loaded = load_settings(method_settings("collab"), tmp_path / "some.yaml")
    assert loaded == load_settings(method_settings("collab"), overrides=["optimizer.lr=0.0001"])


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["colab"], "'colab'.*nearest is collab"),
        (["collab", "--preset", "quik"], "--preset: collab has no preset 'quik'; expected one of .*; nearest is quick"),
        (["decode", "--preset", "quick"], "--preset: decode has no preset"),
        (
            ["mil", "--search", "optimzer.lr"],
            "--search: mil .* with 'optimzer.lr'.*nearest is optimizer.lr",
        ),
    ],
)
def test_a_wrong_name_gets_one_line_with_the_nearest(
    words: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["settings", *words]) == 2
    captured = capsys.readouterr()
    assert not captured.out
    (error,) = captured.err.splitlines()
    assert re.search(line, error), error


def test_it_answers_without_torch() -> None:
    code = (
        "import sys; from weaktal.runs.settings import settings; "
        f"[settings(of) for of in {EVERYTHING}]; print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
