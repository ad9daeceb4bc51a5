"""Builds encoders out of checkpoints of the transformers library; see :class:`weaktal.encoders.catalog.EncoderBuilder`.

What kind of model a folder holds, its config.json says; :data:`FAMILIES` is the list of those that can be built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from weaktal.devices import Precision
from weaktal.encoders import clip, image_transformers, sound, video_prism, video_transformers, x_clip
from weaktal.encoders.believed import model_type
from weaktal.encoders.catalog import folder_name
from weaktal.encoders.checkpoint import fingerprint
from weaktal.encoders.clips_and_texts import ClipsAndTexts
from weaktal.encoders.diet import Spread
from weaktal.encoders.fetching import has_tokenizer
from weaktal.encoders.frames import ImagePreparation
from weaktal.encoders.look import Look
from weaktal.encoders.names import CLIP, HOUSE, installed
from weaktal.encoders.networks import ImageNetwork, Network, SnippetEncoder
from weaktal.encoders.pretrained import load_model, load_tokenizer, random_model, read_config, weights_file
from weaktal.encoders.tokens import Tokenizer
from weaktal.encoders.weights import KNOWN
from weaktal.encoders.weights_choice import WeightsChoice
from weaktal.errors import InputError, arg, shown

_SPACE = "unit vector of the space that {} and texts share"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A checkpoint that is to become an encoder.

    Attributes:
        name: of the encoder.
        folder: None for random weights in CLIP's own shape, which only :func:`_images_and_texts` has.
        seed: of random weights.
        device: where to run.
        precision: of the networks.
        look: which layer and pooling, where the user says.
    """

    name: str
    folder: Path | None
    seed: int | None
    device: torch.device
    precision: Precision
    look: Look | None

    @property
    def dtype(self) -> torch.dtype:
        return torch.bfloat16 if self.precision == "bf16" else torch.float32

    @property
    def source(self) -> Path:
        assert self.folder is not None
        return self.folder

    def config(self, kinds: tuple[str, ...]) -> Any:
        return read_config(self.source, kinds)

    def model(self, config: Any, unused: Callable[[str], bool] = lambda _key: False) -> Any:
        if self.seed is not None:
            return random_model(config, self.seed, self.name)
        return load_model(config, weights_file(self.source), unused)

    def tokenizer(self, config: Any) -> Tokenizer | None:
        """That of the folder; random weights do without where there is none."""
        if self.seed is not None and not has_tokenizer(self.source):
            return None
        return load_tokenizer(self.source, config.model_type, config.text_config.vocab_size)

    def no_look(self) -> None:
        """Refuses settings of layers and pooling, where the space that texts share leaves no choice.

        Raises:
            InputError: if there are some.
        """
        if self.look is not None and self.look != Look():
            expected = "to be left out: what images and texts share is of the last layer"
            raise InputError("is not for this encoder", source=arg("take"), expected=expected)

    def look_without_frames(self) -> Look:
        """Which layer and pooling, of a model that does not look at several frames.

        Raises:
            InputError: if a number of frames is asked for.
        """
        look = self.look or Look()
        if look.frames is not None:
            expected = "to be left out: it does not look at several frames"
            raise InputError("is not for this encoder", source=f"{arg('take')} frames", expected=expected)
        return look

    def encoder(self, network: Network, **parts: Any) -> SnippetEncoder:
        """The encoder of one network, with how it came to be."""
        provenance = dict(parts.pop("provenance")) | {"precision": self.precision}
        if self.seed is not None:
            origin = {"random_weights": self.seed, "note": "random weights: these features mean nothing"}
            return SnippetEncoder(self.name, (network,), None, provenance | origin, **parts)
        file = weights_file(self.source)
        origin = {"weights_files": {"model": file.name}}
        return SnippetEncoder(self.name, (network,), fingerprint({"model": file}), provenance | origin, **parts)


def _images_and_texts(asked: _Asked) -> SnippetEncoder:
    asked.no_look()
    if asked.folder is None:
        encoder = clip.random_clip(asked.seed or 0, name=asked.name)
    elif asked.seed is not None:
        config = asked.config(clip.KINDS)
        preparation = clip.clip_preparation(asked.folder, config)
        encoder = clip.ClipEncoder(
            asked.model(config), asked.tokenizer(config), name=asked.name, preparation=preparation
        )
    else:
        encoder = clip.load_clip(asked.folder, name=asked.name)
    encoder.to(asked.device, asked.dtype)
    preparation = encoder.preparation
    flexible = encoder.model.config.model_type == "siglip2"
    provenance: dict[str, Any] = {
        "snippet": "the middle frame of the window",
        "feature": _SPACE.format("images"),
        "image": "in patches" if flexible else "squeezed" if preparation.squash else "center crop",
        "image_size": preparation.size,
    }
    if flexible:
        provenance["patches"] = encoder.model.config.vision_config.num_patches
    return asked.encoder(ImageNetwork(encoder), provenance=provenance, text=encoder if encoder.has_text else None)


def _images(asked: _Asked) -> SnippetEncoder:
    config = asked.config(image_transformers.KINDS)
    look = asked.look_without_frames()
    network = image_transformers.ImageTransformer(
        asked.model(config, lambda key: key.startswith("pooler.")),
        image_transformers.image_preparation(asked.source, config),
        look,
        name=asked.name,
        device=asked.device,
        dtype=asked.dtype,
    )
    provenance = {"model": config.model_type, "snippet": "the middle frame of the window"}
    return asked.encoder(network, provenance=provenance | _taken(look) | _prepared(network.preparation))


def _videos(asked: _Asked) -> SnippetEncoder:
    config = asked.config(video_transformers.KINDS)
    look, family = asked.look or Look(), video_transformers.FAMILIES[config.model_type]
    frames = video_transformers.frames_seen(config, look)
    if family.fixed and frames != getattr(config, family.frames):
        expected = f"{getattr(config, family.frames)}, which it was built for, or to be left out"
        raise InputError(f"is {frames}", source=f"{arg('take')} frames", expected=expected)
    preparation = video_transformers.video_preparation(asked.source, config)
    network = video_transformers.VideoTransformer(
        asked.model(config, lambda key: key.startswith(("pooler.", "predictor."))),
        preparation,
        look,
        name=asked.name,
        device=asked.device,
        dtype=asked.dtype,
    )
    provenance = {"model": config.model_type} | _spread(frames) | _taken(look) | _prepared(preparation)
    return asked.encoder(network, provenance=provenance, sight=Spread(frames, preparation))


def _x_clip(asked: _Asked) -> SnippetEncoder:
    config = asked.config((x_clip.KIND,))
    preparation = x_clip.x_clip_preparation(asked.source, config)
    return _clips_and_texts(asked, config, x_clip.XClipEncoder, preparation)


def _video_prism(asked: _Asked) -> SnippetEncoder:
    config = asked.config((video_prism.KIND,))
    preparation = video_prism.video_prism_preparation(asked.source, config)
    return _clips_and_texts(asked, config, video_prism.VideoPrismEncoder, preparation)


def _clips_and_texts(
    asked: _Asked, config: Any, family: Callable[..., ClipsAndTexts], preparation: ImagePreparation
) -> SnippetEncoder:
    asked.no_look()
    encoder = family(asked.model(config), asked.tokenizer(config), name=asked.name, preparation=preparation).to(
        asked.device, asked.dtype
    )
    provenance = {"model": config.model_type, "feature": _SPACE.format("clips")} | _spread(encoder.frames)
    return asked.encoder(
        encoder,
        provenance=provenance | _prepared(preparation),
        sight=Spread(encoder.frames, preparation),
        text=encoder if encoder.has_text else None,
    )


def _sounds(asked: _Asked) -> SnippetEncoder:
    config = asked.config((sound.AST,))
    look = asked.look_without_frames()
    extractor = sound.feature_extractor(asked.source, config)
    network = sound.SoundTransformer(
        asked.model(config), extractor, look, name=asked.name, device=asked.device, dtype=asked.dtype
    )
    heard = sound.heard(extractor)
    provenance = {"model": config.model_type} | _heard(heard) | _taken(look)
    return asked.encoder(network, provenance=provenance, sight=heard)


def _sounds_and_texts(asked: _Asked) -> SnippetEncoder:
    asked.no_look()
    config = asked.config((sound.CLAP,))
    extractor = sound.feature_extractor(asked.source, config)
    encoder = sound.ClapEncoder(asked.model(config), asked.tokenizer(config), extractor=extractor, name=asked.name).to(
        asked.device, asked.dtype
    )
    heard = sound.heard(extractor)
    provenance = {"model": config.model_type, "feature": _SPACE.format("sounds")} | _heard(heard)
    return asked.encoder(encoder, provenance=provenance, sight=heard, text=encoder if encoder.has_text else None)


# Type of a model, as config.json has it -> what builds it.
FAMILIES: Mapping[str, Callable[[_Asked], SnippetEncoder]] = {
    **dict.fromkeys(clip.KINDS, _images_and_texts),
    **dict.fromkeys(image_transformers.KINDS, _images),
    **dict.fromkeys(video_transformers.KINDS, _videos),
    x_clip.KIND: _x_clip,
    video_prism.KIND: _video_prism,
    sound.AST: _sounds,
    sound.CLAP: _sounds_and_texts,
}


def _taken(look: Look) -> dict[str, Any]:
    return {"layer": look.layer, "pooling": look.pooling}


def _spread(frames: int) -> dict[str, Any]:
    return {"snippet": "frames evenly spread over the window", "frames": frames}


def _heard(heard: Any) -> dict[str, Any]:
    return {"snippet": "the sound of the window", "sound_rate": heard.rate, "sound_seconds": heard.seconds}


def _prepared(preparation: Any) -> dict[str, Any]:
    return {"image": "squeezed" if preparation.squash else "center crop", "image_size": preparation.size}


def checkpoint(
    *, name: str, weights: WeightsChoice, device: torch.device, precision: Precision, look: Look | None = None
) -> SnippetEncoder:
    """A checkpoint by its name among the known weights, a folder, or ORGANIZATION/MODEL.

    Args:
        name, weights, device, precision: as for every builder.
        look: which layer and pooling; the family's own without it.

    Raises:
        InputError: if there is no such checkpoint, or it is missing or damaged, or of a family that is not known.
    """
    folder = _folder(name, weights)
    asked = _Asked(folder_name(name), folder, weights.seed, device, precision, look)
    if folder is None:
        return _images_and_texts(asked)
    kind = model_type(folder)
    if kind not in FAMILIES:
        expected = " or ".join(FAMILIES)
        raise InputError(f"is a model of type {shown(kind)}", source=folder / "config.json", expected=expected)
    return FAMILIES[kind](asked)


def _folder(name: str, weights: WeightsChoice) -> Path | None:
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
