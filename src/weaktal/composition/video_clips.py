"""A folder of trimmed video clips, each of one class.

Either ``clips.json`` beside them, ``{"source": str?, "clips": [{"id": str?, "label", "file"}, ...]}`` with files
relative to the folder, or one folder a class: ``LABEL/clip.mp4``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from weaktal.composition.clips import CLIPS, FEATURES
from weaktal.data.annotations import Name
from weaktal.data.video_files import Skip, none_usable, pass_over, videos_beside
from weaktal.errors import InputError, shown
from weaktal.files import read_bytes, read_model

EXPECTED = f"{CLIPS} with {FEATURES}, {CLIPS} that names video files, or a folder of videos for each class"


@dataclass(frozen=True, slots=True)
class VideoClip:
    """One trimmed clip: ``label`` is its class from its first to its last frame."""

    id: str
    label: str
    path: Path


@dataclass(frozen=True, slots=True)
class VideoClipFolder:
    """Clips that lie in a folder; nothing but their names is known yet.

    Attributes:
        folder: that holds them.
        source: what they are, in words.
        clips: those whose files are there.
        skipped: the others by path, and why, such as broken links.
    """

    folder: Path
    source: str
    clips: tuple[VideoClip, ...]
    skipped: Mapping[str, InputError] = field(default_factory=dict)


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
        return any("file" in entry for entry in _AnyFile.model_validate_json(read_bytes(listed, "clips")).clips)
    except (ValidationError, InputError):  # said by the reader of the one kind that it is taken for
        return False


def read_video_clips(folder: Path) -> VideoClipFolder:
    """The clips of a folder, in the order of its list, or by class and name.

    Raises:
        InputError: if there is no clip that is there, or two clips have one name or one file.
    """
    listed = folder / CLIPS
    if listed.exists():
        content = read_model(listed, _ClipsFile, "a list of trimmed video clips")
        clips = [VideoClip(e.id or e.file, e.label, folder / e.file) for e in content.clips]
        skipped = _check_listed(listed, content.clips, clips)
        there = tuple(clip for clip in clips if clip.id not in skipped)
        if not there:
            raise none_usable(skipped, len(skipped))
        return VideoClipFolder(folder, content.source, there, skipped)
    skipped = {}
    clips = _by_class(folder, skip=lambda path, error: skipped.update({str(path): error}))
    if not clips:
        raise next(iter(skipped.values()), InputError("holds no clips", source=folder, expected=EXPECTED))
    return VideoClipFolder(folder, "", tuple(clips), skipped)


def _by_class(folder: Path, skip: Skip = pass_over) -> list[VideoClip]:
    labels = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    files = [file for label in labels for file in videos_beside(label, skip)]
    return [VideoClip(f"{p.parent.name}/{p.name}", p.parent.name, p) for p in files]


def _check_listed(source: Path, entries: Sequence[_Entry], clips: Sequence[VideoClip]) -> dict[str, InputError]:
    """The clips whose files are not there, by id.

    Raises:
        InputError: if two entries have one file, which could put the same pictures into training and test, or one id.
    """
    skipped: dict[str, InputError] = {}
    names: set[str] = set()
    files: set[Path] = set()
    for index, (entry, clip) in enumerate(zip(entries, clips, strict=True)):
        place = f"clips.{index}.file"
        try:
            resolved, there = clip.path.resolve(), clip.path.is_file()
        except (OSError, ValueError) as error:
            raise InputError(f"{shown(entry.file)} is not a path", source=source, place=place) from error
        if not there:
            problem = f"{shown(entry.file)}: no such file"
            skipped[clip.id] = InputError(problem, source=source, place=place, expected="a video")
        if resolved in files:
            raise InputError(f"{shown(entry.file)} appears twice", source=source, place=place)
        if clip.id in names:
            raise InputError(f"{shown(clip.id)} appears twice", source=source, place=f"clips.{index}.id")
        files.add(resolved)
        names.add(clip.id)
    return skipped
