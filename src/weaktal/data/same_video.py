"""Which file a video of results is, and which is shown of it: the one that was localized, never another of its name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from weaktal.data.annotations import Length, Name
from weaktal.data.video_files import VIDEO_ENDINGS
from weaktal.errors import InputError, arg
from weaktal.files import sha256

SECONDS, SHARE = 0.5, 0.02  # by how much the lengths of one video may differ: containers and decoders count otherwise


class VideoFile(BaseModel):
    """Which video file the segments of a video belong to.

    Attributes:
        file: absolute path; None if there were only features.
        duration: seconds.
        fps: frames a second, as the file says; None where that is not known.
        bytes: size of the file.
        sha256: of the file's content; None where it was not read.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    file: Name | None = None
    duration: Length
    fps: Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)] | None = None
    bytes: Annotated[int, Field(ge=0, strict=True)] | None = None
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None


def file_to_show(name: str, given: Path | None, localized: Sequence[VideoFile]) -> Path | None:
    """The file of a video.

    Args:
        name: of the video.
        given: the file of that name that was found for it; None where there is none.
        localized: what the results say of the file, each of them that says anything.

    Returns:
        The given file, else the one that was localized, else None. Results may come from anybody: a file that they
        alone name is taken only if it is a regular one that is called like a video or has the SHA-256 that they
        state; and size and length have to be what they state, as far as they do.

    Raises:
        InputError: if the given file is another than the one that was localized, or the file changed since.
    """
    path = given
    for known in localized:
        if path is None and known.file is not None and Path(known.file).is_file():
            path = _own(Path(known.file), known, name)
        if path is not None and (fault := _fault(path, known)):
            of = f"{known.file}, " if known.file is not None else ""
            raise InputError(
                f"is another video than the one that was localized as {name}: {fault}",
                source=path,
                expected=f"{of}{known.duration:.2f} s long",
            )
    return path


def _own(path: Path, known: VideoFile, name: str) -> Path:
    """A file that only the results name.

    Raises:
        InputError: if it is no video of the user's, as far as that can be told without opening it.
    """
    if path.suffix.lower() in VIDEO_ENDINGS:
        return path
    if known.sha256 is not None and path.stat().st_size == known.bytes and sha256(path) == known.sha256:
        return path
    problem = f"is named by the results as video {name}, and is not called like a video"
    raise InputError(problem, source=path, expected=f"{arg('videos')} FOLDER with the video")


def _fault(path: Path, known: VideoFile) -> str | None:
    """Why a file is not the one that was localized; None where it is."""
    if known.bytes is not None and path.stat().st_size != known.bytes:
        return f"it has {path.stat().st_size:,} bytes, not {known.bytes:,}"
    length = _length(path)
    if length is not None and abs(length - known.duration) > max(SECONDS, SHARE * known.duration):
        return f"it is {length:.2f} s long"
    elsewhere = known.file is not None and path.resolve() != Path(known.file).resolve()
    if elsewhere and known.sha256 is not None and sha256(path) != known.sha256:
        return "its content differs"
    if elsewhere and known.sha256 is None and known.bytes is None:
        return "it lies in another folder"
    return None


def _length(path: Path) -> float | None:
    from weaktal.video.container import probe  # late: needs the extra "video"

    return probe(path).duration
