from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from weaktal.encoders.clip import ClipEncoder, load_clip, random_clip
from weaktal.encoders.frames import ImagePreparation
from weaktal.encoders.preparation import read_preparation
from weaktal.encoders.pretrained import load_tokenizer
from weaktal.encoders.prompts import class_vectors, fill, prompted_vectors, readable
from weaktal.encoders.vision_language import VisionLanguageEncoder
from weaktal.errors import InputError

FOLDERS = ["clip_folder", "legacy_clip_folder", "siglip_folder"]
TEXTS = ["a video of a person running", "a video of a person throwing discus", "high jump"]


@pytest.fixture(params=FOLDERS)
def folder(request: pytest.FixtureRequest) -> Path:
    path: Path = request.getfixturevalue(request.param)
    return path


@pytest.fixture
def encoder(folder: Path) -> ClipEncoder:
    return load_clip(folder)


def library_vectors(folder: Path, encoder: ClipEncoder, texts: list[str]) -> torch.Tensor:
    """The library's own way from text to vectors: its tokenizer, its padding, its text encoder."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    siglip = encoder.model.config.model_type == "siglip"
    if siglip:
        tokens = tokenizer(texts, padding="max_length", max_length=encoder.max_tokens, return_tensors="pt")
    else:
        tokens = tokenizer(texts, padding=True, return_tensors="pt")
    # SigLIP was trained without an attention mask.
    mask = {} if siglip else {"attention_mask": tokens["attention_mask"]}
    with torch.no_grad():
        output = encoder.model.get_text_features(input_ids=tokens["input_ids"], **mask)
    return F.normalize(output if isinstance(output, torch.Tensor) else output.pooler_output, dim=-1)


def test_class_vectors_equal_those_of_the_library(folder: Path, encoder: ClipEncoder) -> None:
    ours = class_vectors(encoder, TEXTS)
    assert ours.shape == (3, encoder.dim)
    assert torch.allclose(ours, library_vectors(folder, encoder, TEXTS), atol=1e-5)
    assert (ours @ ours.T - torch.eye(3)).abs().max() < 0.9999  # three texts, three vectors


def test_no_learnable_vectors_equal_the_plain_class_vectors(folder: Path, encoder: ClipEncoder) -> None:
    none = torch.zeros(0, encoder.token_dim)
    ours = prompted_vectors(encoder, encoder.embed_texts(TEXTS), none, none)
    assert torch.allclose(ours, library_vectors(folder, encoder, TEXTS), atol=1e-5)


def test_vectors_that_spell_the_template_equal_the_template(folder: Path, encoder: ClipEncoder) -> None:
    """Learnable vectors stand where words would: given the words' embeddings they mean the same."""
    (before,) = encoder.embed_texts(["a video of a person"])
    (after,) = encoder.embed_texts(["high"])
    ours = prompted_vectors(encoder, encoder.embed_texts(["running", "pole vault"]), before, after)
    texts = ["a video of a person running high", "a video of a person pole vault high"]
    assert torch.allclose(ours, library_vectors(folder, encoder, texts), atol=1e-5)


def test_gradients_reach_the_learnable_vectors_and_nothing_else(encoder: ClipEncoder) -> None:
    before = torch.randn(4, encoder.token_dim, generator=torch.Generator().manual_seed(0)).requires_grad_()
    after = torch.randn(2, encoder.token_dim, generator=torch.Generator().manual_seed(1)).requires_grad_()
    names = encoder.embed_texts(["running", "pole vault"])
    prompted_vectors(encoder, names, before, after)[:, 0].sum().backward()
    for learned in (before, after):
        assert learned.grad is not None
        assert (learned.grad.abs().sum(dim=1) > 0).all()
    assert all(parameter.grad is None for parameter in encoder.model.parameters())


def test_gradient_equals_finite_differences(encoder: ClipEncoder) -> None:
    names = encoder.embed_texts(["running"])
    none = torch.zeros(0, encoder.token_dim)
    before = torch.randn(2, encoder.token_dim, generator=torch.Generator().manual_seed(0)).requires_grad_()
    direction = torch.randn(before.shape, generator=torch.Generator().manual_seed(1))

    def value(context: torch.Tensor) -> torch.Tensor:
        return prompted_vectors(encoder, names, context, none)[0, :3].sum()

    value(before).backward()
    assert before.grad is not None
    step = 1e-3
    with torch.no_grad():
        slope = (value(before + step * direction) - value(before - step * direction)) / (2 * step)
    assert (before.grad * direction).sum().item() == pytest.approx(slope.item(), rel=0.05, abs=2e-3)


def test_causal_mask_and_pooling_of_clip(clip_folder: Path) -> None:
    """What stands behind the end mark changes nothing; what stands before it does."""
    encoder = load_clip(clip_folder)
    prompts = encoder.assemble(encoder.embed_texts(["running", "a video of a person running"]))
    behind, before = prompts.embeddings.clone(), prompts.embeddings.clone()
    behind[0, prompts.end[0] + 1 :] = 9.0
    # Not a constant: the first layer normalization would take it out again.
    before[0, 1] += torch.linspace(-2, 2, encoder.token_dim)
    with torch.no_grad():
        plain = encoder.encode_text(prompts.embeddings, prompts.end)
        assert torch.allclose(encoder.encode_text(behind, prompts.end), plain, atol=1e-6)
        assert not torch.allclose(encoder.encode_text(before, prompts.end)[0], plain[0], atol=1e-2)


def test_the_token_table_works_again_after_encoding(folder: Path, encoder: ClipEncoder) -> None:
    first = library_vectors(folder, encoder, TEXTS)
    class_vectors(encoder, ["running"])
    assert torch.equal(library_vectors(folder, encoder, TEXTS), first)


def test_frames_of_any_size_become_unit_vectors(encoder: ClipEncoder) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (3, 40, 70, 3), dtype=np.uint8)
    vectors = encoder.encode_frames(frames)
    assert vectors.shape == (3, encoder.dim)
    assert torch.allclose(vectors.norm(dim=1), torch.ones(3), atol=1e-5)
    pixels = encoder.preparation.normalized(encoder.preparation.pixels(frames))
    with torch.no_grad():
        output = encoder.model.get_image_features(pixel_values=pixels)
    expected = output if isinstance(output, torch.Tensor) else output.pooler_output
    assert torch.allclose(vectors, F.normalize(expected, dim=-1), atol=1e-6)


def test_image_vectors_equal_those_of_the_librarys_pipeline(encoder: ClipEncoder) -> None:
    """Frames of the network's own size, as resizing differs by gray levels (test_frames.py)."""
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    frames = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    if encoder.model.config.model_type == "siglip":
        processor: Any = SiglipImageProcessorPil(size={"height": 32, "width": 32})
    else:
        processor = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    with torch.no_grad():
        output = encoder.model.get_image_features(**processor(list(frames), return_tensors="pt"))
    assert torch.allclose(encoder.encode_frames(frames), F.normalize(output.pooler_output, dim=-1), atol=1e-4)


def test_bfloat16_is_close_and_leaves_texts_alone(clip_folder: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (2, 40, 70, 3), dtype=np.uint8)
    encoder = load_clip(clip_folder)
    exact, texts = encoder.encode_frames(frames), class_vectors(encoder, TEXTS)
    encoder.to(torch.device("cpu"), torch.bfloat16)
    assert torch.allclose((encoder.encode_frames(frames) * exact).sum(dim=1), torch.ones(2), atol=0.01)
    assert torch.equal(class_vectors(encoder, TEXTS), texts)


def test_it_is_a_vision_language_encoder(clip_folder: Path) -> None:
    encoder: VisionLanguageEncoder = load_clip(clip_folder)
    assert (encoder.dim, encoder.token_dim, encoder.max_tokens) == (24, 32, 20)


def test_too_long_a_prompt_is_refused(clip_folder: Path) -> None:
    encoder = load_clip(clip_folder)
    with pytest.raises(InputError, match="a prompt has 32 tokens; expected at most 20"):
        prompted_vectors(encoder, encoder.embed_texts(["a"]), torch.zeros(29, 32), torch.zeros(0, 32))


# What people do to checkpoint folders, and what they should be told.
def drop(*names: str):  # type: ignore[no-untyped-def]
    return lambda folder: [(folder / name).unlink(missing_ok=True) for name in names]


def rewrite(name: str, content: bytes):  # type: ignore[no-untyped-def]
    return lambda folder: (folder / name).write_bytes(content)


def change_config(**values: object):  # type: ignore[no-untyped-def]
    def change(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, **values}))

    return change


DAMAGE = {
    "no weights": (drop("model.safetensors"), "no weights; expected model.safetensors or pytorch_model.bin"),
    "no config": (drop("config.json"), "no config.json"),
    "another model": (
        change_config(model_type="bert"),
        "is a model of type 'bert'; expected clip or siglip or siglip2 or metaclip_2",
    ),
    "config is no JSON": (rewrite("config.json", b"{"), "is not valid JSON"),
    "truncated weights": (
        lambda f: (f / "model.safetensors").write_bytes((f / "model.safetensors").read_bytes()[:5000]),
        "not a weights file",
    ),
    "weights of another size": (change_config(projection_dim=12), "model.safetensors: "),
    "a model larger than its weights": (
        change_config(text_config={"hidden_size": 2**20, "num_hidden_layers": 2}),
        "weights of its config.json",
    ),
    "a model of no end": (change_config(text_config={"num_hidden_layers": 10**9}), "text_config.num_hidden_layers"),
    "sizes that do not divide": (change_config(vision_config={"hidden_size": 7, "num_attention_heads": 3}), "config"),
    "no vocabulary": (drop("vocab.json", "merges.txt", "tokenizer_config.json"), "tokenizer"),
    "vocabulary without merges": (rewrite("merges.txt", b"#version: 0.2\n"), None),
    "tokens that lead elsewhere": (
        rewrite("special_tokens_map.json", b'{"vocab_file": "/elsewhere/vocab.json"}'),
        "special_tokens_map.json: names 'vocab_file'; expected tokens",
    ),
    "foreign vocabulary": (rewrite("vocab.json", b'{"<|startoftext|>": 0, "<|endoftext|>": 1}'), "tokenizer"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_damaged_checkpoints_are_named_in_one_line(tmp_path: Path, clip_folder: Path, case: str) -> None:
    damage, message = DAMAGE[case]
    folder = tmp_path / "clip"
    shutil.copytree(clip_folder, folder)
    damage(folder)
    if message is None:  # letters instead of words: slower, but the tokenizer still gives back what it was given
        load_clip(folder)
        return
    with pytest.raises(InputError) as caught:
        load_clip(folder)
    assert message in caught.value.line()
    assert str(folder) in caught.value.line()


def test_nothing_that_a_folder_names_is_followed(
    tmp_path: Path, clip_folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    folder, ran = tmp_path / "clip", tmp_path / "RAN"
    shutil.copytree(clip_folder, folder)
    (folder / "evil.py").write_text(f"open({str(ran)!r}, 'w')\nclass Any: pass\n")
    config = json.loads((folder / "config.json").read_text())
    code = {"auto_map": dict.fromkeys(("AutoConfig", "AutoModel", "AutoTokenizer"), "evil.Any")}
    kernels = {"attn_implementation": "somebody/kernels", "_attn_implementation": "somebody/kernels"}
    others = {"configuration_files": ["config.4.0.0.json"], "quantization_config": {"quant_method": "bitsandbytes"}}
    (folder / "config.4.0.0.json").write_text(json.dumps({**config, **code, "model_type": "evil"}))
    (folder / "config.json").write_text(json.dumps({**config, **code, **kernels, **others}))
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "Any", "auto_map": {"AutoTokenizer": ["evil.Any", "evil.Any"]}})
    )
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "somebody/model"}))
    (folder / "pytorch_model.bin").write_bytes(b"not looked at: there is model.safetensors")
    monkeypatch.setenv("HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.setattr("builtins.input", lambda _prompt="": pytest.fail("a prompt"))
    found, plain = load_clip(folder), load_clip(clip_folder)
    assert not ran.exists()
    assert "evil" not in "".join(capfd.readouterr())
    texts = [plain_texts(encoder) for encoder in (found, plain)]
    torch.testing.assert_close(texts[0], texts[1], rtol=0, atol=0)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_nothing_waits_for_a_pipe_in_a_folder(tmp_path: Path) -> None:
    for name in ("merges.txt", "preprocessor_config.json"):
        os.mkfifo(tmp_path / name)
    with pytest.raises(InputError, match=r"merges.txt: is not a file"):
        load_tokenizer(tmp_path, "clip", 100)
    with pytest.raises(InputError, match=r"preprocessor_config.json: is not a file"):
        read_preparation(tmp_path / "preprocessor_config.json", ImagePreparation())


def plain_texts(encoder: ClipEncoder) -> torch.Tensor:
    prompts = encoder.assemble(encoder.embed_texts(["high jump", "pole vault"]))
    return encoder.encode_text(prompts.embeddings, prompts.end)


def test_a_tokenizer_that_answers_everything_alike_is_refused(tmp_path: Path, clip_folder: Path) -> None:
    """The library makes one without a word when its vocabulary is not found."""
    from transformers import CLIPTokenizer

    from weaktal.encoders.tokens import Tokenizer

    with pytest.raises(InputError, match="the tokenizer turns 'a video of a person running' into the ids"):
        Tokenizer(CLIPTokenizer(), vocabulary=100, source=tmp_path)


def test_a_vocabulary_larger_than_the_table_is_refused(clip_folder: Path) -> None:
    from transformers import AutoTokenizer

    from weaktal.encoders.tokens import Tokenizer

    loaded = AutoTokenizer.from_pretrained(clip_folder, local_files_only=True)
    with pytest.raises(InputError, match="the text encoder only 100 of them"):
        Tokenizer(loaded, vocabulary=100, source=clip_folder)


def test_random_weights_depend_on_the_seed_alone(clip_folder: Path) -> None:
    from transformers import CLIPConfig

    config = CLIPConfig.from_pretrained(clip_folder)
    frames = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), dtype=np.uint8)
    torch.manual_seed(5)
    one = random_clip(3, config=config)
    torch.manual_seed(6)
    two, three = random_clip(3, config=config), random_clip(4, config=config)
    assert torch.equal(one.encode_frames(frames), two.encode_frames(frames))
    assert not torch.equal(one.encode_frames(frames), three.encode_frames(frames))
    with pytest.raises(InputError, match="has no tokenizer"):
        one.embed_texts(["running"])


CLIP_JSON = {
    "crop_size": {"height": 32, "width": 32},
    "do_center_crop": True,
    "image_mean": [0.4, 0.5, 0.6],
    "image_std": [0.1, 0.2, 0.3],
    "resample": 3,
    "size": {"shortest_edge": 36},
}


def test_preprocessor_config_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "preprocessor_config.json"
    assert read_preparation(path, ImagePreparation()) == ImagePreparation()
    path.write_text(json.dumps(CLIP_JSON))
    assert read_preparation(path, ImagePreparation()) == ImagePreparation(
        size=32, short=36, mean=(0.4, 0.5, 0.6), std=(0.1, 0.2, 0.3)
    )
    path.write_text(json.dumps({**CLIP_JSON, "size": 224, "crop_size": 224}))  # as OpenAI's own files have it
    assert read_preparation(path, ImagePreparation()).size == 224
    path.write_text(json.dumps({**CLIP_JSON, "do_normalize": False}))
    plain = read_preparation(path, ImagePreparation())
    assert (plain.mean, plain.std) == ((0.0,) * 3, (1.0,) * 3)
    path.write_text(json.dumps({"size": {"height": 48, "width": 48}, "do_center_crop": False, "resample": 2}))
    squashed = read_preparation(path, ImagePreparation())
    assert (squashed.size, squashed.squash, squashed.resampling) == (48, True, "bilinear")


@pytest.mark.parametrize("content", [b"[]", b"{", b'{"resample": 1}', b'{"image_mean": [1]}', b'{"size": "big"}'])
def test_a_preparation_that_cannot_be_followed_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "preprocessor_config.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be followed"):
        read_preparation(path, ImagePreparation())


def test_templates() -> None:
    assert fill("a video of a person {}", ["CleanAndJerk"]) == ["a video of a person clean and jerk"]
    for bad in ("no place", "{} twice {}"):
        with pytest.raises(InputError, match="expected text with one"):
            fill(bad, ["x"])


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("HighJump", "high jump"),
        ("high_jump", "high jump"),
        ("Playing ice hockey", "playing ice hockey"),
        ("TVSet", "tv set"),
        ("BMX", "bmx"),
        ("x", "x"),
    ],
)
def test_readable(label: str, words: str) -> None:
    assert readable(label) == words
