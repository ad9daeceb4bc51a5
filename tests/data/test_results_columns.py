"""The quick way to read results agrees with the other wherever it takes a file at all."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from weaktal.data import results as slow
from weaktal.data.columns import Columns
from weaktal.data.results import read_results
from weaktal.data.results_columns import QuickResults, read_columns
from weaktal.errors import InputError

GOOD = {
    "version": "1",
    "external_data": {"final": {"threshold": 0.5, "how": "so"}, "other": {"a": [1, {"b": None}]}},
    "results": {
        "v": [
            {"label": "a: b", "segment": [0.1, 2], "score": 1e-3, "final": True, "sure": 0.25},
            {"label": "\N{SNOWMAN}", "segment": [3, 3], "score": -4},
        ],
        "": [],
        "w": [{"score": 0.1 + 0.2, "label": "a: b", "segment": [1.7976931348623157e308, 1.7976931348623157e308]}],
    },
}


def slowly(content: bytes) -> QuickResults:
    return slow._validated(content, Path("r.json"))[0]


def values(found: Columns) -> list[Any]:
    return [found.videos, found.ends.tolist(), [(found.classes[row[3]], *row[:3]) for row in found.rows.tolist()]]


def agree(content: bytes) -> bool:
    """Whether the quick way takes a file; what it makes of it has to be what the other makes."""
    quick = read_columns(content)
    if quick is None:
        return False
    other = slowly(content)
    assert values(quick.columns) == values(other.columns)
    assert quick.final.tolist() == other.final.tolist()
    assert (quick.version, quick.external_data) == (other.version, other.external_data)
    return True


@pytest.mark.parametrize("layout", [{}, {"indent": 2}, {"ensure_ascii": False}, {"separators": (",", ":")}])
def test_files_as_they_should_be_are_read_the_quick_way(layout: dict[str, Any]) -> None:
    assert agree(json.dumps(GOOD, **layout).encode())
    assert agree(json.dumps({"results": {}}, **layout).encode())


def test_numbers_are_those_that_python_reads() -> None:
    drawn = random.Random(0)
    numbers = [drawn.random() * 10.0 ** drawn.randint(-320, 300) for _ in range(2000)] + [5e-324, 2**53 + 1, 10**25]
    predictions = [{"label": "a", "segment": [0, number], "score": -number} for number in numbers]
    assert agree(json.dumps({"results": {"v": predictions}}).encode())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"score": -4', '"score": -4, "score": 4'),
        ('"score": -4', '"score" : -4, "label":"a"'),
        ('"w": [', '"v": [], "w": ['),
        ('"version": "1"', '"version": "1", "version": "2"'),
        ('"version": "1"', '"version": "1", "results": {}'),
        ('"how": "so"', '"how": "so", "how": "no"'),
        ('"score": -4', '"score": NaN'),
        ('"score": -4', '"score": 1e400'),
        ('"score": -4', '"score": true'),
        ('"score": -4', '"score": "1"'),
        ('"score": -4', '"more": 1'),
        ("[3, 3]", "[3, 2]"),
        ("[3, 3]", "[-1, 2]"),
        ("[3, 3]", "[3]"),
        ("[3, 3]", "[3, 4, 5]"),
        ('"label": "a: b"', '"label": ""'),
        ('"label": "a: b"', '"label": "\\ud800"'),
        ('"label": "a: b"', '"label": 3'),
        ('"": []', '"": {}'),
        ('"w"', '"\\ud800"'),
    ],
)
def test_a_fault_is_left_to_the_way_that_names_it(before: str, after: str) -> None:
    content = json.dumps(GOOD, ensure_ascii=False).replace(before, after, 1).encode()
    assert content != json.dumps(GOOD, ensure_ascii=False).encode()
    assert read_columns(content) is None


def test_damaged_files() -> None:
    """Whatever a byte too many, too few or another one makes of a file, both ways agree where both take it."""
    whole, drawn, taken = json.dumps(GOOD, ensure_ascii=False).encode(), random.Random(1), 0
    for _ in range(600):
        damaged, place = bytearray(whole), drawn.randrange(len(whole))
        match drawn.randrange(3):
            case 0:
                del damaged[place : place + drawn.randint(1, 4)]
            case 1:
                damaged[place] = drawn.choice(b'"{}[],:0123456789.-eE \\\x00\xff')
            case _:
                damaged[place:place] = damaged[drawn.randrange(len(whole)) :][: drawn.randint(1, 30)]
        taken += agree(bytes(damaged))
    assert taken > 50


def test_what_the_quick_way_refuses_is_mended_or_named_by_the_other(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text('{"results": {"v": [{"label": "a", "segment": [-0.1, "3"], "score": 1, "video": "v"}]}}')
    assert len(read_results(path).notes) == 2
    assert read_results(path).videos["v"][0].end == 3
    path.write_text('{"results": {"v": [{"label": "a", "segment": [4, 3], "score": 1}]}}')
    with pytest.raises(InputError, match=r"results\.v\.0: end 3.0 lies before start 4.0"):
        read_results(path)
