"""``weaktal view`` from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from weaktal.cli import run
from weaktal.data.results import Results, write_results
from weaktal.segments import Segment


def test_default_page_lies_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    write_results(tmp_path / "results.json", Results({"v": [Segment(1.0, 2.0, "jump", 0.5)], "w": []}))
    assert run(["view", "results.json", "--video", "v"]) == 0
    said = capsys.readouterr()
    assert said.out == "1 video: view.html\nfound no browser to open it in\n"
    assert said.err == ""
    assert "jump" in (tmp_path / "view.html").read_text()
    assert run(["view", "results.json", "--count", "2", "--out", "new/page.html", "--no-browser"]) == 0
    assert capsys.readouterr().out == "2 videos: new/page.html\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.json"], "none.json: no such file or folder; expected a results file, or the folder of a run"),
        (["results.json", "--video", "x"], "--video: no video 'x'; expected one of 1 name; nearest is 'v'"),
        (["results.json", "--out", "results.json"], "results.json: replaces an input of this command"),
        (["results.json", "--protocol", "thumos"], "--protocol: no protocol 'thumos'; expected one of"),
    ],
)
def test_bad_input_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    write_results(tmp_path / "results.json", Results({"v": []}))
    assert run(["view", *arguments, "--no-browser"]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"weaktal: {said}")
    assert error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]
