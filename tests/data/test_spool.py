"""Segments on disk are the same as in memory."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaktal.data import spool
from weaktal.data.results import Results, read_results
from weaktal.data.spool import SpooledSegments
from weaktal.segments import Segment

CLASSES = ("high jump", "kür", "run")
times = st.floats(0, 1e6)
segments = st.builds(
    lambda start, length, label, score: Segment(start, start + 1.0 + length, label, score),
    times,
    times,
    st.sampled_from(CLASSES),
    st.floats(-1e9, 1e9),
)


def spooled(videos: dict[str, list[Segment]]) -> SpooledSegments:
    found = SpooledSegments(CLASSES)
    for name, of_video in videos.items():
        found.add(name, of_video)
    return found


@given(st.dictionaries(st.text(max_size=5), st.lists(segments, max_size=5), max_size=5))
def test_what_comes_out_is_what_went_in(videos: dict[str, list[Segment]]) -> None:
    found = spooled(videos)
    assert dict(found) == videos == found
    assert list(found) == list(videos)
    assert found.count == Results(found).count == sum(map(len, videos.values()))
    assert pickle.loads(pickle.dumps(found)) == copy.deepcopy(found) == videos  # noqa: S301


def test_beyond_what_memory_may_hold_it_is_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "IN_MEMORY", 1000)
    videos = {f"v{i}": [Segment(float(i), i + j + 1.0, CLASSES[j % 3], 0.5) for j in range(i % 7)] for i in range(50)}
    found = spooled(videos)
    assert found._file._rolled  # type: ignore[attr-defined]
    assert dict(found) == videos
    found.add("more", videos["v6"])  # after reading
    assert found["more"] == videos["v6"]
    assert found["v49"] == videos["v49"]
    with pytest.raises(ValueError, match="already"):
        found.add("more", [])


def test_the_file_is_as_json_writes_it_in_one_go(tmp_path: Path) -> None:
    videos = {'a "quoted"\n': [Segment(0.1, 0.25, "kür", 1e-7)], "empty": []}
    for content in ({}, videos):
        Results(spooled(content), external={"decode": {}}).save(tmp_path / "r.json")
        text = (tmp_path / "r.json").read_text(encoding="utf-8")
        assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=1) + "\n"
        assert read_results(tmp_path / "r.json").videos == content
