"""A page shows the file that was localized, whatever else is called like it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from weaktal.data.results import Results, VideoFile
from weaktal.data.same_video import file_to_show
from weaktal.errors import InputError
from weaktal.files import sha256
from weaktal.report.view import view
from weaktal.runs.video_file import video_file
from weaktal.segments import Segment
from weaktal.video.encoding import writing_video


def write_video(path: Path, shades: list[int]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with writing_video(path, width=64, height=48, fps=10) as write:
        for shade in shades:
            write(np.full((48, 64, 3), shade, np.uint8))
    return path


@pytest.fixture
def localized(tmp_path: Path) -> tuple[Path, VideoFile]:
    path = write_video(tmp_path / "a/v.mp4", [50] * 20)
    return path, video_file(path, 2.0, sha256(path))


def test_what_results_keep_of_a_file(localized: tuple[Path, VideoFile]) -> None:
    path, known = localized
    assert (known.file, known.duration, known.fps, known.bytes) == (str(path), 2.0, 10.0, path.stat().st_size)
    assert video_file(None, 3.0) == VideoFile(duration=3.0)


def test_the_file_itself_a_copy_of_it_and_none(localized: tuple[Path, VideoFile], tmp_path: Path) -> None:
    path, known = localized
    copy = tmp_path / "b/v.mp4"
    copy.parent.mkdir()
    shutil.copy(path, copy)
    assert file_to_show("v", path, [known]) == path
    assert file_to_show("v", copy, [known]) == copy
    assert file_to_show("v", None, [known]) == path  # results alone find their video
    path.unlink()
    assert file_to_show("v", None, [known]) is None
    assert file_to_show("v", copy, []) == copy  # results of other tools say nothing of files


def test_results_alone_lead_to_no_other_kind_of_file(localized: tuple[Path, VideoFile], tmp_path: Path) -> None:
    path, known = localized
    bare = VideoFile(file=known.file, duration=known.duration)  # as other tools may write it
    assert file_to_show("v", None, [bare]) == path
    other = tmp_path / "notes.txt"
    shutil.copy(path, other)
    of_other = known.model_copy(update={"file": str(other)})
    assert file_to_show("v", None, [of_other]) == other  # the very content that was localized
    for changes in ({"sha256": None}, {"sha256": "0" * 64}):
        with pytest.raises(InputError, match="not called like a video; expected videos FOLDER"):
            file_to_show("v", None, [of_other.model_copy(update=changes)])
    assert file_to_show("v", None, [known.model_copy(update={"file": "/dev/zero"})]) is None


@pytest.mark.parametrize(
    ("shades", "message"),
    [([50] * 40, "bytes, not|4.00 s long"), ([200] * 20, "bytes, not|content differs")],
)
def test_another_file_of_that_name_is_refused(
    localized: tuple[Path, VideoFile], tmp_path: Path, shades: list[int], message: str
) -> None:
    other = write_video(tmp_path / "b/v.mp4", shades)
    with pytest.raises(InputError, match=message):
        file_to_show("v", other, [localized[1]])


def test_same_size_but_other_content_or_only_another_folder(localized: tuple[Path, VideoFile], tmp_path: Path) -> None:
    path, known = localized
    other = tmp_path / "b/v.mp4"
    other.parent.mkdir()
    shutil.copy(path, other)
    with pytest.raises(InputError, match="content differs"):
        file_to_show("v", other, [known.model_copy(update={"sha256": "0" * 64})])
    with pytest.raises(InputError, match="another folder"):
        file_to_show("v", other, [known.model_copy(update={"sha256": None, "bytes": None})])
    with pytest.raises(InputError, match=r"2\.00 s long; expected .*a/v.mp4, 9.00 s long"):
        file_to_show("v", path, [known.model_copy(update={"duration": 9.0})])


def test_pages_refuse_a_named_folder_and_do_without_one_that_was_not_named(
    localized: tuple[Path, VideoFile], tmp_path: Path
) -> None:
    path, known = localized
    Results({"v": [Segment(0.5, 1.0, "jump", 0.9)]}, files={"v": known}).save(tmp_path / "results.json")
    report = view([tmp_path / "results.json"], tmp_path / "view.html")
    assert report.videos[0].film is not None
    assert report.videos[0].duration == 2.0
    write_video(tmp_path / "other/v.mp4", [200] * 40)
    with pytest.raises(InputError, match="another video than the one that was localized as v"):
        view([tmp_path / "results.json"], tmp_path / "view.html", videos=tmp_path / "other")
    write_video(path, [200] * 40)  # replaced since
    replaced = view([tmp_path / "results.json"], tmp_path / "view.html")
    assert replaced.videos[0].film is None
    assert any("another video" in note for note in replaced.notes)
