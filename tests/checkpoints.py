"""Small CLIP and SigLIP checkpoints, built offline: configuration, random weights, and a vocabulary of a few words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

WORDS = ["a", "video", "of", "person", "running", "high", "jump", "throwing", "discus", "long", "pole", "vault"]


def bpe_vocabulary(words: list[str]) -> tuple[dict[str, int], list[str]]:
    """Byte-level BPE in CLIP's manner: all bytes, then merges that build each word from the left."""
    from tokenizers.pre_tokenizers import ByteLevel

    letters = sorted(ByteLevel.alphabet())
    tokens = [*letters, *(letter + "</w>" for letter in letters)]
    merges: list[str] = []
    for word in words:
        left = word[0]
        for index, letter in enumerate(word[1:], start=1):
            right = letter + ("</w>" if index == len(word) - 1 else "")
            if f"{left} {right}" not in merges:
                merges.append(f"{left} {right}")
            left += right
            if left not in tokens:
                tokens.append(left)
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    return {token: index for index, token in enumerate(tokens)}, merges


def write_clip_tokenizer(folder: Path) -> int:
    vocabulary, merges = bpe_vocabulary(WORDS)
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "CLIPTokenizer"}))
    return len(vocabulary)


def write_siglip_tokenizer(folder: Path) -> int:
    """Words as tokens, one end mark, no begin mark, padded with the end mark: the shape of SigLIP's tokenizer."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {token: index for index, token in enumerate(["<unk>", "</s>", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="</s>", pad_token="</s>", unk_token="<unk>", model_max_length=16
    )
    wrapped.save_pretrained(folder)
    return len(vocabulary)


def clip_model(vocabulary: int, eos_token_id: int) -> Any:
    from transformers import CLIPConfig, CLIPModel

    tower = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = CLIPConfig(
        text_config={
            **tower,
            "vocab_size": vocabulary,
            "max_position_embeddings": 20,
            "bos_token_id": vocabulary - 2,
            "eos_token_id": eos_token_id,
        },
        vision_config={**tower, "image_size": 32, "patch_size": 16},
        projection_dim=24,
    )
    torch.manual_seed(0)
    return lively(CLIPModel(config))


def siglip_model(vocabulary: int) -> Any:
    from transformers import SiglipConfig, SiglipModel

    tower = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = SiglipConfig(
        text_config={**tower, "vocab_size": vocabulary, "max_position_embeddings": 16, "projection_size": 32},
        vision_config={**tower, "image_size": 32, "patch_size": 16},
    )
    torch.manual_seed(0)
    return lively(SiglipModel(config))


def lively(model: Any) -> Any:
    """Weights large enough that position, order and mask show in the output."""
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


def write_clip_checkpoint(folder: Path) -> Path:
    folder.mkdir(parents=True)
    vocabulary = write_clip_tokenizer(folder)
    clip_model(vocabulary, eos_token_id=vocabulary - 1).save_pretrained(folder)
    return folder


def write_siglip_checkpoint(folder: Path) -> Path:
    folder.mkdir(parents=True)
    siglip_model(write_siglip_tokenizer(folder)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip_checkpoint(tmp_path_factory.mktemp("weights") / "tiny-clip")


@pytest.fixture(scope="session")
def legacy_clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the published CLIP configurations are: they name 2 as the end mark, which it is not."""
    folder = tmp_path_factory.mktemp("weights") / "legacy-clip"
    folder.mkdir()
    clip_model(write_clip_tokenizer(folder), eos_token_id=2).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def siglip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_siglip_checkpoint(tmp_path_factory.mktemp("weights") / "tiny-siglip")
