"""Misses and false alarms of a scores file, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from weaktal.cli import run
from weaktal.data.annotations import Annotations, Video, write_annotations
from weaktal.data.scores import writing_scores
from weaktal.segments import Segment
from weaktal.timeline import SnippetGrid


@pytest.fixture
def world(tmp_path: Path) -> tuple[Path, Path]:
    """Six seconds, an action of "run" from 2 to 5; of the class "jump" there is none, so its scores do not count."""
    video = Video("a", "validation", 6.0, ("run",), (Segment(2.0, 5.0, "run"),))
    annotations = tmp_path / "annotations.json"
    write_annotations(annotations, Annotations(classes=("jump", "run"), videos={"a": video}))
    scores = tmp_path / "scores.safetensors"
    run_scores = [0.9, 0.1, 0.8, 0.2, 0.1, 0.1]
    with writing_scores(scores, ("jump", "run"), SnippetGrid.from_seconds(1.0)) as writer:
        snippets = np.array([[1.0, score] for score in run_scores], dtype=np.float32)
        writer.add("a", 6.0, snippets, np.array([0.1, 0.9], dtype=np.float32))
    return annotations, scores


def test_counts_by_hand(world: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    annotations, scores = map(str, world)
    assert run(["diagnose", annotations, scores]) == 0
    # Above half of 0.9: snippets 0 and 2. Action: 2, 3, 4.
    assert capsys.readouterr().out.split("\n")[:2] == [
        "misses        0.667 of 3 action snippets",
        "false alarms  0.333 of 3 background snippets",
    ]
    assert run(["diagnose", annotations, scores, "--threshold", "0.2"]) == 0
    assert "0.333 of 3 action" in capsys.readouterr().out


def test_a_video_without_annotations_is_named(
    world: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.json"
    write_annotations(other, Annotations(classes=("run",), videos={"b": Video("b", "validation", 6.0, ("run",))}))
    assert run(["diagnose", str(other), str(world[1])]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "'a' is not annotated" in lines[0]
