"""Builds I3D encoders out of their weights; see :class:`weaktal.encoders.catalog.EncoderBuilder`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch

from weaktal.devices import Precision
from weaktal.encoders.checkpoint import fingerprint
from weaktal.encoders.diet import SHORT_SIDE, Kind
from weaktal.encoders.i3d import I3D, load_i3d, random_i3d
from weaktal.encoders.networks import I3DNetwork, Network, SnippetEncoder
from weaktal.encoders.weights_choice import WeightsChoice
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


def _origin(weights: WeightsChoice, files: Mapping[str, Path]) -> dict[str, Any]:
    if weights.seed is not None:
        return {"random_weights": weights.seed, "note": "random weights: these features mean nothing"}
    return {"weights_files": {name: path.name for name, path in files.items()}}
