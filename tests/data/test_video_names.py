from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from weaktal.data.annotations import check_name
from weaktal.data.video_names import clean_name, name_videos


def named(*paths: str, known: dict[str, Path] | None = None) -> dict[str, str]:
    return {name: path.as_posix() for name, path in name_videos(map(Path, paths), known).items()}


def test_a_stem_is_a_name() -> None:
    assert named("/v/a.mp4", "/v/sub/b.mkv", "/v/a.mp4") == {"a": "/v/a.mp4", "b": "/v/sub/b.mkv"}


def test_the_folder_tells_equal_stems_apart() -> None:
    found = named("/v/mon/IMG_1.mp4", "/v/tue/img_1.mp4", "/v/tue/IMG_2.mp4")
    assert found == {"IMG_2": "/v/tue/IMG_2.mp4", "mon_IMG_1": "/v/mon/IMG_1.mp4", "tue_img_1": "/v/tue/img_1.mp4"}


def test_as_many_folders_as_it_takes() -> None:
    assert list(named("/v/mon/100APPLE/a.mp4", "/v/tue/100APPLE/a.mp4")) == ["mon_100APPLE_a", "tue_100APPLE_a"]


def test_endings_tell_files_of_one_folder_apart() -> None:
    assert list(named("/v/a.mp4", "/v/a.mov")) == ["v_a_mov", "v_a_mp4"]


def test_known_files_keep_their_names() -> None:
    known = {"a": Path("/v/mon/a.mp4")}
    assert named("/v/mon/a.mp4", "/v/tue/a.mp4", known=known) == {"a": "/v/mon/a.mp4", "tue_a": "/v/tue/a.mp4"}


def test_a_made_name_never_meets_another() -> None:
    found = named("/v/x/a.mp4", "/v/y/a.mp4", "/v/x_a.mp4", "/v/y_a.mp4", "/x_a.mp4", "/y_a.mp4")
    assert len(found) == 6
    assert len({name.casefold() for name in found}) == 6


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (unicodedata.normalize("NFD", "Hürde"), "Hürde"),
        (" Clip 10:30 ", "Clip 10_30"),
        (".hidden", "hidden"),
        ("a\x00b\u202ec/d\\e", "a_b_c_d_e"),
        ("", "video"),
        ("...", "video"),
        ("ü" * 200, "ü" * 90),
    ],
)
def test_any_text_makes_a_name(text: str, name: str) -> None:
    assert clean_name(text) == name
    check_name(name, None)
