from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaktal.data.results import Results, read_results, write_results
from weaktal.errors import InputError
from weaktal.segments import Segment, by_score

segments = st.builds(
    lambda a, b, label, score: Segment(min(a, b), max(a, b), label, score),
    st.floats(0, 1e5), st.floats(0, 1e5), st.sampled_from(["a", "\N{SNOWMAN}"]), st.floats(-1e6, 1e6),
)  # fmt: skip


@given(videos=st.dictionaries(st.text("abc", min_size=1, max_size=5), st.lists(segments, max_size=5), max_size=4))
def test_round_trip_sorted_by_score(videos: dict[str, list[Segment]], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("round") / "results.json"
    write_results(path, Results(videos, "1", {"seed": 3}))
    found = read_results(path)
    assert found.videos == {name: by_score(list(predicted)) for name, predicted in videos.items()}
    assert (found.version, found.external, found.source) == ("1", {"seed": 3}, path)
    for predictions in json.loads(path.read_text(encoding="utf-8"))["results"].values():
        scores = [prediction["score"] for prediction in predictions]
        assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("prediction", "message"),
    [
        ({"label": "a", "segment": [1, 2]}, r"results\.v\.0\.score: is missing"),
        ({"label": "a", "segment": [1, 2], "score": None}, r"results\.v\.0\.score: is None"),
        ({"label": "a", "segment": [1, 2], "score": "0.5"}, r"results\.v\.0\.score: is '0.5'"),
        ({"label": "a", "segment": [1, 2], "score": float("nan")}, r"results\.v\.0\.score|not valid JSON"),
        ({"label": "a", "segment": [2, 1], "score": 1}, r"results\.v\.0: end 1.0 lies before start 2.0"),
        ({"label": "a", "segment": [-2, 1], "score": 1}, r"results\.v\.0\.segment\.0: is -2"),
        ({"label": "a", "segment": [1], "score": 1}, r"results\.v\.0\.segment"),
        ({"label": "a", "segment": "12", "score": 1}, r"results\.v\.0\.segment: is '12'"),
        ({"label": "", "segment": [1, 2], "score": 1}, r"results\.v\.0\.label: is ''"),
        ([1, 2], r"results\.v\.0: is \[1, 2\]"),
        (None, r"results\.v\.0: is None"),
    ],
)
def test_bad_predictions(prediction: object, message: str, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"results": {"v": [prediction]}}))
    with pytest.raises(InputError, match=message) as raised:
        read_results(path)
    assert raised.value.line().startswith(str(path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{}", "results: is missing"),
        ('{"results": []}', r"results: is \[\]"),
        ('{"results": {"v": {}}}', r"results\.v: is \{\}"),
        ('{"results": {"v": null}}', r"results\.v: is None"),
        (
            '{"external_data": {"a": [{"b": Infinity}]}, "results": {}}',
            "external_data: .*expected numbers that are finite",
        ),
        ('{"external_data": {"a": 1e400}, "results": {"v": []}}', "external_data: .*expected numbers that are finite"),
        ('{"external_data": NaN, "results": {}}', "external_data: .*expected numbers that are finite"),
    ],
)
def test_bad_files(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(content)
    with pytest.raises(InputError, match=message):
        read_results(tmp_path / "results.json")


def test_what_other_tools_write_besides_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text('{"version": 1.3, "external_data": null, "extra": 1, "results": {"v": []}}')
    assert read_results(path).videos == {"v": []}
    assert read_results(path).version == "1.3"


def test_a_start_a_hair_before_0_and_times_as_text(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text('{"results": {"v": [{"label": "a", "segment": [-0.02, "3.5"], "score": 1}]}}')
    results = read_results(path)
    assert results.videos["v"] == [Segment(0, 3.5, "a", 1)]
    assert results.notes == (
        "1 time of the results given as text; read as numbers",
        "1 segment of the results began before 0, the first of v at -0.02 s; cut off at 0",
    )
