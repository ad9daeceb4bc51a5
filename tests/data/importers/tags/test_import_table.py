"""From a spreadsheet and a folder of videos to a dataset, as a phone and a spreadsheet program make them."""

from __future__ import annotations

import json
import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from weaktal import Dataset, InputError, Progress, import_folders, import_table
from weaktal.data.annotations import read_annotations, write_annotations
from weaktal.segments import Segment
from weaktal.video.encoding import writing_video


def film(path: Path, frames: int = 10) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with writing_video(path, fps=10, width=32, height=32) as add:
        for number in range(frames):
            add(np.full((32, 32, 3), number, dtype=np.uint8))
    return path


@pytest.fixture
def phone(tmp_path: Path) -> Path:
    """Three folders that are numbered alike."""
    for index, folder in enumerate(("Montag", "Dienstag", unicodedata.normalize("NFD", "Mittwoch früh"))):
        for number in (1, 2):
            film(tmp_path / "videos" / folder / f"IMG_000{number}.mp4", 10 + index)
    return tmp_path / "videos"


def write(path: Path, text: str, encoding: str = "cp1252") -> Path:
    path.write_bytes(text.replace("\n", "\r\n").encode(encoding))
    return path


TABLE = """Datei;Ordner;Übungen
IMG_0001.mp4;Montag;Weitsprung
IMG_0002.mp4;Montag;Hürdenlauf, weitsprung
IMG_0001.mp4;Dienstag;-
IMG_0002.mp4;Dienstag;Hürdenlauf
Mittwoch früh/IMG_0001.mp4;;Weitsprung
IMG_0009.mp4;Montag;Weitsprung
IMG_0002.mp4;;Hürdenlauf
"""


def test_a_folder_of_videos_and_a_spreadsheet(phone: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    table = write(tmp_path / "tags.csv", TABLE)
    events: list[Progress] = []
    imported = import_table(table, phone, tmp_path / "data", on_progress=events.append)
    dataset = Dataset(tmp_path / "data")
    assert dataset.classes == ("Hürdenlauf", "Weitsprung")
    assert {name: video.labels for name, video in dataset.videos.items()} == {
        "Dienstag_IMG_0001": (),
        "Dienstag_IMG_0002": ("Hürdenlauf",),
        "Mittwoch früh_IMG_0001": ("Weitsprung",),
        "Montag_IMG_0001": ("Weitsprung",),
        "Montag_IMG_0002": ("Hürdenlauf", "Weitsprung"),
    }
    assert dataset.videos["Dienstag_IMG_0002"].duration == pytest.approx(1.1)
    assert dataset.videos["Dienstag_IMG_0002"].file == phone / "Dienstag" / "IMG_0002.mp4"
    assert imported.videos == {"training": 5}
    assert imported.classes == {"Hürdenlauf": 2, "Weitsprung": 3}
    assert imported.added == tuple(dataset.videos)
    assert [line.partition(":")[0] for line in imported.rows_without_video] == [
        "row 7, column 'Datei'",
        "row 8, column 'Datei'",
    ]
    assert "write its folder as well" in imported.rows_without_video[1]
    assert [path.name for path in imported.videos_without_row] == ["IMG_0002.mp4"]
    assert imported.said[0] == f"{table}: Windows-1252, cells separated by semicolons"
    assert "the label 'Weitsprung' is also written 'weitsprung'" in imported.said
    assert "1 video without any tag: no action occurs there" in imported.said
    assert "few videos to learn from: 'Hürdenlauf' has 2 videos, 'Weitsprung' has 3 videos; 5 or more are better" in (
        imported.said
    )
    assert events[-1].share == 1.0
    assert set(imported.said) <= set(caplog.messages)
    assert any("no row for 1 video" in message for message in caplog.messages)


def test_a_column_for_each_tag_and_a_row_for_each_tag(phone: Path, tmp_path: Path) -> None:
    wide = write(tmp_path / "wide.csv", "video\tjump\trun\nMontag/IMG_0001\tx\t\nMontag/IMG_0002\t\tx\n")
    long = write(tmp_path / "long.csv", "Montag/IMG_0001,jump\nMontag/IMG_0002,run\nMontag/IMG_0001,jump\n")
    videos = [Dataset.from_table(table, videos=phone, into=tmp_path / table.stem).videos for table in (wide, long)]
    assert [{name: video.labels for name, video in found.items()} for found in videos] == [
        {"Montag_IMG_0001": ("jump",), "Montag_IMG_0002": ("run",)}
    ] * 2


def test_folders_that_are_called_after_tags(phone: Path, tmp_path: Path) -> None:
    dataset = Dataset.from_folders(phone, into=tmp_path / "data")
    assert dataset.classes == ("Dienstag", "Mittwoch früh", "Montag")
    assert dataset.videos["Mittwoch früh_IMG_0002"].labels == ("Mittwoch früh",)
    assert import_folders(phone, tmp_path / "other", test_share=0.5).videos == {"training": 3, "validation": 3}


def test_one_more_video_changes_nothing_else(phone: Path, tmp_path: Path) -> None:
    table = write(tmp_path / "tags.csv", "Montag/IMG_0001,run\nMontag/IMG_0002,run\nDienstag/IMG_0001,jump\n")
    folder = tmp_path / "data"
    import_table(table, phone / "Montag", folder, test_share=0.5)
    before = read_annotations(folder)
    assert list(before.videos) == ["IMG_0001", "IMG_0002"]
    corrected = before.videos["IMG_0001"]
    truth = {**before.videos, "IMG_0001": type(corrected)(
        "IMG_0001", corrected.subset, 1.0, ("run",), (Segment(0.0, 0.5, "run"),), file=corrected.file
    )}  # fmt: skip
    write_annotations(
        folder / "annotations.json", type(before)(("run",), truth, before.version), extra={"protocol": "thumos14"}
    )
    features = folder / "features" / "i3d"
    features.mkdir(parents=True)
    np.save(features / "IMG_0001.npy", np.zeros((1, 4), np.float32))
    write(table, "Montag/IMG_0001,Run\nMontag/IMG_0002,jump\nDienstag/IMG_0001,jump\n")
    imported = import_table(table, [phone / "Montag", phone / "Dienstag"], folder)
    after = read_annotations(folder)
    assert imported.added == ("Dienstag_IMG_0001",)
    assert after.videos["IMG_0001"] == truth["IMG_0001"]
    assert after.videos["IMG_0002"].labels == ("jump",)
    assert after.videos["IMG_0002"].subset == before.videos["IMG_0002"].subset
    assert after.classes == ("run", "jump")
    assert json.loads((folder / "annotations.json").read_text())["protocol"] == "thumos14"
    assert (features / "IMG_0001.npy").exists()
    assert any("tags changed of 1" in line for line in imported.said)
    assert any("the classes changed" in line for line in imported.said)


def test_videos_that_moved_keep_their_names(phone: Path, tmp_path: Path) -> None:
    table = write(tmp_path / "tags.csv", "IMG_0001,run\nIMG_0002,jump\n")
    import_table(table, phone / "Montag", tmp_path / "data")
    (phone / "Montag").rename(phone / "Sonntag")
    imported = import_table(table, phone / "Sonntag", tmp_path / "data")
    assert imported.added == ()
    assert Dataset(tmp_path / "data").videos["IMG_0001"].file == phone / "Sonntag" / "IMG_0001.mp4"


def test_what_cannot_be_used_stops_nothing_else(phone: Path, tmp_path: Path) -> None:
    (phone / "Montag" / "broken.mp4").write_bytes(b"no video")
    (phone / "Montag" / "empty.mov").touch()
    (phone / "Montag" / "Clip 10:30 .mp4").write_bytes((phone / "Montag" / "IMG_0001.mp4").read_bytes())
    table = write(
        tmp_path / "tags.csv",
        "file,tags\nbroken,run\nempty.mov,run\nClip 10:30 .mp4,run\n"
        "Montag/IMG_0002.mp4,a\x07b\nDienstag/IMG_0002,jump\n",
    )
    imported = import_table(table, phone, tmp_path / "data")
    assert imported.added == ("Clip 10_30", "Dienstag_IMG_0002")
    assert {name: error.line() for name, error in imported.skipped.items() if name == "Montag_IMG_0002"} == {
        "Montag_IMG_0002": f"{table}: row 5, column 'tags': the label 'a\\x07b' holds the control character '\\x07'; "
        "expected a label of at most 100 printable characters"
    }
    assert set(imported.skipped) == {"broken", "empty", "Montag_IMG_0002"}


def test_a_file_whose_name_is_not_unicode(phone: Path, tmp_path: Path) -> None:
    try:
        (phone / "Montag" / "IMG_0001.mp4").rename(phone / "Montag" / os.fsdecode(b"\xff.mp4"))
    except OSError:
        pytest.skip("this file system takes Unicode only")
    imported = import_table(write(tmp_path / "t.csv", "Montag/IMG_0002,run\n"), phone, tmp_path / "data")
    assert [error.problem for error in imported.skipped.values()] == ["its path is not Unicode"]


def test_nothing_is_written_where_nothing_can_be_used(phone: Path, tmp_path: Path) -> None:
    (phone / "broken.mp4").touch()
    table = write(tmp_path / "tags.csv", "broken.mp4,run\n")
    with pytest.raises(InputError, match=r"no video can be used; the first: .*broken.mp4: is empty"):
        import_table(table, phone, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_a_dataset_of_another_kind_is_never_touched(phone: Path, tmp_path: Path, tiny_dataset: Path) -> None:
    content = (tiny_dataset / "annotations.json").read_bytes()
    with pytest.raises(InputError, match="exists already, and was not made by this import; expected a new dataset"):
        import_folders(phone, tiny_dataset)
    assert (tiny_dataset / "annotations.json").read_bytes() == content
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file: is a file"):
        import_folders(phone, tmp_path / "file")
    with pytest.raises(InputError, match="test_share: is 1"):
        import_folders(phone, tmp_path / "data", test_share=1)


def test_videos_inside_the_dataset_are_kept_relative_to_it(tmp_path: Path) -> None:
    film(tmp_path / "data" / "videos" / "a.mp4")
    table = write(tmp_path / "tags.csv", "a,run\n")
    import_table(table, tmp_path / "data" / "videos", tmp_path / "data")
    assert json.loads((tmp_path / "data" / "annotations.json").read_text())["database"]["a"]["file"] == "videos/a.mp4"
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    video = Dataset(tmp_path / "elsewhere").videos["a"]
    assert video.file == tmp_path / "elsewhere" / "videos" / "a.mp4"


def test_many_rows(phone: Path, tmp_path: Path) -> None:
    rows = "".join(f"Montag/IMG_000{1 + number % 2},tag {number % 50}\n" for number in range(100_000))
    imported = import_table(write(tmp_path / "tags.csv", rows), phone, tmp_path / "data")
    assert len(imported.classes) == 50
