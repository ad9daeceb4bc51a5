"""Tiny checkpoints of each family of the transformers library, built offline: configuration, random weights, words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from tests.checkpoints import WORDS as WORDS_KNOWN
from tests.checkpoints import write_clip_tokenizer, write_siglip_tokenizer

_TOWER = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
_PICTURES = {**_TOWER, "image_size": 32, "patch_size": 16}


def _clip_text(folder: Path) -> dict[str, Any]:
    vocabulary = write_clip_tokenizer(folder)
    marks = {"bos_token_id": vocabulary - 2, "eos_token_id": vocabulary - 1}
    return {**_TOWER, "vocab_size": vocabulary, "max_position_embeddings": 20, **marks}


def _siglip2(folder: Path) -> dict[str, Any]:
    text = {**_TOWER, "vocab_size": write_siglip_tokenizer(folder), "max_position_embeddings": 16}
    vision = {**_TOWER, "patch_size": 8, "num_patches": 16}
    return {"text_config": {**text, "projection_size": 32}, "vision_config": vision}


def _metaclip2(folder: Path) -> dict[str, Any]:
    sides = {"text_config": {**_clip_text(folder), "projection_dim": 24}, "vision_config": {**_PICTURES}}
    return {**sides, "projection_dim": 24}


def _xclip(folder: Path) -> dict[str, Any]:
    frames = {"num_frames": 4, "mit_hidden_size": 24, "mit_intermediate_size": 32, "mit_num_attention_heads": 4}
    sides = {"text_config": _clip_text(folder), "vision_config": {**_PICTURES, **frames}}
    return {**sides, "projection_dim": 24, "prompt_num_attention_heads": 4, "prompt_layers": 1}


def write_roberta_tokenizer(folder: Path) -> int:
    """Words as tokens between a begin and an end mark, and a mark of its own for padding."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {token: index for index, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", *WORDS_KNOWN])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    marks = [("<s>", 0), ("</s>", 2)]
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=marks)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>"
    ).save_pretrained(folder)
    return len(vocabulary)


def _clap(folder: Path) -> dict[str, Any]:
    vocabulary = write_roberta_tokenizer(folder)
    text = {**_TOWER, "vocab_size": vocabulary, "max_position_embeddings": 24, "pad_token_id": 1, "projection_dim": 16}
    audio = {
        "patch_embeds_hidden_size": 8,
        "depths": [1, 1],
        "num_attention_heads": [2, 2],
        "num_hidden_layers": 2,
        "spec_size": 64,
        "window_size": 4,
        "num_mel_bins": 16,
        "enable_fusion": False,
        "projection_dim": 16,
    }
    return {"text_config": text, "audio_config": {**audio, "hidden_size": 16}, "projection_dim": 16}


def write_unmarked_tokenizer(folder: Path) -> int:
    """Words as tokens, no mark around them, and one for padding."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {token: index for index, token in enumerate(["<pad>", "</s>", "<unk>", *WORDS_KNOWN])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="</s>", pad_token="<pad>", unk_token="<unk>"
    ).save_pretrained(folder)
    return len(vocabulary)


_VIDEO_PRISM = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_attention_heads": 4,
    "image_size": 32,
    "num_frames": 4,
    "tubelet_size": [1, 16, 16],
    "num_spatial_layers": 1,
    "num_temporal_layers": 1,
    "num_auxiliary_layers": 1,
}


def _video_prism(folder: Path) -> dict[str, Any]:
    text = {**_TOWER, "vocab_size": write_unmarked_tokenizer(folder), "max_position_embeddings": 20}
    return {"text_config": text, "vision_config": _VIDEO_PRISM}


def _plain(**values: object) -> Callable[[Path], dict[str, Any]]:
    return lambda _folder: dict(values)


CONFIGS: Mapping[str, Callable[[Path], dict[str, Any]]] = {
    "siglip2": _siglip2,
    "metaclip_2": _metaclip2,
    "xclip": _xclip,
    "videomae": _plain(**_PICTURES, num_frames=4, decoder_num_hidden_layers=1),
    "vjepa2": _plain(
        hidden_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        crop_size=32,
        patch_size=16,
        frames_per_clip=4,
        pred_hidden_size=48,
        pred_num_hidden_layers=1,
        pred_num_attention_heads=4,
    ),
    "timesformer": _plain(**_PICTURES, num_frames=4),
    "vivit": _plain(**_TOWER, image_size=32, num_frames=4, tubelet_size=[2, 16, 16]),
    "videoprism_vision_model": _plain(**_VIDEO_PRISM),
    "videoprism": _video_prism,
    "vit": _plain(**_PICTURES),
    "dinov2": _plain(**{k: v for k, v in _PICTURES.items() if k != "intermediate_size"}),
    "dinov2_with_registers": _plain(
        **{k: v for k, v in _PICTURES.items() if k != "intermediate_size"}, num_register_tokens=2
    ),
    "dinov3_vit": _plain(**_PICTURES, num_register_tokens=2),
    "audio-spectrogram-transformer": _plain(**_TOWER, num_mel_bins=32, max_length=64),
    "clap": _clap,
}
WORDS = ("siglip2", "metaclip_2", "xclip", "videoprism", "clap")
SOUNDS = ("audio-spectrogram-transformer", "clap")
VIDEOS = ("videomae", "vjepa2", "timesformer", "vivit", "videoprism_vision_model", "videoprism", "xclip")
# Settings that a folder brings along, so that frames are of the network's size and nothing is cut off.
_SQUARE = '{"do_center_crop": false, "size": {"height": 32, "width": 32}}'
_EXTRACTORS = {
    "audio-spectrogram-transformer": '{"num_mel_bins": 32, "max_length": 64, "sampling_rate": 16000}',
    "clap": '{"feature_size": 16, "hop_length": 480, "max_length_s": 1, "sampling_rate": 48000}',
}


def write_checkpoint(kind: str, folder: Path) -> Path:
    """A folder with a tiny model of that type."""
    from transformers import CONFIG_MAPPING, MODEL_MAPPING

    folder.mkdir(parents=True)
    config = CONFIG_MAPPING[kind](**CONFIGS[kind](folder))
    torch.manual_seed(0)
    model = MODEL_MAPPING[type(config)](config).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    model.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(_EXTRACTORS.get(kind, _SQUARE))
    return folder
