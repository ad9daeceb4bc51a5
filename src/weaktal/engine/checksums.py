"""What the files of a run held when they were written, so that damaged and swapped ones are noticed.

``SHA256SUMS`` in a folder lists files of it and of its subfolders, as ``sha256sum -c SHA256SUMS`` takes it: a line
``HASH  PATH`` a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from weaktal.errors import InputError, shown
from weaktal.files import is_endless, read_bytes, sha256, write_text

FILE = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-f]{64})  ([^\0\\]+)")
_DEPTH = 3  # folders above a file that may list it: RUN/phases/01-NAME/weights.safetensors


def read_sums(folder: Path, without: str | None = None) -> dict[str, str]:
    """The SHA-256 of the listed files, by their path in the folder.

    Args:
        folder: a run, or a checkpoint of one.
        without: what to do where there is no list, as in a folder of a weaktal that wrote none yet.

    Raises:
        InputError: if there is no such list, or it is damaged.
    """
    path = folder / FILE
    what = "the checksums that weaktal train wrote there"
    content = read_bytes(path, f"{what}; {without}" if without else what)
    sums: dict[str, str] = {}
    for number, line in enumerate(content.decode("utf-8", errors="replace").splitlines(), start=1):
        found = _LINE.fullmatch(line)
        if found is None or found[2] in sums:
            raise InputError(f"is {shown(line)}", source=path, place=f"line {number}", expected="HASH  PATH, each once")
        sums[found[2]] = found[1]
    return sums


def note(folder: Path, sums: Mapping[str, str]) -> None:
    """Adds files by their path in the folder to its list, or corrects what it says of them."""
    known = read_sums(folder) if (folder / FILE).exists() else {}
    together = sorted({**known, **sums}.items())
    write_text(folder / FILE, "".join(f"{digest}  {name}\n" for name, digest in together))


def seal(folder: Path, files: Iterable[str]) -> None:
    """Lists files of a folder as they are now."""
    note(folder, {name: sha256(folder / name) for name in files})


def check(path: Path) -> None:
    """Refuses a file that is not as it was when it was written. A file of a folder without a list is taken as it is.

    Raises:
        InputError: if it differs, or the list that should name it does not.
    """
    folder = next((parent for parent in path.absolute().parents[:_DEPTH] if (parent / FILE).exists()), None)
    if folder is None or not path.exists():
        return
    stated = read_sums(folder).get(path.absolute().relative_to(folder).as_posix())
    if stated is None:
        raise InputError(f"is not listed in {folder / FILE}", source=path, expected="a file that weaktal train wrote")
    if is_endless(path):
        raise InputError("is not a file", source=path, expected="the file that weaktal train wrote there")
    if sha256(path) != stated:
        problem = f"is damaged, or belongs elsewhere: its SHA-256 is not the one in {folder / FILE}"
        raise InputError(problem, source=path, expected="the file that weaktal train wrote there")
