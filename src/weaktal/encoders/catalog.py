"""Encoders by name, with their weights: what ``--encoder`` and ``--weights`` of ``weaktal extract`` mean."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch

from weaktal.encoders.checkpoint import fingerprint
from weaktal.encoders.clip import ClipEncoder, load_clip, random_clip, read_config, weights_file
from weaktal.encoders.diet import SHORT_SIDE, Kind
from weaktal.encoders.i3d import I3D, load_i3d, random_i3d
from weaktal.encoders.networks import I3DNetwork, ImageNetwork, Network, Precision, SnippetEncoder
from weaktal.encoders.weights import KNOWN, known, locate
from weaktal.encoders.world.build import build_shipped
from weaktal.encoders.world.shipped import NAMES as SHIPPED
from weaktal.errors import InputError, arg, shown
from weaktal.video.flow import FLOW_BOUND

Stream = Literal["rgb", "flow"]
I3D_STREAMS: Mapping[str, tuple[Stream, ...]] = {"i3d": ("rgb", "flow"), "i3d-rgb": ("rgb",), "i3d-flow": ("flow",)}
CLIP = "clip-vit-b16"
_CHANNELS = {"rgb": 3, "flow": 2}


@dataclass(frozen=True, slots=True)
class WeightsChoice:
    """Which weights to take.

    Attributes:
        root: folder to look in instead of the usual one.
        paths: files or folders by the names of ``weaktal weights``, taken before ``root``.
        seed: draw random weights instead, for trying things without weights.
    """

    root: Path | None = None
    paths: Mapping[str, Path] = field(default_factory=dict)
    seed: int | None = None

    @classmethod
    def of(cls, weights: WeightsLike | None, seed: int | None = None) -> WeightsChoice:
        """From what a Python caller gives: a folder, files and folders by name, or a choice that was made before.

        Raises:
            InputError: if both are given, the seed is negative, or a path does not exist.
        """
        _check_seed(seed, weights is not None)
        if isinstance(weights, WeightsChoice):
            return weights
        if isinstance(weights, str | os.PathLike):
            return cls(root=_existing(weights))
        paths = {} if weights is None else dict(weights)
        return cls(paths={name: _existing(path) for name, path in paths.items()}, seed=seed)

    @classmethod
    def parse(cls, options: Sequence[str], seed: int | None) -> WeightsChoice:
        """From ``--weights FOLDER``, ``--weights NAME=PATH`` and ``--random-weights SEED``.

        Raises:
            InputError: if the options contradict each other or name nothing.
        """
        _check_seed(seed, bool(options))
        root, paths = None, {}
        for option in options:
            name, equals, path = option.partition("=")
            if equals and name in KNOWN:
                paths[name] = Path(path)
            elif Path(option).exists():
                root = Path(option)
            elif equals and Path(path).is_dir():
                paths[name] = Path(path)
            else:
                expected = f"an existing file or folder, or NAME=PATH with NAME one of {', '.join(KNOWN)}"
                raise InputError("no such file or folder", source=f"{arg('weights')} {option}", expected=expected)
        return cls(root, paths, seed)

    def path(self, name: str) -> Path:
        """The weights of that name.

        Raises:
            InputError: if they are nowhere.
        """
        if name in self.paths:
            return locate(known(name), self.paths[name])
        return locate(known(name), self.root)


# From Python: a folder of weights, files and folders by the names of ``weaktal weights``, or a choice made before.
WeightsLike = str | os.PathLike[str] | Mapping[str, str | os.PathLike[str]] | WeightsChoice


def _check_seed(seed: int | None, weights: bool) -> None:
    if seed is not None and weights:
        raise InputError(f"contradicts {arg('weights')}", source=arg("random_weights"), expected="one of the two")
    if seed is not None and not 0 <= seed < 2**63:
        raise InputError(f"is {seed}", source=arg("random_weights"), expected="a seed from 0 on")


def _existing(path: str | os.PathLike[str]) -> Path:
    if not Path(path).exists():
        source = f"{arg('weights')} {os.fspath(path)}"
        raise InputError("no such file or folder", source=source, expected="an existing file or folder")
    return Path(path)


def build_encoder(
    name: str,
    weights: WeightsChoice,
    *,
    device: torch.device | None = None,
    precision: Precision = "fp32",
) -> SnippetEncoder:
    """The encoder of that name, ready to run.

    Args:
        name: a key of :data:`I3D_STREAMS`, ``clip-vit-b16``, a checkpoint folder, ORGANIZATION/MODEL, or one of those
            whose weights come with weaktal (:mod:`weaktal.encoders.world.shipped`).
        weights: which to take.
        device: where to run; the CPU without it.
        precision: of its networks.

    Raises:
        InputError: if there is no such encoder or its weights are missing or damaged.
    """
    device = device or torch.device("cpu")
    if name in I3D_STREAMS:
        return _i3d(name, weights, device, precision)
    if name in SHIPPED:
        folder = weights.paths.get(name)
        return build_shipped(name, folder=folder, seed=weights.seed, device=device, precision=precision)
    return _clip(name, weights, device, precision)


def folder_name(encoder: str) -> str:
    """The feature folder that an encoder writes to where the user names none."""
    return Path(encoder).name if Path(encoder).is_dir() else encoder.replace("/", "--")


def _i3d(name: str, weights: WeightsChoice, device: torch.device, precision: Precision) -> SnippetEncoder:
    streams = I3D_STREAMS[name]
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


def _clip(name: str, weights: WeightsChoice, device: torch.device, precision: Precision) -> SnippetEncoder:
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
        expected = f"{', '.join([*I3D_STREAMS, CLIP, *SHIPPED])}, a checkpoint folder, or ORGANIZATION/MODEL"
        raise InputError(f"no encoder called {shown(name)}", source=arg("encoder"), expected=expected) from None


def _origin(weights: WeightsChoice, files: Mapping[str, Path]) -> dict[str, Any]:
    if weights.seed is not None:
        return {"random_weights": weights.seed, "note": "random weights: these features mean nothing"}
    return {"weights_files": {name: path.name for name, path in files.items()}}
