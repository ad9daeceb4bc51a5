"""What a person said, read back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from weaktal.data.annotations import read_annotations, read_tags
from weaktal.data.corrections import read_corrections
from weaktal.data.export import export
from weaktal.data.final import Choice, FinalSet
from weaktal.data.importers.import_corrections import ImportedCorrections, import_corrections
from weaktal.data.results import Results
from weaktal.errors import InputError
from weaktal.evaluation.judged import judged, precisions
from weaktal.segments import Segment


def span(label: str, start: float, end: float) -> dict[str, Any]:
    return {"label": label, "segment": [start, end]}


def judgement(
    verdict: str, now: dict[str, Any], before: dict[str, Any] | None, row: str | None = "cbp"
) -> dict[str, Any]:
    score = None if before is None else 0.5
    return {"video": "v", "verdict": verdict, "row": row, "score": score, "predicted": before, "segment": now}


@pytest.fixture
def content() -> dict[str, Any]:
    return {
        "version": "weaktal corrections 1",
        "taxonomy": [],
        "classes": ["jump", "run"],
        "subsets": {"train": "corrected", "test": "corrected"},
        "page": "0123456789abcdef",
        "database": {
            "v": {
                "subset": "corrected",
                "duration": 10.0,
                "labels": ["jump"],
                "annotations": [span("jump", 1.0, 2.0)],
                "done": True,
            },
        },
        "judgements": [
            judgement("right", span("jump", 1.0, 2.0), span("jump", 1.0, 2.0)),
            judgement("wrong", span("run", 4.0, 5.0), span("run", 4.0, 5.0)),
            judgement("changed", span("jump", 6.0, 8.0), span("jump", 6.0, 8.5)),
            judgement("changed", span("jump", 6.0, 8.0), span("run", 6.0, 8.5)),
            judgement("added", span("jump", 9.0, 9.5), None, None),
        ],
    }


def test_the_file_is_truth_and_tags_for_everything_else(content: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "corrections.json"
    file.write_text(json.dumps(content))
    truth = read_annotations(file)
    assert truth.test_subset == "corrected"
    assert [(s.label, s.start, s.end) for s in truth.videos["v"].segments] == [("jump", 1.0, 2.0)]
    assert read_tags(file).videos["v"].labels == ("jump",)
    kept = read_corrections(file)
    assert json.loads(json.dumps(kept.as_json())) == content


def test_precision_counts_what_was_right_or_nearly(content: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "corrections.json"
    file.write_text(json.dumps(content))
    (found,) = precisions(read_corrections(file).judgements)
    assert (found.row, found.right, found.judged) == ("cbp", 2, 4)
    assert (found.low, found.high) == pytest.approx((0.15, 0.85), abs=0.005)  # Wilson's interval for 2 of 4
    assert found.more == 385 - 4


def test_precision_of_the_segments_that_results_show(content: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "corrections.json"
    file.write_text(json.dumps(content))
    shown = [Segment(1.0, 2.0, "jump", 0.9), Segment(6.0, 8.50004, "jump", 0.4)]  # pages round to 0.1 ms
    results = Results({"v": [*shown, Segment(4.0, 5.0, "run", 0.1)], "w": [Segment(4.0, 5.0, "run", 0.1)]})
    (every,) = judged(file, results)
    assert (every.row, every.right, every.judged) == ("shown", 2, 3)
    final = FinalSet({"v": shown}, Choice(threshold=0.4, how="Enough."))
    (of_final,) = judged(file, replace(results, final=final))
    assert str(of_final).startswith("2 of 2 judged segments right: 100% (95 % interval 34% to 100%); about ")
    assert judged(file, Results({"other": shown})) == []
    assert [found.row for found in judged(file)] == ["cbp"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"version": "1"}, "version"),
        ({"judgements": [{"video": "v"}]}, r"judgements\.0\.verdict"),
        ({"database": {"v": {"subset": "other"}}}, r"database\.v\.subset"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_bad_files_are_named(content: dict[str, Any], tmp_path: Path, change: dict[str, Any], problem: str) -> None:
    file = tmp_path / "corrections.json"
    file.write_text(json.dumps({**content, **change}))
    with pytest.raises(InputError, match=problem):
        read_corrections(file)


def test_corrections_become_tags_and_segments_of_the_dataset(
    content: dict[str, Any], tiny_dataset: Path, tmp_path: Path
) -> None:
    dataset = tmp_path / "dataset"
    dataset.mkdir()
    before = json.loads((tiny_dataset / "annotations.json").read_text())
    (dataset / "annotations.json").write_text(json.dumps({**before, "made_by": "hand"}))
    content["database"] = {
        "video_00": content["database"]["v"] | {"annotations": [span("sing", 1.0, 2.0)]},
        "video_01": content["database"]["v"] | {"subset": "in progress"},
    }
    file = tmp_path / "corrections.json"
    file.write_text(json.dumps(content))
    imported = import_corrections(file, dataset)
    assert imported == ImportedCorrections(("video_00",), ("video_01",), ("sing",))
    after = json.loads((dataset / "annotations.json").read_text())
    assert after["made_by"] == "hand"
    assert after["database"]["video_00"]["labels"] == ["sing"]
    assert read_tags(dataset).videos["video_00"].subset == before["database"]["video_00"]["subset"]
    assert read_annotations(dataset).videos["video_01"] == read_annotations(tiny_dataset).videos["video_01"]
    content["database"] = {"video_0": content["database"]["video_00"]}
    file.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"no video 'video_0'.*nearest is 'video_"):
        import_corrections(file, dataset)


def test_corrections_go_to_other_programs(content: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "corrections.json"
    file.write_text(json.dumps(content))
    export(file, tmp_path / "segments.csv")
    assert (tmp_path / "segments.csv").read_text() == "video,start,end,label,score\nv,1.000,2.000,jump,1\n"
    with pytest.raises(InputError, match="v: this format needs frames a second of the video"):
        export(file, tmp_path / "tasks.json", to="label-studio")  # until videos= says where it lies
    (tmp_path / "neither.json").write_text("{}")
    with pytest.raises(InputError, match="results: is missing"):
        export(tmp_path / "neither.json", tmp_path / "other.csv")
