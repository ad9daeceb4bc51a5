from __future__ import annotations

import json
from pathlib import Path

import pytest

from weaktal.data.annotations import read_tags
from weaktal.data.video_files import dataset_videos, find_videos
from weaktal.errors import InputError


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A dataset whose videos lie in its folder, elsewhere, and nowhere."""
    folder = tmp_path / "data"
    for name in ("data/videos/a.mp4", "data/videos/old/c.mp4", "phone/IMG_1.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    files = {"a": None, "b": str(tmp_path / "phone" / "IMG_1.mp4"), "c": "videos/new/c.mp4"}
    database = {
        name: {"subset": "training", "duration": 1.0, "labels": ["x"], **({"file": file} if file else {})}
        for name, file in files.items()
    }
    (folder / "annotations.json").write_text(json.dumps({"database": database}))
    return folder


def test_annotations_say_where_a_video_lies(dataset: Path) -> None:
    expected = {
        "a": dataset / "videos" / "a.mp4",
        "b": dataset.parent / "phone" / "IMG_1.mp4",
        "c": dataset / "videos" / "new" / "c.mp4",  # as they say, although there is none
    }
    assert dataset_videos(dataset) == dataset_videos(dataset / "annotations.json") == expected
    assert find_videos(dataset) == expected
    assert {name: video.file for name, video in read_tags(dataset).videos.items()} == {**expected, "a": None}


def test_a_file_that_the_dataset_names_keeps_that_name(dataset: Path) -> None:
    assert list(find_videos(dataset.parent / "phone")) == ["IMG_1"]
    assert list(find_videos(dataset.parent / "phone", dataset_videos(dataset))) == ["b"]


def test_a_file_must_be_a_path(dataset: Path) -> None:
    path = dataset / "annotations.json"
    path.write_text(path.read_text().replace('"videos/new/c.mp4"', "3"))
    with pytest.raises(InputError, match=r"database.c.file: is 3; expected a valid string"):
        read_tags(dataset)
