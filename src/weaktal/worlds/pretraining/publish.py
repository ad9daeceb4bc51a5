"""Trained weights into a folder: half precision, with their hash in its index, and a log of how they came to be."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import nn

from weaktal.encoders.world.shipped import INDEX, Entry, Index, read_index
from weaktal.encoders.world.words import WordTokenizer, write_words
from weaktal.files import replacing, sha256, write_json


def publish(
    folder: Path,
    name: str,
    model: nn.Module,
    *,
    what: str,
    log: Mapping[str, Any],
    tokenizer: WordTokenizer | None = None,
) -> Entry:
    """Writes ``NAME.safetensors``, ``NAME.log.json``, the vocabulary if there is one, and the entry in the index.

    Args:
        folder: with the weights of other networks or none.
        name: of the network, as the index calls it.
        model: whose weights are stored as float16; counters are left out.
        what: the network in words.
        log: whatever tells how it was trained; finite numbers only.
        tokenizer: of the words that it reads.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = name.replace("-", "_")
    tensors = {
        key: value.detach().to(torch.float16).contiguous()
        for key, value in model.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }
    content = save(tensors)
    file = f"{stem}.safetensors"
    with replacing(folder / file) as temporary:
        temporary.write_bytes(content)
    write_json(folder / f"{stem}.log.json", dict(log))
    words = None
    if tokenizer is not None:
        words = f"{stem}_words.json"
        write_words(folder / words, tokenizer)
    entry = Entry(
        what=what,
        file=file,
        sha256=hashlib.sha256(content).hexdigest(),
        vocabulary=words,
        vocabulary_sha256=sha256(folder / words) if words else None,
    )
    held = read_index(folder).weights if (folder / INDEX).exists() else {}
    index = Index(weights=dict(sorted({**held, name: entry}.items())))
    write_json(folder / INDEX, index.model_dump(mode="json", exclude_none=True))
    return entry
