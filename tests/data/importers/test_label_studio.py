from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from weaktal import InputError, Results, Segment, evaluate, import_label_studio
from weaktal.data.annotations import read_annotations
from weaktal.data.same_video import VideoFile

SEGMENTS = {
    "a": [Segment(0.0, 2.0, "jump", 0.5), Segment(4.4, 10.0, "run", 0.25)],
    "b": [Segment(1.001, 2.002, "run, fast", 1.0)],
    "c": [],
}
FILES = {
    "a": VideoFile(duration=10.0, fps=25.0),
    "b": VideoFile(duration=20.0, fps=29.97),
    "c": VideoFile(duration=3.0),
}


def answered(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tasks as Label Studio exports them once somebody submitted each prediction as it was."""
    return [
        {
            "id": number,
            "data": task["data"],
            "annotations": [
                {"id": 1, "updated_at": "2024-01-02T00:00:00Z", "result": task["predictions"][0]["result"]},
                {"id": 2, "updated_at": "2024-01-01T00:00:00Z", "result": []},
                {"id": 3, "updated_at": "2024-01-03T00:00:00Z", "result": [], "was_cancelled": True},
            ],
        }
        for number, task in enumerate(tasks)
    ]


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    path = tmp_path / "tasks.json"
    Results(SEGMENTS, files=FILES).export(path, to="label-studio")
    path.write_text(json.dumps(answered(json.loads(path.read_text()))))
    return path


def test_what_was_written_comes_back_as_truth(exported: Path, tmp_path: Path) -> None:
    done = import_label_studio(exported, tmp_path / "truth.json")
    assert (done.videos, done.classes, done.without) == (3, {"jump": 1, "run": 1, "run, fast": 1}, 0)
    truth = read_annotations(tmp_path / "truth.json")
    assert {name: video.duration for name, video in truth.videos.items()} == {"a": 10.0, "b": 20.0, "c": 3.0}
    for name, segments in SEGMENTS.items():
        found = [(s.label, s.start, s.end) for s in truth.videos[name].segments]
        assert found == [(s.label, pytest.approx(s.start, abs=0.02), pytest.approx(s.end, abs=0.02)) for s in segments]
    scores = evaluate(tmp_path / "truth.json", Results(SEGMENTS), tiou=[0.9])
    assert scores.average_map == 1.0


def change(path: Path, **changes: Any) -> Path:
    tasks = json.loads(path.read_text())
    for key, value in changes.items():
        place: Any = tasks
        *way, last = key.split("__")
        for part in way:
            place = place[int(part[1:])] if part.startswith("n") and part[1:].isdigit() else place[part]
        if value is None:
            del place[last]
        else:
            place[last] = value
    path.write_text(json.dumps(tasks))
    return path


RESULT = "n0__annotations__n0__result__n0__value"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n0__data__fps": None}, r"0.data.fps: is missing; expected frames a second"),
        ({"n0__data__fps": 0}, r"0.data.fps: is 0; expected greater than 0"),
        ({"n1__data__name": "a"}, "1: video 'a' has another task"),
        ({"n2__data__duration": None}, "2.data.duration: is missing"),
        ({f"{RESULT}__ranges": [{"start": 30, "end": 3}]}, "0.annotations.result.0: frames 30 to 3; expected an end"),
        ({f"{RESULT}__timelinelabels": "x"}, r"0.annotations.result.0.value.timelinelabels: is 'x'"),
        ({f"{RESULT}__ranges": [{"start": -3, "end": 3}]}, r"value.ranges.0.start: is -3"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], message: str, exported: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        import_label_studio(change(exported, **changes), tmp_path / "truth.json")
    assert not (tmp_path / "truth.json").exists()


@pytest.mark.parametrize("content", ["[]", '[{"data": {}, "annotations": []}]'])
def test_no_annotation_at_all(content: str, tmp_path: Path) -> None:
    (tmp_path / "tasks.json").write_text(content)
    with pytest.raises(InputError, match="holds no annotation; expected tasks that somebody annotated"):
        import_label_studio(tmp_path / "tasks.json", tmp_path / "truth.json")


def test_the_export_is_not_replaced(exported: Path) -> None:
    before = exported.read_bytes()
    with pytest.raises(InputError, match="replaces an input of this command"):
        import_label_studio(exported, exported)
    assert exported.read_bytes() == before


def test_another_file(tmp_path: Path) -> None:
    (tmp_path / "tasks.json").write_text('{"results": {}}')
    with pytest.raises(InputError, match=r"tasks.json: is .*expected a valid array"):
        import_label_studio(tmp_path / "tasks.json", tmp_path / "truth.json")
