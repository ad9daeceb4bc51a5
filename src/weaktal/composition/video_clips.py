"""A folder of trimmed video clips, each of one class.

Either ``clips.json`` beside them, ``{"source": str?, "clips": [{"id": str?, "label", "file"}, ...]}`` with files
relative to the folder, or one folder a class: ``LABEL/clip.mp4``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from weaktal.composition.clips import CLIPS, FEATURES
from weaktal.data.annotations import Name
from weaktal.data.video_files import is_video
from weaktal.errors import InputError, shown
from weaktal.files import read_model

EXPECTED = f"{CLIPS} with {FEATURES}, {CLIPS} that names video files, or a folder of videos for each class"


@dataclass(frozen=True, slots=True)
class VideoClip:
    """One trimmed clip: ``label`` is its class from its first to its last frame."""

    id: str
    label: str
    path: Path


@dataclass(frozen=True, slots=True)
class VideoClipFolder:
    """Clips that lie in ``folder``; nothing but their names is known yet. ``source`` is what they are, in words."""

    folder: Path
    source: str
    clips: tuple[VideoClip, ...]


class _Entry(BaseModel):
    id: Name | None = None
    label: Name
    file: Name


class _ClipsFile(BaseModel):
    source: str = ""
    clips: Annotated[list[_Entry], Field(min_length=1)]


class _AnyFile(BaseModel):
    clips: list[dict[str, Any]]


def holds_videos(folder: Path) -> bool:
    """Whether the clips of a folder are videos, not features."""
    if not folder.is_dir() or (folder / FEATURES).exists():
        return False
    listed = folder / CLIPS
    if not listed.exists():
        return bool(_by_class(folder))
    try:
        return any("file" in entry for entry in _AnyFile.model_validate_json(listed.read_bytes()).clips)
    except (ValidationError, OSError):  # said by the reader of the one kind that it is taken for
        return False


def read_video_clips(folder: Path) -> VideoClipFolder:
    """The clips of a folder, in the order of its list, or by class and name.

    Raises:
        InputError: if there is no clip, a file is not there, or two clips have one name or one file.
    """
    listed = folder / CLIPS
    if listed.exists():
        content = read_model(listed, _ClipsFile, "a list of trimmed video clips")
        clips = [VideoClip(e.id or e.file, e.label, folder / e.file) for e in content.clips]
        _check_listed(listed, content.clips, clips)
        return VideoClipFolder(folder, content.source, tuple(clips))
    clips = _by_class(folder)
    if not clips:
        raise InputError("holds no clips", source=folder, expected=EXPECTED)
    return VideoClipFolder(folder, "", tuple(clips))


def _by_class(folder: Path) -> list[VideoClip]:
    files = sorted(p for p in folder.glob("*/*") if is_video(p))
    return [
        VideoClip(f"{p.parent.name}/{p.name}", p.parent.name, p) for p in files if not p.parent.name.startswith(".")
    ]


def _check_listed(source: Path, entries: Sequence[_Entry], clips: Sequence[VideoClip]) -> None:
    """Two entries of one file could put the same pictures into training and test."""
    names: set[str] = set()
    files: set[Path] = set()
    for index, (entry, clip) in enumerate(zip(entries, clips, strict=True)):
        place = f"clips.{index}.file"
        try:
            resolved, there = clip.path.resolve(), clip.path.is_file()
        except (OSError, ValueError) as error:
            raise InputError(f"{shown(entry.file)} is not a path", source=source, place=place) from error
        if not there:
            raise InputError(f"{shown(entry.file)}: no such file", source=source, place=place, expected="a video")
        if resolved in files:
            raise InputError(f"{shown(entry.file)} appears twice", source=source, place=place)
        if clip.id in names:
            raise InputError(f"{shown(clip.id)} appears twice", source=source, place=f"clips.{index}.id")
        files.add(resolved)
        names.add(clip.id)
