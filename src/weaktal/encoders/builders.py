"""Builds I3D, CLIP and SigLIP encoders out of their weights; see :class:`weaktal.encoders.catalog.EncoderBuilder`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch

from weaktal.encoders.catalog import WeightsChoice, folder_name
from weaktal.encoders.checkpoint import fingerprint
from weaktal.encoders.clip import ClipEncoder, load_clip, random_clip, read_config, weights_file
from weaktal.encoders.diet import SHORT_SIDE, Kind
from weaktal.encoders.i3d import I3D, load_i3d, random_i3d
from weaktal.encoders.names import CLIP, HOUSE, installed
from weaktal.encoders.networks import I3DNetwork, ImageNetwork, Network, Precision, SnippetEncoder
from weaktal.encoders.weights import KNOWN
from weaktal.errors import InputError, arg, shown
from weaktal.video.flow import FLOW_BOUND

Stream = Literal["rgb", "flow"]
_CHANNELS = {"rgb": 3, "flow": 2}


def i3d(
    *,
    name: str,
    weights: WeightsChoice,
    device: torch.device,
    precision: Precision,
    streams: Sequence[Stream] = ("rgb", "flow"),
) -> SnippetEncoder:
    """I3D, one or both of its streams.

    Raises:
        InputError: if weights are missing or damaged.
    """
    files: dict[str, Path] = {}
    models: dict[Stream, I3D] = {}
    for stream in streams:
        channels = _CHANNELS[stream]
        if weights.seed is not None:
            models[stream] = random_i3d(weights.seed, channels=channels)
        else:
            path = weights.path(f"i3d-{stream}")
            models[stream] = load_i3d(path, channels=channels)
            files[stream] = path
    networks: list[Network] = []
    for stream, model in models.items():
        kind: Kind = stream
        networks.append(I3DNetwork(model, kind, device=device, precision=precision))
    provenance: dict[str, Any] = {
        "snippet": "all frames of the window",
        "feature": "average-pooled activations before the classifier; the mean over crops where there are ten",
        "short_side": SHORT_SIDE,
        "precision": precision,
    }
    if "flow" in streams:
        provenance["flow_bound"] = FLOW_BOUND
    return SnippetEncoder(
        name=name,
        networks=tuple(networks),
        weights_sha256=fingerprint(files) if files else None,
        provenance=provenance | _origin(weights, files),
    )


i3d_rgb = partial(i3d, streams=("rgb",))
i3d_flow = partial(i3d, streams=("flow",))


def checkpoint(*, name: str, weights: WeightsChoice, device: torch.device, precision: Precision) -> SnippetEncoder:
    """CLIP or SigLIP by its name among the known weights, a folder, or ORGANIZATION/MODEL.

    Raises:
        InputError: if there is no such checkpoint, or it is missing or damaged.
    """
    files: dict[str, Path] = {}
    folder = _clip_folder(name, weights)
    encoder: ClipEncoder
    if weights.seed is not None:
        config = read_config(folder) if folder is not None else None
        encoder = random_clip(weights.seed, config=config, name=folder_name(name))
    else:
        assert folder is not None
        files["model"] = weights_file(folder)
        encoder = load_clip(folder, name=folder_name(name))
    encoder.to(device, torch.bfloat16 if precision == "bf16" else torch.float32)
    preparation = encoder.preparation
    provenance = {
        "snippet": "the middle frame of the window",
        "feature": "unit vector of the space that images and texts share",
        "image": "squeezed" if preparation.squash else "center crop",
        "image_size": preparation.size,
        "precision": precision,
    }
    return SnippetEncoder(
        name=encoder.name,
        networks=(ImageNetwork(encoder),),
        weights_sha256=fingerprint(files) if files else None,
        provenance=provenance | _origin(weights, files),
        text=encoder if encoder.has_text else None,
    )


def _clip_folder(name: str, weights: WeightsChoice) -> Path | None:
    """Where the checkpoint lies; None for random weights in CLIP's own shape."""
    if Path(name).is_dir():
        return Path(name)
    if weights.seed is not None:
        if name == CLIP:
            return None
        raise InputError(
            f"the shape of {shown(name)} is not known",
            source=arg("random_weights"),
            expected=f"{CLIP} or a local folder",
        )
    try:
        return weights.path(name)
    except InputError as error:
        if name in KNOWN or "/" in name:
            raise error from None
        names = ", ".join([*HOUSE, *installed()])
        expected = f"{names}, a checkpoint folder, ORGANIZATION/MODEL, or package.module:function"
        raise InputError(f"no encoder called {shown(name)}", source=arg("encoder"), expected=expected) from None


def _origin(weights: WeightsChoice, files: Mapping[str, Path]) -> dict[str, Any]:
    if weights.seed is not None:
        return {"random_weights": weights.seed, "note": "random weights: these features mean nothing"}
    return {"weights_files": {name: path.name for name, path in files.items()}}
