from __future__ import annotations

import json
from pathlib import Path

import pytest

from weaktal.data.final import Calibration, Choice, FinalSet
from weaktal.data.results import Results, read_results
from weaktal.errors import InputError
from weaktal.segments import Segment

JUMP, RUN = Segment(1.0, 2.0, "jump", 0.8), Segment(1.5, 3.0, "run", 0.2)
CALIBRATION = Calibration(scores=(0.0, 1.0), shares=(0.25, 0.75), segments=12, videos=3)


def test_the_final_set_survives_the_file(tmp_path: Path) -> None:
    final = FinalSet({"a": [JUMP], "b": []}, Choice(threshold=0.5, how="said so", calibration=CALIBRATION))
    results = Results({"a": [JUMP, RUN], "b": [RUN]}, external={"seed": 1}, final=final)
    results.save(tmp_path / "results.json")
    assert read_results(tmp_path / "results.json").final == final
    assert read_results(tmp_path / "results.json") == results
    entries = json.loads((tmp_path / "results.json").read_text())["results"]
    assert entries["a"][0] == {"label": "jump", "segment": [1.0, 2.0], "score": 0.8, "sure": 0.65, "final": True}
    assert entries["a"][1] == {"label": "run", "segment": [1.5, 3.0], "score": 0.2, "sure": 0.35}


def test_an_empty_final_set_is_an_answer() -> None:
    nothing = Results({"a": [RUN]}, final=FinalSet({"a": []}, Choice(threshold=0.5, how="")))
    assert nothing.shown() == {"a": []}
    assert nothing.shown(every=True) == {"a": [RUN]}
    assert Results({"a": [RUN]}).shown() == {"a": [RUN]}


def test_marks_without_a_choice_mean_nothing(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text('{"results": {"v": [{"label": "a", "segment": [0, 1], "score": 1, "final": true}]}}')
    assert read_results(path).final is None
    path.write_text('{"external_data": {"final": "of the league"}, "results": {"v": []}}')
    assert read_results(path).external == {"final": "of the league"}


@pytest.mark.parametrize(
    ("final", "message"),
    [
        ({"how": ""}, r"external_data\.final\.threshold: is missing"),
        ({"threshold": "high", "how": ""}, r"external_data\.final\.threshold: is 'high'"),
        (
            {"threshold": 0, "how": "", "calibration": CALIBRATION.model_dump() | {"scores": [1, 0]}},
            r"external_data\.final\.calibration.*never fall",
        ),
    ],
)
def test_a_damaged_choice(final: object, message: str, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"external_data": {"final": final}, "results": {"v": []}}))
    with pytest.raises(InputError, match=message):
        read_results(path)
