"""Every family of the transformers library against the library's own way on the same frames, sounds and texts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tests.tiny_models import CONFIGS, SOUNDS, VIDEOS, WORDS, write_checkpoint

from weaktal.encoders.catalog import build_encoder
from weaktal.encoders.checkpoints import FAMILIES
from weaktal.encoders.look import Look
from weaktal.encoders.networks import SnippetEncoder
from weaktal.encoders.prompts import class_vectors
from weaktal.encoders.weights_choice import WeightsChoice
from weaktal.errors import InputError

CPU = torch.device("cpu")
TEXTS = ["a video of a person running", "high jump"]


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("checkpoints")
    return {kind: write_checkpoint(kind, root / kind) for kind in CONFIGS}


def built(folder: Path, **settings: Any) -> SnippetEncoder:
    return build_encoder(str(folder), WeightsChoice(), device=CPU, **settings)


def frames(count: int, *, channels_first: bool) -> torch.Tensor:
    shape = (2, count, 3, 32, 32) if channels_first else (2, 32, 32, 3)
    return torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(1), dtype=torch.uint8)


def normalized(pixels: torch.Tensor, kind: str) -> torch.Tensor:
    """As the library's processors of the family document it, written down anew."""
    imagenet = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    half = torch.full((3,), 0.5), torch.full((3,), 0.5)
    clip = torch.tensor([0.48145466, 0.4578275, 0.40821073]), torch.tensor([0.26862954, 0.26130258, 0.27577711])
    none = torch.zeros(3), torch.ones(3)
    special = {"vit": half, "vivit": half, "siglip2": half, "metaclip_2": clip}
    special |= {"videoprism_vision_model": none, "videoprism": none}
    mean, std = (part[:, None, None] for part in special.get(kind, imagenet))
    scaled = pixels.float() / 127.5 - 1 if kind == "vivit" else pixels.float() / 255
    return (scaled - mean) / std


def library(kind: str, folder: Path) -> Any:
    """The model as the library loads it from the folder itself."""
    from transformers import AutoModel

    return AutoModel.from_pretrained(folder, local_files_only=True).eval()


def expected_features(kind: str, model: Any, clips: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        if kind in VIDEOS:
            pixels = normalized(clips, kind)
            if kind == "xclip":
                return F.normalize(model.get_video_features(pixels).pooler_output, dim=-1)
            if kind == "videoprism":
                return model.get_video_features(pixels).pooler_output[:, 0]
            if kind == "vjepa2":
                return model.get_vision_features(pixels).mean(dim=1)
            tokens = model(pixels).last_hidden_state
            return tokens[:, 0] if kind in ("timesformer", "vivit") else tokens.mean(dim=1)
        pixels = normalized(clips.permute(0, 3, 1, 2), kind)
        if kind == "metaclip_2":
            return F.normalize(model.get_image_features(pixels).pooler_output, dim=-1)
        return model(pixels).last_hidden_state[:, 0]


@pytest.mark.parametrize("kind", [k for k in CONFIGS if k not in (*SOUNDS, "siglip2")])
def test_features_are_those_of_the_library(kind: str, checkpoints: dict[str, Path]) -> None:
    encoder = built(checkpoints[kind])
    (network,) = encoder.networks
    clips = frames(encoder.frames, channels_first=kind in VIDEOS)
    ours = network.encode(clips)
    theirs = expected_features(kind, library(kind, checkpoints[kind]), clips)
    assert ours.shape == (2, encoder.dim)
    assert (ours - theirs).abs().max() < 1e-4
    assert not torch.allclose(ours[0], ours[1], atol=1e-3)
    assert encoder.weights_sha256 is not None
    if kind in VIDEOS:
        assert encoder.provenance["frames"] == encoder.frames == 4


def test_siglip2_keeps_the_shape_of_a_frame_as_the_library_does(checkpoints: dict[str, Path]) -> None:
    from transformers.models.siglip2.image_processing_pil_siglip2 import Siglip2ImageProcessorPil

    encoder = built(checkpoints["siglip2"])
    pictures = np.random.default_rng(0).integers(0, 256, (2, 24, 40, 3), dtype=np.uint8)  # 3 x 5 patches, of 16
    processor = Siglip2ImageProcessorPil(patch_size=8, max_num_patches=16)
    inputs = processor(list(pictures), return_tensors="pt")
    with torch.no_grad():
        theirs = library("siglip2", checkpoints["siglip2"]).get_image_features(**inputs).pooler_output
    assert inputs["spatial_shapes"].tolist() == [[3, 5]] * 2
    ours = encoder.networks[0].encode(torch.from_numpy(pictures))
    assert (ours - F.normalize(theirs, dim=-1)).abs().max() < 1e-4


@pytest.mark.parametrize("kind", SOUNDS)
def test_sounds_are_those_of_the_library(kind: str, checkpoints: dict[str, Path]) -> None:
    from transformers import ASTFeatureExtractor, ClapFeatureExtractor

    encoder = built(checkpoints[kind])
    rate = encoder.provenance["sound_rate"]
    waves = torch.randn(2, rate // 2, generator=torch.Generator().manual_seed(0)) / 10
    waves[1] = torch.sin(torch.arange(rate // 2) / 20)
    model = library(kind, checkpoints[kind])
    family = ClapFeatureExtractor if kind == "clap" else ASTFeatureExtractor
    extractor = family.from_pretrained(checkpoints[kind])
    with torch.no_grad():
        if kind == "clap":
            made = extractor(list(waves.numpy()), sampling_rate=rate, truncation="rand_trunc", return_tensors="pt")
            theirs = model.get_audio_features(**made).pooler_output
        else:
            theirs = model(**extractor(list(waves.numpy()), sampling_rate=rate, return_tensors="pt")).pooler_output
    ours = encoder.networks[0].encode(waves)
    assert (ours - theirs).abs().max() < 1e-4
    assert not torch.allclose(ours[0], ours[1], atol=1e-3)


def test_clap_hears_the_middle_of_a_longer_window_each_time(checkpoints: dict[str, Path]) -> None:
    network = built(checkpoints["clap"]).networks[0]
    waves = torch.rand(2, 3 * 48_000, generator=torch.Generator().manual_seed(1)) - 0.5  # it takes one second
    ours = network.encode(waves)
    assert torch.equal(ours, network.encode(waves))
    assert torch.allclose(ours, network.encode(waves[:, 48_000:96_000]), atol=1e-5)


def test_random_weights_see_frames_as_their_folder_says(checkpoints: dict[str, Path]) -> None:
    drawn = build_encoder(str(checkpoints["metaclip_2"]), WeightsChoice(seed=0), device=CPU)
    assert drawn.provenance["image"] == built(checkpoints["metaclip_2"]).provenance["image"] == "squeezed"


@pytest.mark.parametrize("kind", WORDS)
def test_texts_are_those_of_the_library(kind: str, checkpoints: dict[str, Path]) -> None:
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    encoder = built(checkpoints[kind]).text
    assert encoder is not None
    # For these two, the library would take no other vocabulary than the published one.
    family = PreTrainedTokenizerFast if kind in ("siglip2", "videoprism") else AutoTokenizer
    tokenizer = family.from_pretrained(checkpoints[kind], local_files_only=True)
    whole = {"padding": "max_length", "max_length": encoder.max_tokens} if kind == "siglip2" else {"padding": True}
    tokens = tokenizer(TEXTS, return_tensors="pt", **whole)
    masked = {} if kind == "siglip2" else {"attention_mask": tokens["attention_mask"]}
    with torch.no_grad():
        model = library(kind, checkpoints[kind])
        theirs = model.get_text_features(input_ids=tokens["input_ids"], **masked).pooler_output
    ours = class_vectors(encoder, TEXTS)
    assert (ours - F.normalize(theirs, dim=-1)).abs().max() < 1e-4
    assert (ours[0] - ours[1]).abs().max() > 1e-3


@pytest.mark.parametrize("kind", ["videomae", "vjepa2", "dinov3_vit"])
def test_another_layer_and_pooling(kind: str, checkpoints: dict[str, Path]) -> None:
    encoder = built(checkpoints[kind], look=Look(layer=-2, pooling="mean"))
    clips = frames(4, channels_first=kind in VIDEOS)
    model = library(kind, checkpoints[kind])
    pixels = normalized(clips if kind in VIDEOS else clips.permute(0, 3, 1, 2), kind)
    with torch.no_grad():
        states = model(pixels, output_hidden_states=True).hidden_states
    skipped = 3 if kind == "dinov3_vit" else 0  # its first token, and two registers
    assert (encoder.networks[0].encode(clips) - states[-2][:, skipped:].mean(dim=1)).abs().max() < 1e-4
    assert (encoder.provenance["layer"], encoder.provenance["pooling"]) == (-2, "mean")


@pytest.mark.parametrize(
    ("kind", "look", "message"),
    [
        ("videomae", Look(frames=8), "is 8; expected 4, which it was built for"),
        ("xclip", Look(layer=-2), "is not for this encoder"),
        ("dinov2", Look(layer=9), "has 2 layers; expected -3 to 2"),
        ("videomae", Look(layer=-4), "has 2 layers; expected -3 to 2"),
        ("vit", Look(frames=4), "--take frames: is not for this encoder"),
        ("audio-spectrogram-transformer", Look(frames=4), "--take frames: is not for this encoder"),
    ],
)
def test_looks_that_cannot_be_had(kind: str, look: Look, message: str, checkpoints: dict[str, Path]) -> None:
    with pytest.raises(InputError) as caught:
        built(checkpoints[kind], look=look)  # before anything is encoded, or said in a manifest
    assert message in caught.value.line(shell=True)


def test_looks_are_read_from_words() -> None:
    assert Look.parse(["layer=-2", "pooling=mean"]) == Look(layer=-2, pooling="mean")
    assert Look.parse([]) is None
    for bad in ("layer=x", "pooling=max", "layers=1", "frames=0"):
        with pytest.raises(InputError):
            Look.parse([bad])


@pytest.mark.parametrize("kind", ["videomae", "dinov2", "clap", "audio-spectrogram-transformer"])
def test_nothing_that_a_folder_names_is_followed(kind: str, checkpoints: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / kind
    shutil.copytree(checkpoints[kind], folder)
    (folder / "evil.py").write_text("raise SystemExit('ran')\n")
    config = json.loads((folder / "config.json").read_text())
    code = {"auto_map": {"AutoModel": "evil.Any", "AutoConfig": "evil.Any"}, "attn_implementation": "some/kernels"}
    (folder / "config.json").write_text(json.dumps({**config, **code, "quantization_config": {"quant_method": "x"}}))
    prepared = json.loads((folder / "preprocessor_config.json").read_text())
    more = {"auto_map": {"AutoImageProcessor": "evil.Any", "AutoFeatureExtractor": "evil.Any"}}
    (folder / "preprocessor_config.json").write_text(json.dumps({**prepared, **more}))
    assert built(folder).weights_sha256 == built(checkpoints[kind]).weights_sha256
    (folder / "config.json").write_text(json.dumps({**config, "hidden_act": "evil.Any"}))
    if "hidden_act" in config:
        with pytest.raises(InputError, match=r"hidden_act: is 'evil.Any'"):
            built(folder)


def test_every_family_is_tried_here() -> None:
    assert set(FAMILIES) == {*CONFIGS, "clip", "siglip"}
