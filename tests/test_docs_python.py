"""docs/python.md: every example runs, in the order of the page; and the front door is light."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import make_dataset

import weaktal
from weaktal.data.annotations import read_tags
from weaktal.video.encoding import writing_video

PAGE = Path(__file__).parents[1] / "docs/python.md"


def examples() -> list[str]:
    """The Python blocks of the page."""
    return re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def write_blinking(path: Path, seconds: float, seed: int) -> None:
    """A picture with a square that moves now and then."""
    random = np.random.default_rng(seed)
    place = 10
    with writing_video(path, fps=10, width=64, height=48) as write:
        for frame in range(round(10 * seconds)):
            place = (place + (3 if frame % 40 < 20 else 0)) % 40
            picture = random.integers(90, 110, (48, 64, 3), dtype=np.uint8)
            picture[10:30, place : place + 15] = 200
            write(picture)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the page's reader stands: DATASET with videos, and my.mp4."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WEAKTAL_CACHE", str(tmp_path / "cache"))
    dataset = make_dataset(tmp_path / "DATASET", train=4, test=2)
    (dataset / "videos").mkdir()
    for seed, video in enumerate(read_tags(dataset).videos.values()):
        write_blinking(dataset / "videos" / f"{video.name}.mp4", video.duration, seed)
    write_blinking(tmp_path / "my.mp4", 6.0, 99)
    return tmp_path


@pytest.mark.slow
def test_every_example_runs_in_order(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    for block in examples():
        exec(compile(block, str(PAGE), "exec"), names)
    said = capsys.readouterr().out
    assert "6 videos (4 training, 2 validation), 3 classes (jump, run, throw)" in said
    assert "videos: 100%" in said
    assert "mil on world-cbp of 4 videos, 3 classes, seed 0" in said
    assert "branch: no branch 'vlp'; expected none" in said
    assert (folder / "segments.csv").read_text().startswith("video,start,end,label,score\nmy,")
    assert sorted(path.name for path in folder.iterdir()) == [
        "DATASET", "cache", "my.mp4", "results.json", "runs", "segments.csv",
    ]  # fmt: skip


def test_the_table_of_verbs_is_whole() -> None:
    listed = set(re.findall(r"^\| `weaktal\.(\w+)\(", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    functions = {name for name in weaktal.__all__ if inspect.isfunction(getattr(weaktal, name))}
    assert listed == functions - {"load", "fetch_weights"}


@pytest.mark.parametrize("name", weaktal.__all__)
def test_every_name_is_there_and_documented(name: str) -> None:
    found = getattr(weaktal, name)
    assert found.__doc__
    assert name in dir(weaktal)


def test_importing_is_light() -> None:
    heavy = ("torch", "numpy", "pydantic", "rich", "typing", "weaktal.")
    code = f"import sys, weaktal; print([name for name in sys.modules if name.startswith({heavy})])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "['weaktal.version']\n"


def test_an_unknown_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'tarin'"):
        weaktal.tarin  # noqa: B018
