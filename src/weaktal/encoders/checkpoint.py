"""Weights read from files without running any code that they may hold, and put into a module key by key."""

from __future__ import annotations

import hashlib
import pickle
import pickletools
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from weaktal.errors import InputError, first_line, shown
from weaktal.files import sha256

# The largest checkpoints have some thousand tensors, of a few dozen instructions each.
_INSTRUCTIONS = 1_000_000
_OLD_PICKLES = 5  # of a file as PyTorch wrote it before 1.6, in front of its numbers

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
        _refuse_bombs(path)
        with warnings.catch_warnings(action="ignore"):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, OSError, EOFError, ValueError, KeyError) as error:
        reason = first_line(error)
        if isinstance(error, pickle.UnpicklingError):  # PyTorch's own words tell how to run the code in it
            reason = "it holds something else than tensors, or is damaged"
        raise InputError(f"not a weights file ({reason})", source=path, expected=EXPECTED) from None
    if not isinstance(content, Mapping) or not all(isinstance(value, Tensor) for value in content.values()):
        raise InputError(f"holds {_kinds(content)}", source=path, expected=EXPECTED)
    for name, tensor in content.items():
        if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_meta or not _is_stored(tensor):
            raise InputError(
                "is not a plain tensor", source=path, place=shown(name), expected="numbers, each in the file"
            )
    return dict(content)


def _is_stored(tensor: Tensor) -> bool:
    """Whether all numbers of a tensor are there; one can be spread over any number of places."""
    return tensor.numel() * tensor.element_size() <= tensor.untyped_storage().nbytes()


def _refuse_bombs(path: Path) -> None:
    """Refuses a small file that would grow without end while PyTorch reads it; none that PyTorch wrote does.

    Raises:
        ValueError: saying why.
    """
    if not zipfile.is_zipfile(path):
        with path.open("rb") as stream:
            for _ in range(_OLD_PICKLES):
                _check_pickle(stream)
        return
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise ValueError("a compressed archive")
        if sum(entry.file_size for entry in entries) > path.stat().st_size:
            raise ValueError("an archive whose entries lie over each other")
        for entry in entries:
            if entry.filename.endswith(".pkl"):
                with archive.open(entry) as pickled:
                    _check_pickle(pickled)


def _check_pickle(stream: IO[bytes]) -> None:
    """Walks over the instructions of a pickle, and follows none.

    Many of them can fill the memory. A tuple that is referred to can hold itself twice, which does so again: comparing
    60 of these would take years.
    """
    tuples: set[object] = set()
    stored, made = 0, ""
    for count, (code, argument, _) in enumerate(pickletools.genops(stream)):
        if count > _INSTRUCTIONS:
            raise ValueError(f"a pickle of more than {_INSTRUCTIONS:,} instructions")
        if code.name in ("BINPUT", "LONG_BINPUT", "PUT", "MEMOIZE"):
            if made in ("TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"):
                tuples.add(stored if code.name == "MEMOIZE" else argument)
            stored += 1
        elif code.name in ("BINGET", "LONG_BINGET", "GET") and argument in tuples:
            raise ValueError("a pickle that refers twice to a tuple")
        made = code.name


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
