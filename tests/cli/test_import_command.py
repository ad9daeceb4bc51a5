from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from weaktal.cli import run
from weaktal.video.encoding import writing_video

Joint = Callable[..., list[np.ndarray]]


def test_import_prints_counts(
    npy_package: Path, joint: Joint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    joint(npy_package, 8)
    out = tmp_path / "out"
    assert run(["import", "thumos14", str(npy_package), str(out)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "test: 1 video, 1 segment",
        "validation: 2 videos, 4 segments",
        "2 classes",
        "features/i3d: 3 videos",
        "note: 1 segment beyond the annotated duration of the video; kept as published",
        "note: 2 classes, while THUMOS14 has 20",
        f"wrote {out}",
    ]
    assert json.loads((out / "annotations.json").read_text())["subsets"] == {"train": "validation", "test": "test"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["thumos14", "{out}"], "no SOURCE before the dataset folder"),
        (["thumos15", "{package}", "{out}"], "'thumos15' is not one of"),
        (["thumos14"], "Missing argument"),
        (["thumos14", "{package}/absent", "{out}"], "no such file or folder"),
        (["activitynet13", "{package}", "{out}"], "no annotations found"),
        (["thumos14", "{package}", "{package}", "{out}"], "2 packages of annotations found"),
        (["thumos14", "{package}", "{package}/videoname.npy"], "is a file"),
        (["thumos14", "{package}", "{out}", "--stride", "0"], "Invalid value for '--stride'"),
        (["thumos14", "{package}", "{out}", "--fps", "nan"], "--fps"),
        (["table", "{package}/tags.csv", "{out}"], "no VIDEOS before the dataset folder"),
        (["folders", "{package}", "{out}"], "holds no video"),
        (["folders", "{package}", "{out}", "--tag-column", "x"], "--tag-column: is for a table"),
        (["thumos14", "{package}", "{out}", "--features", "../x"], "--features: is '../x'"),
    ],
)
def test_bad_usage_is_one_line_and_2(
    arguments: list[str], message: str, npy_package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled = [word.format(package=npy_package, out=tmp_path / "out") for word in arguments]
    assert run(["import", *filled]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_table_of_tags(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    videos = tmp_path / "videos"
    for name in ("a", "b", "c"):
        (videos / name).mkdir(parents=True)
        with writing_video(videos / name / "IMG_1.mp4", fps=10, width=32, height=32) as add:
            add(np.zeros((32, 32, 3), dtype=np.uint8))
    (tmp_path / "tags.csv").write_text("Film;Folder;A\nIMG_1;a;run\nIMG_1;b;jump\nIMG_2;b;jump\n")
    out = tmp_path / "out"
    assert run(["import", "table", str(tmp_path / "tags.csv"), str(videos), str(out), "--tag-column", "a"]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-6:] == [
        "training: 2 videos",
        "2 classes:",
        "  jump: 1 video",
        "  run: 1 video",
        f"wrote {out}",
        f"next: weaktal extract --encoder NAME --into {out}",
    ]
    assert "tags.csv: row 4, column 'Film': no video is called 'b/IMG_2'" in captured.err
    assert "1 row without a video, 1 video without a row" in captured.err
    assert run(["import", "folders", str(videos), str(out)]) == 0
    assert "1 video added to 2, tags changed of 2" in capsys.readouterr().out
    (videos / "a" / "IMG_2.mp4").write_bytes(b"no video")
    assert run(["import", "folders", str(videos), str(tmp_path / "other")]) == 2
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-1] == f"wrote {tmp_path / 'other'}"
    last = captured.err.splitlines()[-1]
    assert last == f"weaktal: 1 of 4 videos cannot be used, named above; {tmp_path / 'other'} is without them"


def test_an_existing_dataset_is_never_overwritten(
    npy_package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "annotations.json").write_text("mine")
    assert run(["import", "thumos14", str(npy_package), str(tmp_path)]) == 2
    assert "annotations.json: exists already" in capsys.readouterr().err
    assert (tmp_path / "annotations.json").read_text() == "mine"
