"""What PyAV raises, turned into the one line that says which file cannot be used and why."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import av

from weaktal.errors import InputError
from weaktal.files import nature

A_VIDEO = "a video file such as mp4, mkv, avi, webm or gif"

# FFmpeg's own errors have one root, and only some of them are OSError or ValueError too. PyAV adds others on its way:
# text that is not UTF-8 (ValueError), rates of 0 (ArithmeticError), sizes that do not fit (OverflowError, MemoryError),
# pixel formats that it does not know (NotImplementedError), and streams without a codec (AttributeError).
AV_ERRORS: tuple[type[Exception], ...] = (
    av.error.FFmpegError,
    OSError,
    ValueError,
    EOFError,
    MemoryError,
    ArithmeticError,
    LookupError,
    RuntimeError,
    AttributeError,
    TypeError,
)


@contextlib.contextmanager
def reading(path: Path, problem: str) -> Iterator[None]:
    """Turns whatever PyAV raises in the block into ``path: problem (why)``.

    Only calls of PyAV belong into the block: a mistake of our own would be taken for one of the file's.

    Raises:
        InputError: if PyAV raises anything.
    """
    try:
        yield
    except InputError:
        raise
    except AV_ERRORS as error:
        why = f"it is {other}" if (other := nature(path)) else reason(error)
        raise InputError(f"{problem} ({why})", source=path, expected=A_VIDEO) from None


def reason(error: Exception) -> str:
    """Why, in FFmpeg's words, without the path."""
    if isinstance(error, MemoryError):
        return "not enough memory"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return text[:1].lower() + text[1:]
