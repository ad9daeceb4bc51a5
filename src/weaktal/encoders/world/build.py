"""The encoders of :mod:`weaktal.encoders.world.shipped`, built with the weights that come with weaktal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import torch

from weaktal.devices import Precision
from weaktal.encoders.checkpoint import listed, load_weights, read_state_dict
from weaktal.encoders.diet import Whole
from weaktal.encoders.networks import ImageNetwork, Network, Small3DNetwork, SnippetEncoder
from weaktal.encoders.weights_choice import WeightsChoice
from weaktal.encoders.world.shipped import CBP_STREAMS, FOLDER, INDEX, VLP, Entry, Stream, checked
from weaktal.encoders.world.small3d import HEIGHT, WIDTH, Small3D
from weaktal.encoders.world.small_clip import PREPARATION, SmallClip, SmallClipEncoder
from weaktal.encoders.world.words import WordTokenizer, read_words
from weaktal.errors import InputError
from weaktal.video.flow import FLOW_BOUND

CHANNELS: Mapping[Stream, int] = {"rgb": 3, "flow": 2}
FLOW_METHOD = "dis"  # what the flow stream was trained on
SIGHT = Whole(HEIGHT, WIDTH)
BATCH = 16  # clips at once; about three times as fast as single ones on a CPU
Built = TypeVar("Built")


def shipped(*, name: str, weights: WeightsChoice, device: torch.device, precision: Precision) -> SnippetEncoder:
    """One of :data:`weaktal.encoders.world.shipped.NAMES`; see :class:`weaktal.encoders.catalog.EncoderBuilder`.

    Raises:
        InputError: if weights are missing or damaged.
    """
    seed = weights.seed
    folder = weights.paths.get(name, FOLDER)
    if name == VLP:
        return _vlp(folder, seed, device, precision)
    streams = CBP_STREAMS[name]
    networks: list[Network] = []
    hashes: dict[str, str] = {}
    for stream in streams:
        if seed is None:
            model, hashes[stream] = load_stream(folder, stream)
        else:
            model = _drawn(seed, partial(Small3D, channels=CHANNELS[stream], classes=1))
        networks.append(Small3DNetwork(model, stream, device=device, precision=precision))
    provenance: dict[str, Any] = {
        "snippet": "all frames of the window",
        "feature": "average-pooled activations before the classifier",
        "image": "squeezed",
        "image_size": [HEIGHT, WIDTH],
        "precision": precision,
    }
    if "flow" in streams:
        provenance["flow_bound"] = FLOW_BOUND
    return SnippetEncoder(
        name=name,
        networks=tuple(networks),
        weights_sha256=listed(hashes) if hashes else None,
        provenance=provenance | _origin(seed),
        sight=SIGHT,
        flow=FLOW_METHOD,
        batch=BATCH,
    )


def load_stream(folder: Path, stream: Stream) -> tuple[Small3D, str]:
    """One stream with its trained weights, and their SHA-256.

    Raises:
        InputError: if they are missing or damaged.
    """
    entry = checked(folder, f"world-{stream}")
    path = folder / entry.file
    state = read_state_dict(path)
    head = state.get("head.weight")
    model = Small3D(channels=CHANNELS[stream], classes=head.shape[0] if head is not None and head.ndim == 2 else 1)
    load_weights(model, state, path)
    return model.eval(), entry.sha256


def load_vlp(folder: Path = FOLDER) -> tuple[SmallClipEncoder, str]:
    """The vision-language encoder with its trained weights, and their SHA-256.

    Raises:
        InputError: if they are missing or damaged.
    """
    entry = checked(folder, VLP)
    model, tokenizer = _empty_vlp(folder, entry)
    load_weights(model, read_state_dict(folder / entry.file), folder / entry.file)
    return SmallClipEncoder(model, tokenizer, name=VLP), entry.sha256


def _empty_vlp(folder: Path, entry: Entry) -> tuple[SmallClip, WordTokenizer]:
    if entry.vocabulary is None:
        raise InputError("names no vocabulary", source=folder / INDEX, place=f"weights.{VLP}", expected="its file")
    tokenizer = read_words(folder / entry.vocabulary, name=VLP)
    return SmallClip(vocabulary=len(tokenizer)), tokenizer


def _vlp(folder: Path, seed: int | None, device: torch.device, precision: Precision) -> SnippetEncoder:
    if seed is None:
        encoder, digest = load_vlp(folder)
    else:
        model, tokenizer = _drawn(seed, lambda: _empty_vlp(folder, checked(folder, VLP)))
        encoder, digest = SmallClipEncoder(model, tokenizer, name=VLP), None
    encoder.to(device, torch.bfloat16 if precision == "bf16" else torch.float32)
    return SnippetEncoder(
        name=VLP,
        networks=(ImageNetwork(encoder),),
        weights_sha256=digest,
        provenance={
            "snippet": "the middle frame of the window",
            "feature": "unit vector of the space that images and texts share",
            "image": "squeezed",
            "image_size": PREPARATION.size,
            "precision": precision,
        }
        | _origin(seed),
        text=encoder,
        batch=BATCH,
    )


def _drawn(seed: int, build: Callable[[], Built]) -> Built:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()


def _origin(seed: int | None) -> dict[str, Any]:
    if seed is None:
        return {"world": "trained on weaktal's rendered world alone"}
    return {"random_weights": seed, "note": "random weights: these features mean nothing"}
