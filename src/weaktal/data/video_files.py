"""Which files are videos: their endings, and the videos of files, folders and datasets by name."""

from __future__ import annotations

import logging
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from weaktal.data.annotations import annotations_file, read_tags
from weaktal.data.video_names import composed, name_videos
from weaktal.errors import InputError, counted
from weaktal.files import as_paths, reason

PathLike = str | os.PathLike[str]
log = logging.getLogger("weaktal")

# What counts as a video in a folder of files: the endings of all formats with pictures that FFmpeg reads, and what
# cameras, recorders and discs call them.
_ENDINGS = {
    "MPEG-4 and QuickTime": "mp4 m4v mov qt 3gp 3gpp 3g2 f4v mj2 ism ismv psp",
    "other containers": "mkv mk3d webm avi divx xvid amv wmv wm asf dvr-ms wtv flv kux swf ogv ogm rm rmvb ivr nut nsv "
    "mxf gxf mxg moflex dv dif dav ifv",
    "streams of discs, cameras and broadcasts": "mpg mpeg mpe m2p m1v m2v mpv vob evo mod tod ts mts m2ts m2t trp tp "
    "ty ty+",
    "streams without a container": "264 h264 h26l avc 265 h265 hevc 266 h266 vvc evc avs2 avs3 obu av1 ivf apv vc1 rcv "
    "h261 cgi mjpeg mjpg y4m",
    "animations and films of games": "gif apng fli flc bik bk2 roq smk flm xmv usm viv bmv yop mvi pdv cdxl xl",
}
VIDEO_ENDINGS = tuple(f".{ending}" for endings in _ENDINGS.values() for ending in endings.split())
# What stays behind on disks that a Mac wrote to: ``._clip.mp4`` holds its icon, not its pictures.
_OF_MACOS = "._"

Skip = Callable[[Path, InputError], None]


def _refuse(_path: Path, error: InputError) -> None:
    raise error


def pass_over(_path: Path, _error: InputError) -> None:
    """Says nothing of what cannot be used, where somebody else does."""


def is_video(path: Path) -> bool:
    """Whether a path is a file that is called like a video."""
    return _called_video(path) and path.is_file()


def _called_video(path: Path) -> bool:
    return path.suffix.lower() in VIDEO_ENDINGS and not path.name.startswith(_OF_MACOS)


def videos_in(folder: Path, skip: Skip = pass_over) -> list[Path]:
    """The videos of a folder and all its subfolders, sorted; links are followed, each folder is searched once.

    Args:
        folder: where to search.
        skip: told of each path that looks like a video, or like a folder of videos, and cannot be used: a folder that
            cannot be read, a link that leads nowhere, a pipe.
    """
    return sorted(path for path in _files_in(folder, skip) if _called_video(path) and _usable(path, skip))


def videos_beside(folder: Path, skip: Skip = pass_over) -> list[Path]:
    """The videos of a folder without its subfolders; arguments as of :func:`videos_in`."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        skip(folder, InputError(f"cannot be read ({reason(error)})", source=folder, expected="a folder of videos"))
        return []
    return [path for path in entries if _called_video(path) and _usable(path, skip)]


def _files_in(folder: Path, skip: Skip) -> Iterator[Path]:
    """Whatever is in a folder and its subfolders and is not a folder itself."""
    searched: set[tuple[int, int]] = set()
    waiting = [folder]
    while waiting:
        inside = waiting.pop(0)
        try:
            status = inside.stat()
            if (status.st_dev, status.st_ino) in searched:  # a link into a folder that holds it, or a second one
                continue
            searched.add((status.st_dev, status.st_ino))
            entries = sorted(inside.iterdir())
        except OSError as error:
            skip(inside, InputError(f"cannot be read ({reason(error)})", source=inside, expected="a folder of videos"))
            continue
        folders = [entry for entry in entries if _is_folder(entry)]
        # Links last: what a folder holds itself is called by its own place.
        waiting += sorted(folders, key=lambda entry: entry.is_symlink())
        yield from (entry for entry in entries if entry not in folders)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # links that go round in a circle, or names that are too long
        return False


def _usable(path: Path, skip: Skip) -> bool:
    """Whether a video file is one that can be opened; says why not otherwise."""
    expected = "a video file"
    try:
        mode = path.stat().st_mode
    except OSError as error:
        problem = "is a broken link" if path.is_symlink() else f"cannot be read ({reason(error)})"
        skip(path, InputError(problem, source=path, expected=expected))
        return False
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a pipe" if stat.S_ISFIFO(mode) else "no regular file"
        skip(path, InputError(f"is {kind}", source=path, expected=expected))
        return False
    try:
        str(path).encode()
    except UnicodeEncodeError:
        skip(path, InputError("its path is not Unicode", source=path, expected="a name in UTF-8"))
        return False
    return True


def find_videos(
    paths: PathLike | Iterable[PathLike], known: Mapping[str, Path] | None = None, *, skip: Skip = _refuse
) -> dict[str, Path]:
    """Video files by name, of files, of folders with all their subfolders, and of datasets, sorted.

    Names are as :func:`~weaktal.data.video_names.name_videos` has them. A dataset's videos are called as its
    annotations call them, and all that these name are given, there or not. What a folder holds besides videos is
    counted in a log line.

    Args:
        paths: one or several.
        known: files that have a name already, which they keep.
        skip: told of each path that cannot be used; without it, the first of them is an error.

    Raises:
        InputError: if a path is neither, holds no video or cannot be used, unless ``skip`` takes it.
    """
    names = dict(known or {})
    found: list[Path] = []
    for path in as_paths(paths):
        if _is_folder(path):
            inside = dataset_videos(path, skip) if annotations_file(path).is_file() else {}
            names |= {name: video for name, video in inside.items() if name not in names}
            videos = list(inside.values()) or _searched(path, skip)
            if not videos:
                skip(path, InputError("holds no video", source=path, expected="files such as *.mp4"))
            found += videos
        elif path.exists() or path.is_symlink():
            found += [path] if _usable(path, skip) else []
        else:
            expected = "a video, or a folder of videos"
            skip(path, InputError("no such file or folder", source=path, expected=expected))
    named = name_videos(found, names)
    renamed = [name for name, path in named.items() if name not in names and name != composed(path.stem)]
    if renamed:
        first = renamed[0]
        log.info(
            "named otherwise than its file: %s, such as %s: %s", counted(len(renamed), "video"), named[first], first
        )
    return named


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


def find_usable(
    paths: PathLike | Iterable[PathLike], known: Mapping[str, Path] | None = None
) -> tuple[dict[str, Path], dict[str, InputError]]:
    """The videos of :func:`find_videos`, and what cannot be used, by its path: one bad path stops no other.

    Raises:
        InputError: if nothing can be used.
    """
    skipped: dict[str, InputError] = {}
    found = find_videos(paths, known, skip=lambda path, error: skipped.update({str(path): error}))
    if not found:
        raise none_usable(skipped, len(skipped))
    return found, skipped


def refuse_absent(paths: Sequence[Path]) -> None:
    """Refuses paths of which none is there, for commands that import more before they look for videos.

    Raises:
        InputError: as of :func:`find_usable`.
    """
    if paths and not any(os.path.lexists(path) for path in paths):
        find_usable(paths)


def none_usable(skipped: Mapping[str, InputError], count: int) -> InputError:
    """What to say when not a single video is left of ``count``."""
    first = next(iter(skipped.values()), InputError("no video", expected="a video, or a folder of videos"))
    return first if count <= 1 else InputError(f"none of {count} videos can be used; the first: {first.text}")


def _searched(folder: Path, skip: Skip) -> list[Path]:
    """The videos of a folder; says what else it holds."""
    others: Counter[str] = Counter()
    videos = []
    for path in _files_in(folder, skip):
        if _called_video(path):
            videos += [path] if _usable(path, skip) else []
        elif path.name.startswith(_OF_MACOS):
            others["._* of macOS"] += 1
        elif path.is_symlink() and not path.exists() and not path.suffix:
            skip(path, InputError("is a broken link", source=path, expected="a folder of videos, or another ending"))
        else:
            others[path.suffix.lower() or "without an ending"] += 1
    if others:
        counts = ", ".join(f"{count} {ending}" for ending, count in others.most_common())
        log.info("%s: ignored %s not named like a video: %s", folder, counted(others.total(), "file"), counts)
    return sorted(videos)


def dataset_videos(dataset: Path, skip: Skip = pass_over) -> dict[str, Path]:
    """Video files of a dataset by name: those that its annotations name, there or not, and those in ``DATASET/videos``.

    Of several files in there with one name, it is the first.

    Args:
        dataset: its folder, or its annotations file.
        skip: told of each path in there that cannot be used, as :func:`videos_in` has it.

    Raises:
        InputError: if it has annotations that cannot be read.
    """
    file = annotations_file(dataset)
    known = read_tags(file).videos if file.is_file() else {}
    videos = file.parent / "videos"
    inside = {composed(path.stem): path for path in reversed(videos_in(videos, skip) if videos.is_dir() else [])}
    spelled = {composed(name): name for name in known}
    found = {spelled.get(name, name): path for name, path in inside.items()}
    return dict(sorted((found | {video.name: video.file for video in known.values() if video.file}).items()))
