"""Which renderer made something: a hash over its source."""

from __future__ import annotations

import hashlib
from pathlib import Path

_WORLD = Path(__file__).parents[1]


def world_fingerprint(settings: str = "") -> str:
    """SHA-256 of the modules that render the world, and of ``settings``; in hexadecimal."""
    digest = hashlib.sha256(settings.encode())
    for path in sorted(_WORLD.glob("*.py")):
        digest.update(f"\n{path.name}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
