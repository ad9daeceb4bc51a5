"""CLIP and SigLIP checkpoints of the transformers library as vision-language encoders, from a local folder.

CLIP: Radford et al., ICML 2021. SigLIP: Zhai et al., ICCV 2023. The text side runs the library's own text encoder
with its token lookup answered by the given embeddings, so causal mask, positions and pooling are the checkpoint's:
CLIP pools at the end-of-text mark, SigLIP, which sees texts padded to full length, at the last position.
"""

from __future__ import annotations

import contextlib
import json
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from weaktal.encoders.checkpoint import read_state_dict
from weaktal.encoders.clip_config import read_model_config, tokenizer_class
from weaktal.encoders.frames import Frames, ImagePreparation
from weaktal.encoders.tokens import Tokenizer
from weaktal.encoders.vision_language import Prompts
from weaktal.errors import InputError, shown

WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")
KINDS = ("clip", "siglip")
_MOST = 2 * 10**9  # random weights; larger than any such model
_LARGEST = 4096  # pixels of a side of what a network sees
_BICUBIC, _BILINEAR = 3, 2  # PIL's numbers, as preprocessor_config.json has them


class ClipEncoder:
    """A CLIP or SigLIP model; see :class:`weaktal.encoders.vision_language.VisionLanguageEncoder`.

    Args:
        model: ``CLIPModel`` or ``SiglipModel``; frozen and put into evaluation mode here.
        tokenizer: None where texts are not wanted.
        name: for the manifest.
        preparation: of the images; None takes the model family's own.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Tokenizer | None = None,
        *,
        name: str,
        preparation: ImagePreparation | None = None,
    ) -> None:
        self.model = model.eval().requires_grad_(False)
        self.name = name
        self.preparation = preparation or default_preparation(model.config)
        self._tokenizer = tokenizer
        text = model.config.text_config
        self._fixed_length = model.config.model_type == "siglip"
        self.token_dim: int = text.hidden_size
        self.max_tokens: int = text.max_position_embeddings
        self.dim: int = (
            model.config.projection_dim if not self._fixed_length else model.config.vision_config.hidden_size
        )

    def to(self, device: torch.device, dtype: torch.dtype = torch.float32) -> ClipEncoder:
        """Moves the weights to a device; ``dtype`` is that of the image side, texts stay in float32. Returns itself."""
        self.model.to(device)
        self.model.vision_model.to(dtype)
        if not self._fixed_length:
            self.model.visual_projection.to(dtype)
        return self

    def encode_frames(self, frames: Frames) -> Tensor:
        """Decoded frames (N, H, W, 3) as unit vectors (N, D)."""
        weight = next(self.model.vision_model.parameters())
        pixels = self.preparation.normalized(self.preparation.pixels(frames).to(weight.device))  # (N, 3, S, S)
        with torch.no_grad():
            vectors = _pooled(self.model.get_image_features(pixel_values=pixels.to(weight.dtype)))
        return F.normalize(vectors.float(), dim=-1)

    @property
    def has_text(self) -> bool:
        """Whether there is a tokenizer."""
        return self._tokenizer is not None

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer.

        Raises:
            InputError: if the encoder was made without one.
        """
        if self._tokenizer is None:
            raise InputError(f"{self.name} has no tokenizer", expected="tokenizer files beside the weights")
        return self._tokenizer

    def embed_texts(self, texts: Sequence[str]) -> list[Tensor]:
        """Token embeddings of each text, without marks: one (n, E) a text."""
        return [self._embed(self.tokenizer.ids(text)) for text in texts]

    def _embed(self, ids: Sequence[int]) -> Tensor:
        table = self.model.text_model.embeddings.token_embedding.weight
        embedded: Tensor = F.embedding(torch.tensor(ids, dtype=torch.long, device=table.device), table)
        return embedded  # (n, E)

    def assemble(self, inner: Sequence[Tensor]) -> Prompts:
        """Puts the marks around token embeddings (n, E) and pads them to one length: (C, L, E)."""
        begin, end = self._embed(self.tokenizer.begin), self._embed(self.tokenizer.end)
        padding = self._embed([self.tokenizer.padding])  # (1, E)
        sequences = [torch.cat([begin, part, end]) for part in inner]
        length = max(len(sequence) for sequence in sequences)
        if length > self.max_tokens:
            raise InputError(f"a prompt has {length} tokens", source=self.name, expected=f"at most {self.max_tokens}")
        if self._fixed_length:
            length = self.max_tokens
        padded = [torch.cat([s, padding.expand(length - len(s), -1)]) for s in sequences]
        ends = torch.tensor([len(sequence) - 1 for sequence in sequences], device=padding.device)
        return Prompts(torch.stack(padded), ends)

    def encode_text(self, embeddings: Tensor, end: Tensor) -> Tensor:
        """Embedded prompts (C, L, E) with their ends (C,) as unit vectors (C, D); gradients reach ``embeddings``."""
        ids = torch.zeros(embeddings.shape[:2], dtype=torch.long, device=embeddings.device)  # (C, L), never looked up
        if not self._fixed_length:
            # The library looks for the position to pool at among the ids: the first one equal to the end mark or, in
            # configurations that still name a wrong mark (2), the largest. This one is both.
            config = self.model.config.text_config
            mark = config.vocab_size - 1 if config.eos_token_id == 2 else config.eos_token_id
            ids[torch.arange(len(ids), device=ids.device), end] = mark
        with _answering(self.model.text_model.embeddings.token_embedding, embeddings):
            vectors = _pooled(self.model.get_text_features(input_ids=ids))
        return F.normalize(vectors.float(), dim=-1)


@contextlib.contextmanager
def _answering(table: torch.nn.Module, embeddings: Tensor) -> Iterator[None]:
    """While this lasts, ``table`` looks nothing up but answers with ``embeddings``."""
    handle = table.register_forward_hook(lambda *_: embeddings)
    try:
        yield
    finally:
        handle.remove()


def _pooled(output: Any) -> Tensor:
    """Before version 5 the library returned the vectors, since then an object that holds them."""
    vectors: Tensor = output if isinstance(output, Tensor) else output.pooler_output
    return vectors


def default_preparation(config: Any) -> ImagePreparation:
    """What the model family expects where no preprocessor_config.json says otherwise."""
    size = config.vision_config.image_size
    if config.model_type == "siglip":
        return ImagePreparation(size=size, squash=True, mean=(0.5,) * 3, std=(0.5,) * 3)
    return ImagePreparation(size=size)


def read_preparation(path: Path, default: ImagePreparation) -> ImagePreparation:
    """The image preparation of a checkpoint's preprocessor_config.json; ``default`` where there is no such file.

    Raises:
        InputError: if the file asks for something that is not done here, such as another interpolation.
    """
    if not path.exists():
        return default
    try:
        content = json.loads(path.read_bytes())
        crop, size = content.get("crop_size", {}), content.get("size", {})
        crop = crop if isinstance(crop, int) else crop.get("height")
        cuts = content.get("do_center_crop", not default.squash)
        short = size if isinstance(size, int) else size.get("shortest_edge")
        height = size.get("height") if isinstance(size, dict) else None
        resample = content.get("resample", _BICUBIC)
        if resample not in (_BICUBIC, _BILINEAR) or (cuts and crop is None):
            raise ValueError(f"resample {resample}, crop_size {crop}")
        sides = [int(side) for side in (crop if cuts else height, short) if side]
        if not all(0 < side <= _LARGEST for side in sides):
            raise ValueError(f"sides of {shown(sides)} pixels")
        return replace(
            default,
            size=int(crop if cuts else (height or short or default.size)),
            squash=not cuts,
            short=int(short) if cuts and short else None,
            resampling="bicubic" if resample == _BICUBIC else "bilinear",
            mean=_three(content.get("image_mean", default.mean)),
            std=_three(content.get("image_std", default.std)),
        )
    except (ValueError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise InputError(
            f"cannot be followed ({error})", source=path, expected="CLIP's or SigLIP's preparation"
        ) from None


def _three(values: Sequence[float]) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue


def read_config(folder: Path) -> Any:
    """The model configuration of a checkpoint folder, of which only sizes and numbers are believed.

    Raises:
        InputError: if there is none or it is of another kind of model.
    """
    from transformers import CLIPConfig, SiglipConfig

    path = folder / "config.json"
    if not path.is_file():
        raise InputError("no config.json", source=folder, expected="a checkpoint folder as Hugging Face has it")
    content = read_model_config(path, KINDS)
    try:
        return (CLIPConfig if content.model_type == "clip" else SiglipConfig)(**content.values())
    except Exception as error:  # the library raises whatever it finds that numbers cannot be
        raise InputError(f"not a model configuration ({_first_line(error)})", source=path) from None


def weights_file(folder: Path) -> Path:
    """The weights in a checkpoint folder.

    Raises:
        InputError: if there are none.
    """
    for name in WEIGHT_FILES:
        if (folder / name).is_file():
            return folder / name
    raise InputError("no weights", source=folder, expected=" or ".join(WEIGHT_FILES) + " beside config.json")


def load_clip(folder: Path, *, name: str | None = None) -> ClipEncoder:
    """The encoder of a checkpoint folder (config.json, weights, tokenizer files).

    Never asks the network, and never runs or follows what the folder names: see :mod:`weaktal.encoders.clip_config`.

    Raises:
        InputError: naming what is missing or damaged.
    """
    config = read_config(folder)
    path = weights_file(folder)
    model = _model(config, path)
    tokenizer = Tokenizer(
        _tokenizer(folder, config.model_type), vocabulary=config.text_config.vocab_size, source=folder
    )
    preparation = read_preparation(folder / "preprocessor_config.json", default_preparation(config))
    return ClipEncoder(model, tokenizer, name=name or folder.name, preparation=preparation)


def _family(config: Any) -> Any:
    from transformers import CLIPModel, SiglipModel

    return CLIPModel if config.model_type == "clip" else SiglipModel


def _count(config: Any, source: Path) -> int:
    """How many weights a model of this configuration has; nothing is allocated for them."""
    try:
        with torch.device("meta"):
            return sum(parameter.numel() for parameter in _family(config)(config).parameters())
    except Exception as error:  # whatever sizes that do not go together make the library stumble over
        raise InputError(f"not a model configuration ({_first_line(error)})", source=source) from None


def _model(config: Any, path: Path) -> Any:
    state = read_state_dict(path)
    count, size = _count(config, path.with_name("config.json")), path.stat().st_size
    if count > size:
        raise InputError(f"has {size:,} bytes", source=path, expected=f"the {count:,} weights of its config.json")
    family = _family(config)
    with _quiet():
        try:
            # Given the tensors, the library opens no file of the folder, where there may be adapters or other weights.
            model, report = family.from_pretrained(
                None, config=config, state_dict=state, output_loading_info=True, dtype=torch.float32,
                attn_implementation="sdpa",
            )  # fmt: skip
        except Exception as error:  # the library raises whatever the file made it stumble over
            raise InputError(
                f"cannot be loaded ({_first_line(error)})", source=path, expected="whole weights"
            ) from None
    absent = sorted(report["missing_keys"]) + sorted(str(key) for key in report["mismatched_keys"])
    if absent:
        raise InputError(f"lacks {absent[0]} ({len(absent)} in all)", source=path, expected=f"a {family.__name__}")
    return model


def _tokenizer(folder: Path, kind: str) -> Any:
    import transformers

    family = getattr(transformers, tokenizer_class(folder, kind))
    with _quiet():
        try:
            return family.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        except Exception as error:  # as above
            raise InputError(
                f"no tokenizer can be loaded ({_first_line(error)})",
                source=folder,
                expected="tokenizer.json, or vocab.json and merges.txt",
            ) from None


def random_clip(seed: int, *, config: Any = None, name: str = "clip-vit-b16") -> ClipEncoder:
    """An encoder with weights drawn from ``seed`` and no tokenizer; ViT-B/16 where no configuration is given."""
    from transformers import CLIPConfig

    config = config or CLIPConfig(vision_config={"patch_size": 16})
    if (count := _count(config, Path(name))) > _MOST:
        raise InputError(f"has {count:,} weights", source=name, expected=f"at most {_MOST:,} random ones")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = _family(config)(config)
    return ClipEncoder(model, name=name)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The library's progress bars and reports of missing keys are said in our own words."""
    from transformers.utils import logging as untyped

    logging: Any = untyped
    level = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        logging.enable_progress_bar()
