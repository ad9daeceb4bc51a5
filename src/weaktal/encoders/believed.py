"""What is believed of the JSON files of a checkpoint folder: sizes, numbers, and known names.

The transformers library follows these files much further: to Python code (``auto_map``), to other files
(``configuration_files``), to adapters, quantizers and kernels of attention, some of them on its hub. A folder may come
from anybody, so the library sees nothing but what passes through this module.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from weaktal.errors import InputError, shown
from weaktal.files import is_endless, read_model

_LARGEST = 2**20  # of any whole number: vocabularies come close to it
_LIMITS = {"layers": 512, "depths": 512, "max_position_embeddings": 2**14, "image_size": 2**13, "crop_size": 2**13}
_MOST_FRAMES = 512
_LONGEST_LIST = 64
# Names that a configuration may hold; by any other name the library might look for code.
_ACTIVATIONS = frozenset(
    [
        "gelu",
        "gelu_10",
        "gelu_fast",
        "gelu_new",
        "gelu_python",
        "gelu_pytorch_tanh",
        "gelu_python_tanh",
        "gelu_accurate",
        "quick_gelu",
        "relu",
        "silu",
        "swish",
        "tanh",
        "linear",
    ]
)
_NAMES = _ACTIVATIONS | {"divided_space_time", "space_only", "joint_space_time", "channel_map"}


class _Content(BaseModel):
    """A config.json: the type of model, and whatever else there is, unbelieved."""

    model_config = ConfigDict(extra="allow", frozen=True)

    model_type: str


class _TokenizerConfig(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    tokenizer_class: str | None = None


class _Anything(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


def model_type(folder: Path) -> str:
    """What kind of model a checkpoint folder says that it holds.

    Raises:
        InputError: if it has no config.json, or one that cannot be read.
    """
    return _content(folder).model_type


def _content(folder: Path) -> _Content:
    path = folder / "config.json"
    if not path.is_file():
        raise InputError("no config.json", source=folder, expected="a checkpoint folder as Hugging Face has it")
    return read_model(path, _Content, "the configuration of a model")


def model_settings(folder: Path, family: Any) -> dict[str, Any]:
    """What a checkpoint's config.json says, as far as the library's configuration class ``family`` knows it.

    Raises:
        InputError: naming the place of an absurd size, or of a name that is not known.
    """
    content = _content(folder).model_extra or {}
    return _believed(content, family, folder / "config.json", "")


def _believed(values: Mapping[str, Any], family: Any, source: Path, within: str) -> dict[str, Any]:
    from transformers import PreTrainedConfig

    base = {field.name for field in dataclasses.fields(PreTrainedConfig)}
    known = {field.name for field in dataclasses.fields(family) if field.name[0] != "_"} - base
    kept: dict[str, Any] = {}
    for key in sorted(known & values.keys()):
        part = (getattr(family, "sub_configs", None) or {}).get(key)
        # Early checkpoints of CLIP repeat a part under another name, which counts.
        both = {**_mapping(values[key]), **_mapping(values.get(f"{key}_dict"))}
        if part is not None:
            kept[key] = _believed(both, part, source, f"{within}{key}.")
        elif _plain(key, values[key], source, within):
            kept[key] = values[key]
    return kept


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _plain(key: str, value: object, source: Path, within: str) -> bool:
    """Whether a value is a number, a known name, or a short list of numbers.

    Raises:
        InputError: if it is one that no model has.
    """
    numbers = value if isinstance(value, list) else [value]
    if isinstance(value, str):
        if value not in _NAMES and key.endswith("_act"):
            expected = f"one of {', '.join(sorted(_ACTIVATIONS))}"
            raise InputError(f"is {shown(value)}", source=source, place=f"{within}{key}", expected=expected)
        return value in _NAMES
    if len(numbers) > _LONGEST_LIST:
        return False
    limit = next((most for ending, most in _LIMITS.items() if key.endswith(ending)), _LARGEST)
    if "frames" in key:
        limit = _MOST_FRAMES
    for number in numbers:
        if number is None or isinstance(number, bool):
            continue
        if not isinstance(number, int | float):
            return False
        if not math.isfinite(number) or abs(number) > limit:
            expected = f"a number up to {limit}"
            raise InputError(f"is {shown(number)}", source=source, place=f"{within}{key}", expected=expected)
    return True


def feature_settings(path: Path, known: frozenset[str]) -> dict[str, Any]:
    """The ``known`` numbers and truth values of a preprocessor_config.json of sound; empty where there is none.

    Raises:
        InputError: if the file cannot be read, or holds an absurd number.
    """
    if not path.is_file():
        return {}
    content = read_model(path, _Anything, "the settings of a feature extractor").model_extra or {}
    return {key: content[key] for key in sorted(known & content.keys()) if _plain(key, content[key], path, "")}


def check_tokenizer_files(folder: Path) -> None:
    """Refuses what the library would follow or wait for when it reads the tokenizer of a checkpoint folder.

    It hands every entry of special_tokens_map.json to the tokenizer, such as the path of a vocabulary elsewhere.

    Raises:
        InputError: naming the file.
    """
    for path in (*folder.glob("*"), *folder.glob("*/*.jinja")):
        if is_endless(path):
            raise InputError("is not a file", source=path, expected="a file of a checkpoint")
    tokens = folder / "special_tokens_map.json"
    named = (read_model(tokens, _Anything, "the special tokens").model_extra or {}) if tokens.exists() else {}
    for key in named:
        if not key.endswith(("_token", "_tokens")):
            raise InputError(f"names {shown(key)}", source=tokens, expected="tokens, such as pad_token")


# Classes of the library itself that read the tokenizers of such models; by any other name there may be code behind it.
_TOKENIZERS = frozenset(
    name + ending
    for name in ("CLIPTokenizer", "GemmaTokenizer", "XLMRobertaTokenizer", "RobertaTokenizer")
    for ending in ("", "Fast")
) | {"SiglipTokenizer", "Siglip2Tokenizer", "VideoPrismTokenizer"}
_PLAIN = ("PreTrainedTokenizerFast", "TokenizersBackend")
# Where a folder does not say: what the family was published with.
_USUAL = {
    "siglip": "SiglipTokenizer",
    "siglip2": "GemmaTokenizer",
    "metaclip_2": "XLMRobertaTokenizer",
    "clap": "RobertaTokenizer",
    "videoprism": "VideoPrismTokenizer",
}


def tokenizer_class(folder: Path, kind: str) -> str:
    """Name of the library's class that reads the tokenizer of a checkpoint folder.

    Args:
        folder: the checkpoint.
        kind: of the model.

    Raises:
        InputError: if tokenizer_config.json cannot be read.
    """
    path = folder / "tokenizer_config.json"
    named = read_model(path, _TokenizerConfig, "settings of a tokenizer").tokenizer_class if path.exists() else None
    if named in _TOKENIZERS:
        return str(named)
    if named in _PLAIN and (folder / "tokenizer.json").is_file():
        return "PreTrainedTokenizerFast"
    return _USUAL.get(kind, "CLIPTokenizer")
