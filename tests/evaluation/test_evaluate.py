"""The verb: paths or objects, thresholds as text or numbers, and the same scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from weaktal.data.annotations import read_annotations
from weaktal.data.results import Results
from weaktal.dataset import Dataset
from weaktal.errors import InputError
from weaktal.evaluation.evaluate import evaluate


@pytest.fixture
def results(tiny_dataset: Path) -> Results:
    """The truth of every other test video."""
    videos = [video for video in read_annotations(tiny_dataset).videos.values() if video.subset == "validation"]
    return Results({video.name: list(video.segments) for video in videos[::2]})


def test_paths_and_objects_alike(tiny_dataset: Path, results: Results, tmp_path: Path) -> None:
    results.save(tmp_path / "results.json")
    by_path = evaluate(str(tiny_dataset), str(tmp_path / "results.json"))
    assert 0 < by_path.average_map < 1
    for truth in (Dataset(tiny_dataset), read_annotations(tiny_dataset), tiny_dataset / "annotations.json"):
        np.testing.assert_array_equal(evaluate(truth, results).ap, by_path.ap)


@pytest.mark.parametrize("tiou", ["0.3:0.5:0.1", "0.3,0.4,0.5", (0.3, 0.4, 0.5), np.array([0.3, 0.4, 0.5])])
def test_thresholds(tiny_dataset: Path, results: Results, tiou: object) -> None:
    assert evaluate(tiny_dataset, results, tiou=tiou).tious == (0.3, 0.4, 0.5)  # type: ignore[arg-type]


def test_what_is_wrong_is_named_as_an_argument(tiny_dataset: Path, results: Results) -> None:
    with pytest.raises(InputError, match=r"^tiou '1\.5': 1\.5 is"):
        evaluate(tiny_dataset, results, tiou=[1.5])
    with pytest.raises(InputError, match=r"^protocol: .*nearest is thumos14"):
        evaluate(tiny_dataset, results, protocol="thumos")


def test_repr_is_a_sentence(tiny_dataset: Path, results: Results) -> None:
    scores = evaluate(tiny_dataset, results)
    expected = f"average mAP {100 * scores.average_map:.1f} % at tIoU 0.1 to 0.7>"
    assert repr(scores) == f"<Scores: plain, subset validation, 6 videos: {expected}"
