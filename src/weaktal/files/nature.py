"""What a file is by its first bytes, for messages of one that is not what its name says."""

from __future__ import annotations

from pathlib import Path

_LONGEST = 256  # bytes that are looked at
_STARTS = (
    (b"version https://git-lfs", "a pointer of Git LFS, whose file `git lfs pull` fetches"),
    (b"PK\x03\x04", "a zip archive, as .npz and .pt files are"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x1f\x8b", "compressed by gzip"),
    *((bytes([0x80, protocol]), "a pickle") for protocol in range(2, 6)),
)
_PAGES = (b"<!doctype html", b"<html")


def nature(path: Path) -> str | None:
    """What a file is, as a noun or a participle; None where its first bytes do not tell, or it is no regular one."""
    try:
        if not path.is_file():  # nobody may ever write into a pipe
            return None
        with path.open("rb") as stream:
            start = stream.read(_LONGEST)
    except (OSError, ValueError):
        return None
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGES):
        return "a web page"
    return next((what for signature, what in _STARTS if start.startswith(signature)), None)
