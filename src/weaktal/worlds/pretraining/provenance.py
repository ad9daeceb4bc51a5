"""Which renderer made something: a hash over a sample of its pictures."""

from __future__ import annotations

import hashlib
from functools import cache

from weaktal.worlds.actions import ACTIONS
from weaktal.worlds.clip import render_clip
from weaktal.worlds.still import render_still

_STILLS = 12


@cache
def renderer_fingerprint() -> str:
    """SHA-256 of two frames of every action and of some stills, in hexadecimal.

    What was rendered by another version may be used again if the pictures are the same, whatever became of the code.
    """
    digest = hashlib.sha256()
    for action in ACTIONS:
        digest.update(render_clip(action, 1, 2).tobytes())
    for seed in range(_STILLS):
        still = render_still(seed)
        digest.update(still.image.tobytes())
        digest.update(repr(still.facts).encode())
    return digest.hexdigest()


def cache_key(settings: str) -> str:
    """What tells one set of rendered things from another: the renderer and the settings."""
    return hashlib.sha256(f"{renderer_fingerprint()} {settings}".encode()).hexdigest()[:16]
