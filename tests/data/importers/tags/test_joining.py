from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from weaktal.data.importers.tags.cells import Row
from weaktal.data.importers.tags.joining import Videos, folder_columns
from weaktal.data.video_names import name_videos

FILES = [
    "/v/Montag/IMG_0001.mp4",
    "/v/Dienstag/IMG_0001.mp4",
    "/v/Dienstag/100APPLE/IMG_0001.mp4",
    "/v/Montag/IMG_0002.MP4",
    unicodedata.normalize("NFD", "/v/Hürden/Stoß ü.mov"),
    "/v/final.v2.mkv",
]
VIDEOS = Videos(name_videos(map(Path, FILES)))
SHARED = ("100APPLE_IMG_0001", "Dienstag_IMG_0001", "Montag_IMG_0001")


def test_names() -> None:
    assert {"IMG_0002", "Stoß ü", "final.v2", *SHARED} == set(VIDEOS.files)


@pytest.mark.parametrize(
    ("cell", "folder"),
    [
        ("Montag/IMG_0001.mp4", "Montag"),
        ("montag\\img_0001.MP4", "Montag"),
        ("C:\\Users\\me\\Videos\\Dienstag\\IMG_0001.mp4", "Dienstag"),
        ("./Dienstag/100APPLE/IMG_0001", "100APPLE"),
        ("100APPLE/IMG_0001.mov", "100APPLE"),
        ("IMG_0002", "Montag"),
        ("img_0002.mov", "Montag"),
        ("elsewhere/IMG_0002.mp4", "Montag"),
        ("Stoß ü", unicodedata.normalize("NFD", "Hürden")),
        ("STOSS Ü.mov", unicodedata.normalize("NFD", "Hürden")),
        ("final.v2", "v"),
        ("/v/Montag/IMG_0001.mp4", "Montag"),
    ],
)
def test_a_cell_finds_its_video(cell: str, folder: str) -> None:
    (name,) = VIDEOS.find(cell)
    assert VIDEOS.files[name].parent.name == folder


@pytest.mark.parametrize("cell", ["", "/", "IMG_0003", "Montag", "IMG", "final", "a\0b"])
def test_a_cell_finds_none(cell: str) -> None:
    assert VIDEOS.find(cell) == ()
    assert not VIDEOS.has(cell)


def test_a_cell_that_may_be_several() -> None:
    assert len(VIDEOS.find("IMG_0001.mp4")) == 3
    assert VIDEOS.has("IMG_0001.mp4")


def test_another_cell_may_name_the_folder() -> None:
    rows = [
        Row(1, ("IMG_0001", "montag", "a", "Größe 1")),
        Row(2, ("IMG_0002", "Samstag", "a", "Größe 2")),
        Row(3, ("IMG_0001", "", "a", "Größe 3")),
        Row(4, ("final.v2", "Samstag", "b", "Größe 4")),
    ]
    assert folder_columns(rows, (1, 2, 3), 0, VIDEOS) == (1,)


def test_a_cell_may_say_another_folder() -> None:
    (name,) = VIDEOS.find("Dienstag/IMG_0002")
    assert VIDEOS.misplaced("Dienstag/IMG_0002", name)
    assert not VIDEOS.misplaced("montag\\IMG_0002", name)
    assert not VIDEOS.misplaced("IMG_0002", name)


def test_the_name_in_the_dataset_is_found_as_well() -> None:
    for name in VIDEOS.files:
        assert VIDEOS.find(name) == (name,)
