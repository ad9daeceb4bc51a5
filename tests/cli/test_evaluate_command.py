"""``weaktal evaluate`` through the command line, with files as users have them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from weaktal.cli import run

DATABASE: dict[str, Any] = {
    "a": {
        "subset": "test",
        "duration": 60.0,
        "annotations": [{"label": "run", "segment": [0, 10]}, {"label": "[bold]jump", "segment": [20.0, 30.0]}],
        "ambiguous": [[40, 50]],
    },
    "b": {"subset": "test", "duration": 60.0, "annotations": [{"label": "run", "segment": [5.0, 15.0]}]},
    "t": {"subset": "validation", "duration": 9.5, "annotations": [{"label": "run", "segment": [0, 1]}]},
}
RESULTS: dict[str, Any] = {
    "a": [
        {"label": "run", "segment": [0, 10], "score": 0.9},
        {"label": "run", "segment": [41.0, 45.0], "score": 0.85},
        {"label": "[bold]jump", "segment": [20.0, 25.0], "score": 0.5},
    ],
    "b": [{"label": "run", "segment": [5, 15], "score": 0.8}],
    "t": [{"label": "run", "segment": [5, 15], "score": 1}],
}


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    annotations = {
        "version": "1",
        "taxonomy": [],
        "subsets": {"train": "validation", "test": "test"},
        "database": DATABASE,
    }
    (tmp_path / "annotations.json").write_text(json.dumps(annotations))
    (tmp_path / "results.json").write_text(
        json.dumps({"version": "1", "external_data": {"used": False}, "results": RESULTS})
    )
    return str(tmp_path / "annotations.json"), str(tmp_path / "results.json")


def test_json_alone_on_standard_output(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", *files, "--protocol", "thumos14", "--json", "-"]) == 0
    out = capsys.readouterr().out
    assert len(out.splitlines()) == 1
    found = json.loads(out)
    assert found == {
        "protocol": "thumos14",
        "subset": "test",
        "tiou": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7],
        "map": [1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5],
        "average_map": pytest.approx(6 / 7, abs=1e-15),
        "ap": {"[bold]jump": [1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0], "run": [1.0] * 7},
        "videos": 2,
        "ground_truth": 3,
        "predictions": 3,
        "held": 3,
        "warnings": [
            "ignored 1 prediction for 1 video outside subset 'test', the first of them 't'",
            "ignored 1 prediction overlapping ambiguous spans",
        ],
    }


def test_table_and_json_file(files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "deep" / "scores.json"
    code = run(["evaluate", *files, "--tiou", "0.5,0.75", "--per-class", "--json", str(out)])
    assert code == 0
    printed = capsys.readouterr()
    size = "plain, subset test: 2 videos, 3 ground-truth segments of 2 classes"
    assert f"{size}, 4 predictions, 100% of a class that the video holds" in printed.out
    rows = {line.split()[0]: line.split()[1:] for line in printed.out.splitlines() if line.strip()}
    assert rows["tIoU"] == ["0.5", "0.75", "mean"]
    assert rows["[bold]jump"] == ["100.0", "0.0", "50.0"]
    assert rows["run"] == ["83.3", "83.3", "83.3"]  # 1 of 1, then a false alarm, then 2 of 3
    assert rows["mAP"] == ["%", "91.7", "41.7", "66.7"]
    assert "weaktal: warning: ignored 1 prediction for 1 video outside subset 'test'" in printed.err
    assert json.loads(out.read_text())["map"] == pytest.approx([11 / 12, 5 / 12])
    assert [path.name for path in out.parent.iterdir()] == ["scores.json"]


def test_dataset_folder_and_subset(files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["evaluate", str(tmp_path), files[1], "--subset", "validation", "--json", "-"]
    assert run(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["subset"], found["videos"], found["ap"]) == ("validation", 1, {"run": [0.0] * 7})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--protocol", "thumos"], "--protocol: no protocol 'thumos'"),
        (["--subset", "training"], "no video belongs to subset 'training'; expected one of test, validation"),
        (["--tiou", "0.1:0.7"], "--tiou '0.1:0.7': is not a set of thresholds"),
        (["--tiou", "2"], "2.0 is not a threshold; expected above 0 and at most 1"),
        (["--frobnicate"], "--frobnicate"),
        (["--json"], "--json"),
    ],
)
def test_bad_options(
    files: tuple[str, str], options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", *files, *options]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert message in captured.err


def changed(key: str, value: Any) -> str:
    return json.dumps({"results": {"b": [*RESULTS["b"], {**RESULTS["b"][0], key: value}]}})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "results.json: is not valid JSON"),
        ("{", "results.json: is not valid JSON"),
        ("[]", "expected an object"),
        ("{}", "results: is missing"),
        ('{"results": {"b": 3}}', "results.b: is 3"),
        (changed("label", "runn"), "results.b.1.label: label 'runn' is not in the class list"),
        (changed("label", 3), "results.b.1.label: is 3"),
        (changed("segment", [10, 5]), "results.b.1: end 5.0 lies before start 10.0"),
        (changed("segment", [-1, 5]), "results.b.1.segment.0: is -1"),
        (changed("segment", [1, 2, 3]), "results.b.1.segment: is [1, 2, 3]"),
        (changed("score", "high"), "results.b.1.score: is 'high'"),
        (changed("score", float("nan")), "results.b.1.score"),
        ('{"results": {"b": [{"label": "run", "segment": [0, 1]}]}}', "results.b.0.score: is missing"),
    ],
)
def test_bad_results_are_named_on_one_line_and_nothing_is_written(
    files: tuple[str, str], content: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(files[1]).write_text(content)
    out = tmp_path / "scores.json"
    assert run(["evaluate", *files, "--json", str(out)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert files[1] in captured.err
    assert message in captured.err
    assert not out.exists()


def test_missing_files(files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", files[0], str(tmp_path / "none.json")]) == 2
    assert "none.json: no such file" in capsys.readouterr().err
    assert run(["evaluate", str(tmp_path / "none"), files[1]]) == 2
    assert "no such file" in capsys.readouterr().err
    assert run(["evaluate", *files, "--json", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err


def test_annotations_without_ground_truth(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    empty = {"database": {"a": {"subset": "test", "duration": 9.0, "annotations": [], "labels": ["run"]}}}
    Path(files[0]).write_text(json.dumps(empty))
    Path(files[1]).write_text('{"results": {}}')
    assert run(["evaluate", *files, "--subset", "test"]) == 2
    assert "annotations.json: subset 'test' holds no ground truth" in capsys.readouterr().err


def test_scoring_imports_little(files: tuple[str, str]) -> None:
    program = (
        "import sys; from weaktal.cli import run; "
        "code = run(sys.argv[1:]); "
        "heavy = {'torch', 'transformers', 'cv2', 'av', 'ray', 'scipy', 'numpy.ma', 'rich.progress', "
        "'weaktal.data.exporting'} & set(sys.modules); "
        "sys.exit(f'imported {heavy}' if heavy else code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "evaluate", *files], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
