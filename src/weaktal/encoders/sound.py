"""Models of sound: AST (Gong et al., Interspeech 2021), and CLAP with its texts (Wu et al., ICASSP 2023).

Spectrograms are made by the library's own feature extractors, in NumPy. CLAP's would cut windows longer than it
was trained on at a random place, or fuse random views of them; of those it is given the middle.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from weaktal.encoders.believed import feature_settings
from weaktal.encoders.diet import Kind, Sound
from weaktal.encoders.frames import Frames
from weaktal.encoders.look import Look, Place, TokenModel, Tokens
from weaktal.encoders.pretrained import quiet
from weaktal.encoders.text_side import TextSide, pooled
from weaktal.encoders.tokens import Tokenizer
from weaktal.errors import InputError, first_line

AST, CLAP = "audio-spectrogram-transformer", "clap"
LEAST_SECONDS = 1.0  # that a window is widened to, since less of a sound is hardly ever one
_EXTRACTORS: Mapping[str, tuple[str, frozenset[str]]] = {
    AST: (
        "ASTFeatureExtractor",
        frozenset(["sampling_rate", "num_mel_bins", "max_length", "do_normalize", "mean", "std", "padding_value"]),
    ),
    CLAP: (
        "ClapFeatureExtractor",
        frozenset(
            [
                "feature_size",
                "sampling_rate",
                "hop_length",
                "max_length_s",
                "fft_window_size",
                "padding_value",
                "frequency_min",
                "frequency_max",
                "top_db",
            ]
        ),
    ),
}
_RATES = (4000, 192_000)


def feature_extractor(folder: Path, config: Any) -> Any:
    """The library's own, with the numbers of a folder's preprocessor_config.json.

    Raises:
        InputError: if these are not followed.
    """
    import transformers

    name, known = _EXTRACTORS[config.model_type]
    source = folder / "preprocessor_config.json"
    values = feature_settings(source, known)
    if config.model_type == CLAP:
        values["truncation"] = "fusion" if config.audio_config.enable_fusion else "rand_trunc"
    else:
        values = {"num_mel_bins": config.num_mel_bins, "max_length": config.max_length, **values}
    try:
        with quiet():
            made = getattr(transformers, name)(**values)
    except Exception as error:  # the library raises whatever it finds that numbers cannot be
        raise InputError(f"cannot be followed ({first_line(error)})", source=source, expected=name) from None
    if not _RATES[0] <= made.sampling_rate <= _RATES[1]:
        expected = f"{_RATES[0]} to {_RATES[1]} Hz"
        raise InputError(f"has the rate {made.sampling_rate}", source=source, expected=expected)
    return made


def heard(extractor: Any) -> Sound:
    """What a network with this extractor listens to."""
    return Sound(int(extractor.sampling_rate), LEAST_SECONDS)


class SoundTransformer(TokenModel):
    """AST: the sound of a window as features.

    Args:
        model: ``ASTModel`` of the library.
        extractor: its feature extractor.
        look: which layer and pooling.
        place: name, device and dtype.
    """

    kind: Kind = "sound"

    def __init__(self, model: Any, extractor: Any, look: Look, **place: Unpack[Place]) -> None:
        super().__init__(model, look, Tokens(2, "first"), **place)
        self._extractor = extractor

    def encode(self, clips: Tensor) -> Tensor:
        """Windows of sound (B, samples) as features (B, D)."""
        rate = self._extractor.sampling_rate
        spectra = self._extractor(list(clips.numpy()), sampling_rate=rate, return_tensors="pt")["input_values"]
        if self.look != Look():
            return self.vectors(input_values=spectra)  # (B, time, mel)
        with torch.inference_mode():
            return pooled(self.model(spectra.to(self._device, self._dtype))).float().cpu()


class ClapEncoder(TextSide):
    """CLAP: sounds and texts in one space, and itself a network of the extraction.

    Args:
        model: ``ClapModel`` of the library.
        tokenizer: None where texts are not wanted.
        extractor: its feature extractor.
        name: for the manifest.
    """

    kind: Kind = "sound"

    def __init__(self, model: Any, tokenizer: Tokenizer | None = None, *, extractor: Any, name: str) -> None:
        super().__init__(model, tokenizer, name=name)
        self.dim: int = model.config.projection_dim
        self._extractor = extractor

    def to(self, device: torch.device, dtype: torch.dtype = torch.float32) -> ClapEncoder:
        """Moves the weights to a device; ``dtype`` is that of the sound side, texts stay in float32. Returns itself."""
        self.model.to(device)
        self.model.audio_model.to(dtype)
        self.model.audio_projection.to(dtype)
        return self

    def encode(self, clips: Tensor) -> Tensor:
        """Windows of sound (B, samples), of which the middle is heard if they are too long, as unit vectors (B, D)."""
        beyond = max(0, clips.shape[1] - int(self._extractor.nb_max_samples))
        clips = clips[:, beyond // 2 : clips.shape[1] - (beyond - beyond // 2)]
        weight = next(self.model.audio_projection.parameters())
        rate = self._extractor.sampling_rate
        made = self._extractor([np.asarray(clip) for clip in clips], sampling_rate=rate, return_tensors="pt")
        features = made["input_features"].to(weight.device, weight.dtype)  # (B, views, time, mel)
        short = torch.zeros(len(clips), 1, dtype=torch.bool, device=weight.device)
        with torch.inference_mode():
            vectors = pooled(self.model.get_audio_features(input_features=features, is_longer=short))
            return F.normalize(vectors.float(), dim=-1).cpu()

    def encode_frames(self, frames: Frames) -> Tensor:  # noqa: ARG002  # what every such encoder offers
        """Refuses: there is no sound in a frame.

        Raises:
            InputError: always.
        """
        raise InputError(f"{self.name} hears, and sees nothing", expected="sound, not frames")
