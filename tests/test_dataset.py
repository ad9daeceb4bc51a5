"""A dataset for a Python caller: what it says of itself, and that it stands for its path."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from weaktal.dataset import Dataset
from weaktal.errors import InputError


def test_what_it_says(scene_dataset: Path) -> None:
    dataset = Dataset(str(scene_dataset))
    assert dataset.classes == ("jump", "run", "throw")
    assert dataset.features == ("i3d", "scene")
    assert dataset.videos["video_00"].subset == "training"
    assert os.fspath(dataset) == str(scene_dataset)
    assert repr(dataset) == (
        f"<Dataset {str(scene_dataset)!r}: 16 videos (10 training, 6 validation), 3 classes (jump, run, throw), "
        "features: i3d, scene>"
    )


def test_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone: no such folder; expected a dataset folder"):
        Dataset(tmp_path / "gone")
    with pytest.raises(InputError, match=r"annotations.json: no such file; expected the tags"):
        Dataset(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file: is not a folder"):
        Dataset(tmp_path / "file")
