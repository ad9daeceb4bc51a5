"""What a find is made of: encoders that can be had here, the method that suits them, a preset that suits the videos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from weaktal.encoders import imagenet_words
from weaktal.encoders.catalog import build_encoder, folder_name
from weaktal.encoders.names import CLIP
from weaktal.encoders.networks import SnippetEncoder
from weaktal.encoders.prompts import TEMPLATE, fill
from weaktal.encoders.weights import KNOWN, locate, weights_folder
from weaktal.encoders.weights_choice import WeightsChoice
from weaktal.encoders.world import shipped
from weaktal.errors import InputError, arg
from weaktal.methods.presets import presets

# Videos from which on a preset has enough to learn from, the largest first; None are the defaults, the paper's.
PRESETS: tuple[tuple[int, str | None], ...] = ((1000, None), (100, "quick"), (0, "few"))


@dataclass(frozen=True, slots=True)
class Plan:
    """How features are made and what learns from them.

    Attributes:
        encoders: as ``weaktal extract --encoder`` takes them.
        method: of training.
        features: name of the folder that it learns from.
        vlp_features: name of the vision-language features, where the method takes them.
        settings: of the method, over those of the preset.
        notes: what a user should know of the choice, a sentence each.
    """

    encoders: tuple[str, ...]
    method: str
    features: str
    vlp_features: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def branches(self) -> tuple[str, ...]:
        """Branches of the method that find segments independently of each other; none where there is but one way."""
        return ("cbp", "vlp") if self.method == "collab" else ()


def make_plan(
    names: Sequence[str],
    weights: WeightsChoice,
    classes: Sequence[str],
    *,
    device: str = "cpu",
    settings: Mapping[str, Any] | None = None,
) -> Plan:
    """The encoders and the method.

    Features of motion together with an encoder of images and texts go to ``collab``; either alone goes to ``cbp``.

    Args:
        names: the encoders, as :func:`chosen_encoders` gives them.
        weights: where to look for weights.
        classes: the tags.
        device: where encoders and training run.
        settings: of the method, that the user wants.

    Raises:
        InputError: if one is unknown or lacks its weights, or there are more than there is use for.
    """
    names = tuple(names)
    built = {name: build_encoder(name, weights, device=torch.device(device)) for name in names}
    readers = [name for name, encoder in built.items() if encoder.text is not None]
    others = [name for name in names if name not in readers]
    if len(readers) > 1 or len(others) > 1:
        raise InputError(
            f"names {' and '.join(readers if len(readers) > 1 else others)}, which do the same",
            source=arg("encoder"),
            expected="one encoder of motion, one of images and texts, or one of each",
        )
    notes = _warnings(names)
    if readers and others and (problem := _unreadable(built[readers[0]], classes)) is not None:
        notes.append(f"{readers[0]} is not used: {problem}")
        readers = []
        names = tuple(others)
    ours = {"engine": {"tensorboard": False, "device": device}}
    chosen = _over(ours, settings or {})
    if readers and others:
        return Plan(names, "collab", folder_name(others[0]), folder_name(readers[0]), chosen, tuple(notes))
    return Plan(names, "cbp", folder_name(names[0]), settings=chosen, notes=tuple(notes))


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings with others over them."""
    merged = dict(below)
    for key, value in above.items():
        inner = merged.get(key)
        merged[key] = _over(inner, value) if isinstance(inner, Mapping) and isinstance(value, Mapping) else value
    return merged


def fitting_preset(method: str, videos: int) -> str | None:
    """The preset that suits a number of training videos; None for the method's defaults."""
    wanted = next(preset for least, preset in PRESETS if videos >= least)
    return wanted if wanted in presets(method) else None


def chosen_encoders(named: Sequence[str], weights: WeightsChoice) -> tuple[str, ...]:
    """The encoders that the user names; else those of I3D and CLIP whose weights are here.

    Without either, pretrained networks that come with packages are taken, if these are installed.

    Raises:
        InputError: if none are named, and none of those can be used.
    """
    if named:
        return tuple(dict.fromkeys(named))
    there = {name for name in KNOWN if _located(name, weights)}
    motion = next(
        (
            name
            for name, needs in (
                ("i3d", {"i3d-rgb", "i3d-flow"}),
                ("i3d-rgb", {"i3d-rgb"}),
                ("i3d-flow", {"i3d-flow"}),
            )
            if needs <= there
        ),
        None,
    )
    found = tuple(name for name in (motion, CLIP if CLIP in there else None) if name is not None)
    if not found and imagenet_words.installed():
        return (imagenet_words.NAME,)
    if not found:
        expected = (
            f"`weaktal weights fetch` with i3d-rgb, i3d-flow and {CLIP} first, {arg('weights')} FOLDER of "
            f"yours, {arg('encoder')} NAME, or `{imagenet_words.HOW}` for weak stand-ins that come with packages"
        )
        raise InputError(
            "no weights of I3D or CLIP are here", source=weights.root or weights_folder(), expected=expected
        )
    return found


def _located(name: str, weights: WeightsChoice) -> bool:
    if name in weights.paths:
        return True
    try:
        locate(KNOWN[name], weights.root)
    except InputError:
        return False
    # A single file or checkpoint folder that is named as the root would pass for any of them.
    return weights.root is None or (weights.root.is_dir() and not (weights.root / "config.json").is_file())


_WEAK = (
    f"{imagenet_words.NAME} sees the things of ImageNet in single frames, and no motion: of 6 real videos of sports it "
    "named 2 among 20 classes. `weaktal weights fetch i3d` and clip-vit-b16 get encoders that know actions."
)


def _warnings(names: Sequence[str]) -> list[str]:
    notes = [_WEAK] if imagenet_words.NAME in names else []
    drawn = [name for name in names if name in shipped.NAMES]
    if not drawn:
        return notes
    know = "know" if len(drawn) > 1 else "knows"
    return [
        *notes,
        f"{' and '.join(drawn)} {know} drawings only: on footage of a camera, what is found means nothing. "
        "`weaktal weights fetch` gets encoders that know the world.",
    ]


def _unreadable(encoder: SnippetEncoder, classes: Sequence[str]) -> str | None:
    """Why an encoder cannot read the tags; None where it can."""
    assert encoder.text is not None
    try:
        encoder.text.embed_texts(fill(TEMPLATE, classes))
    except InputError as error:
        return error.line(shell=True)
    return None
