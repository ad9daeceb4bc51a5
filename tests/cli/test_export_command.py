from __future__ import annotations

from pathlib import Path

import pytest

from weaktal import Results, Segment
from weaktal.cli import run
from weaktal.data.final import Choice, FinalSet


@pytest.fixture
def results(tmp_path: Path) -> Path:
    segments = {"a": [Segment(1.0, 2.0, "run", 0.9), Segment(1.5, 3.0, "jump", 0.4)], "b": []}
    chosen = FinalSet({"a": segments["a"][:1], "b": []}, Choice(threshold=0.5, how="by hand"))
    Results(segments, final=chosen).save(tmp_path / "results.json")
    return tmp_path / "results.json"


def test_the_final_set_or_all(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", str(results), "--out", str(tmp_path / "a.srt")]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "no segment to write: 1 of 2 videos",
        f"wrote {tmp_path / 'a.srt'}: 1 segment of 1 video",
    ]
    assert run(["export", str(results), "--out", str(tmp_path / "b"), "--to", "audacity", "--all"]) == 0
    assert (tmp_path / "b" / "a.txt").read_text() == "1.000000\t2.000000\trun\n1.500000\t3.000000\tjump\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "{x}", "--to", "pdf"], "--to: no format 'pdf'; expected one of csv, srt"),
        (["--out", "{x}"], "no format ''; expected --to, one of csv, srt"),
        (
            ["--out", "{x}", "--to", "clips"],
            "a: this format needs the pictures of the video, and the results",
        ),
        (["--out", "{x}", "--to", "clips", "--cut", "fast"], "'fast' is not one of"),
        (["--to", "srt"], "Missing option '--out'"),
        (["--out", "{x}.srt", "--videos", "{x}"], "no such file or folder"),
    ],
)
def test_bad_usage_is_one_line_and_2(
    arguments: list[str], message: str, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["export", str(results), *(word.format(x=tmp_path / "x") for word in arguments)]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]
