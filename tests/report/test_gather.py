"""A report from files says what the files say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from weaktal.data.annotations import read_annotations
from weaktal.data.results import Results, write_results
from weaktal.data.scores import writing_scores
from weaktal.errors import InputError
from weaktal.report.gather import BranchFiles, Words, compare
from weaktal.report.page import render
from weaktal.segments import Segment
from weaktal.timeline import SnippetGrid


@pytest.fixture
def branches(tiny_dataset: Path, tmp_path: Path) -> list[BranchFiles]:
    """One branch that is right in everything, one that finds nothing and kept no scores."""
    truth = read_annotations(tiny_dataset)
    test = truth.subset("validation")
    right = {name: [Segment(s.start, s.end, s.label, 0.9) for s in video.segments] for name, video in test.items()}
    write_results(tmp_path / "right.json", Results(right))
    write_results(tmp_path / "none.json", Results({name: [] for name in test}))
    grid = SnippetGrid(fps=1.0, window=1, stride=1)
    with writing_scores(tmp_path / "right.st", truth.classes, grid) as writer:
        for name, video in test.items():
            count = int(video.duration)
            inside = [
                grid.inside([(s.start, s.end) for s in video.segments if s.label == c], count) for c in truth.classes
            ]
            scores = np.stack(inside, axis=1).astype(np.float32)
            writer.add(name, video.duration, scores, scores.max(axis=0))
    return [
        BranchFiles("right", tmp_path / "right.json", tmp_path / "right.st", "Right."),
        BranchFiles("none", tmp_path / "none.json"),
    ]


def test_report_holds_scores_errors_and_the_first_videos(tiny_dataset: Path, branches: list[BranchFiles]) -> None:
    report = compare(tiny_dataset, branches, Words("Title"), count=2)
    test = read_annotations(tiny_dataset).subset("validation")
    assert [video.name for video in report.videos] == sorted(test)[:2]
    assert "first 2 of 6 videos by name" in report.choice
    right, nothing = report.branches
    assert right.scores is not None
    assert nothing.scores is not None
    assert right.scores.average_map == 1.0
    assert nothing.scores.average_map == 0.0
    assert right.errors is not None
    assert (right.errors.miss_rate, right.errors.false_alarm_rate) == (0.0, 0.0)
    assert nothing.errors is None
    for video in report.videos:
        assert tuple(video.truth) == test[video.name].segments
        first, second = video.found
        assert first.curves is not None
        assert set(first.curves.values) == set(test[video.name].labels)
        np.testing.assert_allclose(first.curves.times, np.arange(int(video.duration)) + 0.5)
        assert (second.curves, second.segments, video.film) == (None, [], None)
    assert "100.0" in render(report)


def test_all_videos_where_there_are_few(tiny_dataset: Path, branches: list[BranchFiles]) -> None:
    report = compare(tiny_dataset, branches, Words("Title"), count=50)
    assert len(report.videos) == 6
    assert "All 6 videos" in report.choice


def test_bad_files_are_named(tiny_dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(InputError, match=r"bad\.json: is not valid JSON"):
        compare(tiny_dataset, [BranchFiles("bad", tmp_path / "bad.json")], Words("Title"))
