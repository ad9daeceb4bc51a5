"""What is believed of a checkpoint's config.json and tokenizer_config.json: sizes, numbers, and known names.

The transformers library follows these files much further: to Python code (``auto_map``), to other files
(``configuration_files``), to adapters, quantizers and kernels of attention, some of them on its hub. A folder may come
from anybody, so the library sees nothing but what passes through the models of this module.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from weaktal.errors import InputError, shown
from weaktal.files import read_model

WHAT = "the configuration of a CLIP or SigLIP model"

_Size = Annotated[int, Field(gt=0, le=2**20)]
_Id = Annotated[int, Field(ge=-1, le=2**20)]
_Number = Annotated[float, Field(allow_inf_nan=False)]


class _Believed(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Tower(_Believed):
    hidden_size: _Size | None = None
    intermediate_size: _Size | None = None
    num_hidden_layers: Annotated[int, Field(gt=0, le=512)] | None = None
    num_attention_heads: _Size | None = None
    hidden_act: Literal["quick_gelu", "gelu", "gelu_new", "gelu_pytorch_tanh", "relu"] | None = None
    layer_norm_eps: _Number | None = None
    attention_dropout: _Number | None = None
    projection_dim: _Size | None = None


class _Text(_Tower):
    vocab_size: _Size | None = None
    max_position_embeddings: Annotated[int, Field(gt=0, le=2**14)] | None = None
    projection_size: _Size | None = None
    bos_token_id: _Id | None = None
    eos_token_id: _Id | None = None
    pad_token_id: _Id | None = None


class _Vision(_Tower):
    image_size: Annotated[int, Field(gt=0, le=2**13)] | None = None
    patch_size: _Size | None = None
    num_channels: Literal[3] | None = None
    vision_use_head: bool | None = None


class ModelConfig(_Believed):
    """The sizes of a model.

    Attributes:
        model_type: which family it is of.
        text_config, vision_config: of its two sides.
        text_config_dict, vision_config_dict: over these, as early checkpoints have them.
        projection_dim: of the space that both sides share, for CLIP.
        logit_scale_init_value: a weight that is loaded anyway.
    """

    model_type: str
    text_config: _Text | None = None
    vision_config: _Vision | None = None
    text_config_dict: _Text | None = None
    vision_config_dict: _Vision | None = None
    projection_dim: _Size | None = None
    logit_scale_init_value: _Number | None = None

    def values(self) -> dict[str, Any]:
        """What the file says, as the library's own configurations take it."""
        said = self.model_dump(exclude_none=True, exclude={"model_type"})
        for side in ("text_config", "vision_config"):
            said[side] = said.get(side, {}) | said.pop(f"{side}_dict", {})
        return said


class _TokenizerConfig(_Believed):
    tokenizer_class: str | None = None


def read_model_config(path: Path, kinds: tuple[str, ...]) -> ModelConfig:
    """The believed part of a config.json.

    Raises:
        InputError: if there is none, a size is absurd, or the model is of none of the kinds.
    """
    content = read_model(path, ModelConfig, WHAT)
    if content.model_type not in kinds:
        raise InputError(f"is a model of type {shown(content.model_type)}", source=path, expected=" or ".join(kinds))
    return content


# Classes of the library itself that read the tokenizers of such models; by any other name there may be code behind it.
_TOKENIZERS = ("CLIPTokenizer", "CLIPTokenizerFast", "SiglipTokenizer", "GemmaTokenizer", "GemmaTokenizerFast")
_PLAIN = ("PreTrainedTokenizerFast", "TokenizersBackend")


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
    return "CLIPTokenizer" if kind == "clip" else "SiglipTokenizer"
