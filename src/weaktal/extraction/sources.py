"""Which video each feature file was made of, so that a video that was replaced since is extracted anew.

``FOLDER/videos.jsonl`` holds a line for each video, added after its features were written; the last one of a video
counts. Features without a line, such as those of earlier versions, are taken as they are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from weaktal.errors import InputError
from weaktal.files import read_bytes, reason, sha256

FILE = "videos.jsonl"


class _Source(BaseModel):
    """A line of the file."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    video: str
    bytes: Annotated[int, Field(ge=0)]
    modified_ns: int
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def note_source(folder: Path, video: str, path: Path) -> None:
    """Adds which file the features of a video in ``folder`` were made of.

    Raises:
        InputError: if the file cannot be read any more, or nothing can be written.
    """
    try:
        before = path.stat()
        line = _Source(video=video, bytes=before.st_size, modified_ns=before.st_mtime_ns, sha256=sha256(path))
        _add(folder / FILE, line)
    except OSError as error:
        raise InputError(f"cannot be read or noted ({reason(error)})", source=path) from error


def drop_replaced(folder: Path, videos: Mapping[str, Path]) -> Iterator[str]:
    """Removes the features of videos whose files hold something else by now; gives their names."""
    known = {source.video: source for source in _lines(folder / FILE)}
    for name, path in videos.items():
        source, features = known.get(name), folder / f"{name}.npy"
        if source is None or not features.is_file():
            continue
        try:
            now = path.stat()
            if (now.st_size, now.st_mtime_ns) == (source.bytes, source.modified_ns):
                continue
            same = now.st_size == source.bytes and sha256(path) == source.sha256
        except OSError:
            continue  # of which extraction speaks in its turn
        if same:
            _add(folder / FILE, source.model_copy(update={"modified_ns": now.st_mtime_ns}))
        else:
            features.unlink(missing_ok=True)
            yield name


def _lines(file: Path) -> Iterator[_Source]:
    if not file.is_file():
        return
    for line in read_bytes(file, "what weaktal extract noted of videos").splitlines():
        try:
            yield _Source.model_validate_json(line)
        except ValidationError:  # half a line, of a process that was killed
            continue


def _add(file: Path, source: _Source) -> None:
    """In one write; after half a line it begins a new one."""
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(file, flags, 0o666)
    try:
        size = os.fstat(descriptor).st_size
        whole = not size or os.pread(descriptor, 1, size - 1) == b"\n"
        os.write(descriptor, (("" if whole else "\n") + source.model_dump_json() + "\n").encode())
    finally:
        os.close(descriptor)
