"""Which renderer made something: a hash over its source."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

_WORLD = Path(__file__).parents[1]
_IMPORT = re.compile(r"^\s*from (weaktal\.world[\w.]*) import ([\w, ]+)", re.MULTILINE)


@cache
def renderer_sources() -> tuple[Path, ...]:
    """The modules that draw clips and stills: ``clip``, ``still`` and what they import from the world, sorted."""
    found: set[Path] = set()
    waiting = [_WORLD / "clip.py", _WORLD / "still.py"]
    while waiting:
        path = waiting.pop()
        if path in found or not path.is_file():
            continue
        found.add(path)
        for module, names in _IMPORT.findall(path.read_text(encoding="utf-8")):
            place = _WORLD.joinpath(*module.split(".")[2:])
            waiting += [place.with_suffix(".py"), *(place / f"{name.strip()}.py" for name in names.split(","))]
    return tuple(sorted(found))


def renderer_fingerprint(settings: str = "") -> str:
    """SHA-256 of these modules and of ``settings``, in hexadecimal."""
    digest = hashlib.sha256(settings.encode())
    for path in renderer_sources():
        digest.update(f"\n{path.relative_to(_WORLD)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
