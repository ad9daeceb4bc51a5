"""Weights read from files without running any code that they may hold, and put into a module key by key."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from weaktal.errors import InputError, shown
from weaktal.files import sha256

EXPECTED = "a state dict: .safetensors, or .pt/.pth/.bin holding nothing but tensors"


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """The tensors of a weights file by name, on the CPU.

    Raises:
        InputError: if the file is missing, damaged, or holds anything but tensors (code in it is never run).
    """
    if not path.is_file():
        problem = "is a folder" if path.is_dir() else "no such file"
        raise InputError(problem, source=path, expected=EXPECTED)
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, OSError, EOFError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"not a weights file ({reason})", source=path, expected=EXPECTED) from None
    if not isinstance(content, Mapping) or not all(isinstance(value, Tensor) for value in content.values()):
        raise InputError(f"holds {_kinds(content)}", source=path, expected=EXPECTED)
    return dict(content)


def _kinds(content: object) -> str:
    if not isinstance(content, Mapping):
        return f"a {type(content).__name__}"
    return "the entries " + ", ".join(shown(key) for key in list(content)[:5])


def load_weights(module: nn.Module, state: Mapping[str, Tensor], source: Path) -> None:
    """Puts ``state`` into ``module``; every key must be there with the right shape, and none besides.

    The counter ``num_batches_tracked`` of batch normalization may be absent: files from before 2018 lack it and
    inference never reads it.

    Raises:
        InputError: naming the first missing, unknown or misshapen keys.
    """
    wanted = module.state_dict()
    given = {key: value for key, value in state.items() if not key.endswith("num_batches_tracked")}
    needed = {key: value for key, value in wanted.items() if not key.endswith("num_batches_tracked")}
    missing, unknown = needed.keys() - given.keys(), given.keys() - needed.keys()
    if missing or unknown:
        parts = [f"lacks {_some(missing)}"] if missing else []
        parts += [f"has unknown {_some(unknown)}"] if unknown else []
        raise InputError(
            " and ".join(parts), source=source, expected=f"the {len(needed)} weights of {type(module).__name__}"
        )
    for key, value in needed.items():
        if given[key].shape != value.shape:
            raise InputError(
                f"has shape {tuple(given[key].shape)}", source=source, place=key, expected=f"{tuple(value.shape)}"
            )
    module.load_state_dict(given, strict=False)


def _some(keys: set[str]) -> str:
    listed = sorted(keys)
    more = f" and {len(listed) - 3} more" if len(listed) > 3 else ""
    return ", ".join(listed[:3]) + more


def fingerprint(files: Mapping[str, Path]) -> str:
    """What a manifest says of weights: the SHA-256 of a single file; of several, the SHA-256 of their list.

    The list has one line ``NAME SHA256`` a file, sorted by name, so that ``sha256sum`` can reproduce it.
    """
    return listed({name: sha256(path) for name, path in files.items()})


def listed(hashes: Mapping[str, str]) -> str:
    """The same of hashes that are known."""
    if len(hashes) == 1:
        return next(iter(hashes.values()))
    lines = "".join(f"{name} {hashes[name]}\n" for name in sorted(hashes))
    return hashlib.sha256(lines.encode()).hexdigest()
