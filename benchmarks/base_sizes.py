"""Networks of the transformers library in the size that is published as their base, for timing: no weights, no network.

Their configuration is the library's default of the family, save for what :data:`CHANGED` says.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

# Where the library's default is not the size that is mostly used.
CHANGED: dict[str, dict[str, Any]] = {
    "clip": {"vision_config": {"patch_size": 16}},
    "metaclip_2": {"vision_config": {"patch_size": 16}},
    "siglip2": {"vision_config": {"patch_size": 16}},
    "vjepa2": {"frames_per_clip": 16, "hidden_size": 1024, "num_hidden_layers": 24},
    "dinov2_with_registers": {"patch_size": 14},
    "dinov3_vit": {
        "hidden_size": 768,
        "intermediate_size": 3072,
        "num_attention_heads": 12,
        "num_register_tokens": 4,
    },
}


def base_size(family: str, place: Path) -> str:
    """What ``--encoder`` is given with ``--random-weights`` for a family of the library: a folder made below ``place``.

    A name that is no such family, as of weaktal's own encoders, comes back as it is.
    """
    from transformers import CONFIG_MAPPING

    if family not in CONFIG_MAPPING:
        return family
    folder = place / f"base-{family}"
    folder.mkdir(parents=True, exist_ok=True)
    CONFIG_MAPPING[family](**CHANGED.get(family, {})).save_pretrained(folder)
    return str(folder)


def described(folder: str) -> str:
    """The part that sees or hears: its layers, width, input."""
    from transformers import AutoConfig

    whole = AutoConfig.from_pretrained(folder)
    part = getattr(whole, "vision_config", None) or getattr(whole, "audio_config", None) or whole
    if depths := getattr(part, "depths", None):
        layers = sum(depths)
    elif (layers := getattr(part, "num_hidden_layers", 0)) == 0:
        layers = part.num_spatial_layers + part.num_temporal_layers
    words = [f"{layers} layers of {'up to ' if depths else ''}{part.hidden_size}"]
    side = getattr(part, "image_size", None) or getattr(part, "crop_size", None)
    frames = getattr(part, "num_frames", None) or getattr(part, "frames_per_clip", None)
    if side is not None:
        words.append(f"{frames} x {side}" if frames else f"{side}")
    patch = getattr(part, "patch_size", None) or getattr(part, "tubelet_size", [None])[-1]
    if isinstance(patch, int):
        words.append(f"patch {patch}")
    return ", ".join(words)
