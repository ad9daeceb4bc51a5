"""Which files are videos: their endings, and the videos of files, folders and datasets by name."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from weaktal.data.annotations import annotations_file, read_tags
from weaktal.data.video_names import composed, name_videos
from weaktal.errors import InputError

PathLike = str | os.PathLike[str]
log = logging.getLogger("weaktal")

# What counts as a video in a folder of files.
VIDEO_ENDINGS = (".mp4", ".mkv", ".webm", ".avi", ".mov", ".m4v", ".mpg", ".mpeg", ".flv", ".wmv", ".ts", ".gif")


def is_video(path: Path) -> bool:
    """Whether a path is a file that is called like a video."""
    return path.suffix.lower() in VIDEO_ENDINGS and path.is_file()


def videos_in(folder: Path) -> list[Path]:
    """The videos of a folder and all its subfolders, sorted."""
    return sorted(path for path in folder.rglob("*") if is_video(path))


def find_videos(paths: PathLike | Iterable[PathLike], known: Mapping[str, Path] | None = None) -> dict[str, Path]:
    """Video files by name, of files, of folders with all their subfolders, and of datasets, sorted.

    Names are as :func:`~weaktal.data.video_names.name_videos` has them. A dataset's videos are called as its
    annotations call them, and all that these name are given, there or not.

    Args:
        paths: one or several.
        known: files that have a name already, which they keep.

    Raises:
        InputError: if a path is neither, or holds no video.
    """
    names = dict(known or {})
    found: list[Path] = []
    for path in map(Path, [paths] if isinstance(paths, str | os.PathLike) else paths):
        if path.is_dir():
            inside = dataset_videos(path) if annotations_file(path).is_file() else {}
            names |= {name: video for name, video in inside.items() if name not in names}
            videos = list(inside.values()) or videos_in(path)
            if not videos:
                raise InputError("holds no video", source=path, expected="files such as *.mp4")
            found += videos
        elif path.exists():
            found.append(path)
        else:
            raise InputError("no such file or folder", source=path, expected="a video, or a folder of videos")
    named = name_videos(found, names)
    renamed = [name for name, path in named.items() if name not in names and name != composed(path.stem)]
    if renamed:
        first = renamed[0]
        log.info("%d videos are called otherwise than their files, such as %s: %s", len(renamed), named[first], first)
    return named


def dataset_videos(dataset: Path) -> dict[str, Path]:
    """Video files of a dataset by name: those that its annotations name, there or not, and those in ``DATASET/videos``.

    Of several files in there with one name, it is the first.

    Args:
        dataset: its folder, or its annotations file.

    Raises:
        InputError: if it has annotations that cannot be read.
    """
    file = annotations_file(dataset)
    known = read_tags(file).videos if file.is_file() else {}
    inside = {composed(path.stem): path for path in reversed(videos_in(file.parent / "videos"))}
    spelled = {composed(name): name for name in known}
    found = {spelled.get(name, name): path for name, path in inside.items()}
    return dict(sorted((found | {video.name: video.file for video in known.values() if video.file}).items()))
