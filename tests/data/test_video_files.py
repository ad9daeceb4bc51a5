from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from weaktal.data.annotations import read_tags
from weaktal.data.video_files import VIDEO_ENDINGS, dataset_videos, find_usable, find_videos, videos_in
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


def touched(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_links_are_followed_and_each_folder_is_searched_once(tmp_path: Path) -> None:
    disk = touched(tmp_path / "disk", "far.mp4", "deep/farther.mkv")
    videos = touched(tmp_path / "videos", "near.MP4", "inside/nearer.mov")
    (videos / "disk").symlink_to(disk)
    (videos / "again").symlink_to(videos / "inside")
    (disk / "round").symlink_to(videos)
    (videos / "file.avi").symlink_to(videos / "near.MP4")
    found, skipped = find_usable(videos)
    assert set(found) == {"near", "nearer", "far", "farther"} or set(found) == {"file", "nearer", "far", "farther"}
    assert found["nearer"] == videos / "inside" / "nearer.mov"
    assert not skipped


def test_what_cannot_be_used_is_named_and_stops_no_other(tmp_path: Path) -> None:
    videos = touched(tmp_path / "videos", "good.mp4", "clip.mp4/inside.mkv")
    (videos / "gone.mp4").symlink_to(tmp_path / "nowhere.mp4")
    (videos / "unmounted").symlink_to("/nowhere/at/all")
    (videos / "round.mp4").symlink_to(videos / "round.mp4")
    os.mkfifo(videos / "pipe.mp4")
    touched(videos, os.fsdecode(b"caf\xe9.mp4"))
    absent = tmp_path / "absent.mp4"
    empty = touched(tmp_path / "empty", "notes.txt")
    found, skipped = find_usable([videos, absent, empty])
    assert set(found) == {"good", "inside"}
    problems = {Path(path).name: error.problem for path, error in skipped.items()}
    assert problems.pop("round.mp4") in ("is a broken link", "cannot be read (Too many levels of symbolic links)")
    assert problems == {
        "gone.mp4": "is a broken link",
        "unmounted": "is a broken link",
        "pipe.mp4": "is a pipe",
        os.fsdecode(b"caf\xe9.mp4"): "its path is not Unicode",
        "absent.mp4": "no such file or folder",
        "empty": "holds no video",
    }
    for path in (videos / "gone.mp4", videos / "pipe.mp4", absent, empty):
        with pytest.raises(InputError) as caught:
            find_videos(path)
        assert caught.value.source == path
    with pytest.raises(InputError, match=r"none of 2 videos can be used; the first: .*gone"):
        find_usable([videos / "gone.mp4", absent])


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    """In a process without rights, since some who run tests may read everything."""
    videos = touched(tmp_path / "videos", "good.mp4", "closed/inside.mp4")
    (videos / "closed").chmod(0)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder.stat().st_mode & 0o077 == 0:
            folder.chmod(0o711)
    code = f"""
import os, sys
from pathlib import Path
from weaktal.data.video_files import find_usable
if os.getuid() == 0:
    os.setuid(65534)
found, skipped = find_usable(Path({str(videos)!r}))
print(sorted(found), [error.problem for error in skipped.values()])
"""
    (videos).chmod(0o755)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    (videos / "closed").chmod(0o755)
    assert done.stdout == "['good'] ['cannot be read (Permission denied)']\n", done.stderr


def test_what_is_passed_over_is_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "weaktal")
    touched(tmp_path, "a.mp4", "._a.mp4", "a.json", "b.json", "c.JSON", "README")
    assert list(find_videos(tmp_path)) == ["a"]
    others = "3 .json, 1 ._* of macOS, 1 without an ending"
    assert f"{tmp_path}: ignored 5 files not named like a video: {others}" in caplog.messages


@pytest.mark.parametrize(
    "name",
    ["00001.MTS", "00002.m2ts", "a.3gp", "a.vob", "a.ogv", "a.asf", "a.MOD", "a.rmvb", "a.mxf", "a.h265"],
)
def test_files_of_cameras_discs_and_broadcasts_are_videos(tmp_path: Path, name: str) -> None:
    assert videos_in(touched(tmp_path, name)) == [tmp_path / name]


# Endings that FFmpeg reads and that are no videos in a folder: sound, subtitles, text art, single pictures, raw numbers
# without a size, and words that mean something else to most programs.
NO_VIDEOS = {
    "sound": "302 722 aa aa3 aac aax ac3 ac4 acm adf adp ads adx aea afc aix al ape apc apl aptx aptxhd ast avr bcstm "
    "bfstm binka bit bonk brstm c2 daud dfpwm dss dtk dts dtshd eac3 ec3 fap flac fsb fwse g722 g723_1 g728 g729 genh "
    "gsm hca iamf ircam isma laf lc3 m2a m4a m4b mac mca mka mlp mods mp2 mp3 mpa mpc msbc msf mtaf musx nist nsp ogg "
    "oma omg osq paf pvf qoa rco rka rsd rso sb sbc sbg sdr2 sds sdx sf shn sln son sph ss2 svag svs sw tak tco thd "
    "tta ub ul uw v vag vb vpk vqe vqf vql wa way wsd xmd xvag",
    "text": "aqt ans art asc diz ice nfo vt idf idx jss mcc mks mpl2 pjs rt sami scc smi stl sub sup txt vtt webvtt",
    "others": "avif heic heif j2k jxl mpo cdata bitpacked cif qcif rgb yuv yuv10 v210 dat str avs cdg imx ipu lvf rpl "
    "sdns ser sga",
}
NONE = {ending for endings in NO_VIDEOS.values() for ending in endings.split()}


def test_every_ending_that_the_decoder_reads_is_a_video_or_known_to_be_none() -> None:
    pytest.importorskip("av")
    from av.format import ContainerFormat, formats_available

    endings = set()
    for name in formats_available:
        try:
            endings |= ContainerFormat(name, "r").extensions
        except ValueError:  # it only writes that one
            continue
    assert len(endings) > 150
    assert endings - {ending[1:] for ending in VIDEO_ENDINGS} <= NONE
    assert not {ending[1:] for ending in VIDEO_ENDINGS} & NONE
