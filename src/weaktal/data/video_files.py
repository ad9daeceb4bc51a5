"""Which files are videos: their endings, and the videos of files and folders by name."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from weaktal.data.annotations import annotations_file, check_name
from weaktal.errors import InputError

PathLike = str | os.PathLike[str]

# What counts as a video in a folder of files.
VIDEO_ENDINGS = (".mp4", ".mkv", ".webm", ".avi", ".mov", ".m4v", ".mpg", ".mpeg", ".flv", ".wmv", ".ts", ".gif")


def is_video(path: Path) -> bool:
    """Whether a path is a file that is called like a video."""
    return path.suffix.lower() in VIDEO_ENDINGS and path.is_file()


def videos_in(folder: Path) -> list[Path]:
    """The videos of a folder and all its subfolders, sorted."""
    return sorted(path for path in folder.rglob("*") if is_video(path))


def find_videos(paths: PathLike | Iterable[PathLike]) -> dict[str, Path]:
    """Video files by name, of files and of folders with all their subfolders, sorted.

    Args:
        paths: one or several.

    Raises:
        InputError: if a path is neither, holds no video, or two videos have the same name.
    """
    found: dict[str, Path] = {}
    for path in map(Path, [paths] if isinstance(paths, str | os.PathLike) else paths):
        if path.is_dir():
            inside = videos_in(path)
            if not inside:
                raise InputError("holds no video", source=path, expected="files such as *.mp4")
        elif path.exists():
            inside = [path]
        else:
            raise InputError("no such file or folder", source=path, expected="a video, or a folder of videos")
        for video in inside:
            check_name(video.stem, video)
            other = found.setdefault(video.stem, video)
            if other.resolve() != video.resolve():
                raise InputError(f"has the same name as {other}", source=video, expected="one video for each name")
    return dict(sorted(found.items()))


def files_of(paths: Iterable[Path]) -> list[Path]:
    """What a command reads of datasets, videos and folders of videos, so that no output of its may replace that.

    Args:
        paths: dataset folders or annotations files, videos, and folders of videos; they need not be there.
    """
    found: list[Path] = []
    for path in paths:
        file = annotations_file(path)
        if file.is_file() and (path.is_dir() or path.name == "annotations.json"):
            found += [file, file.parent / "features", file.parent / "videos"]
        else:
            found += videos_in(path) if path.is_dir() else [path]
    return found


def dataset_videos(dataset: Path) -> dict[str, Path]:
    """The video files in ``DATASET/videos`` by name; of several with one name the first."""
    return {path.stem: path for path in reversed(videos_in(dataset / "videos"))}
