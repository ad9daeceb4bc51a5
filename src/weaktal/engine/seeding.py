"""Seeds that depend on nothing but the run's seed and a place in the run."""

from __future__ import annotations

import hashlib

import torch


def derived_seed(*parts: int | str) -> int:
    """A seed of 63 bits from any number of parts, the same on every machine."""
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def seed_torch(*parts: int | str) -> None:
    """Seeds PyTorch on every device; NumPy and Python generators are not used by weaktal's training."""
    torch.manual_seed(derived_seed(*parts))
