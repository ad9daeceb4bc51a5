from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from weaktal.encoders.diet import Kind
from weaktal.encoders.i3d import DIM, I3D, load_i3d, random_i3d, same_padding
from weaktal.encoders.networks import I3DNetwork
from weaktal.errors import InputError


@pytest.fixture(scope="module")
def rgb() -> I3D:
    return random_i3d(0, channels=3)


def clips(channels: int) -> torch.Tensor:
    """Numbers from a formula, so that no random generator's history can change them."""
    steps = torch.arange(channels * 16 * 224 * 224, dtype=torch.float64)
    return torch.sin(steps * 0.37).reshape(1, channels, 16, 224, 224).float()


def tensorflow_output_size(size: int, stride: int) -> int:
    return (size + stride - 1) // stride


@pytest.mark.parametrize("kernel", [1, 2, 3, 7])
@pytest.mark.parametrize("stride", [1, 2])
def test_same_padding_gives_tensorflow_sizes_and_puts_the_odd_element_last(kernel: int, stride: int) -> None:
    for size in range(1, 40):
        before, after = same_padding(size, kernel, stride)
        assert 0 <= after - before <= 1
        assert (size + before + after - kernel) // stride + 1 == tensorflow_output_size(size, stride)


# Channels 0, 1, 511 and 1023, mean and standard deviation of `random_i3d(seed, channels)(clips(channels))`, printed
# when docs/evidence/agreement.md's comparison with the public implementation found no difference.
GOLDEN = {
    (3, 0): [2.8908, 2.152238, 1.383297, 0.0, 0.848054, 1.158654],
    (2, 1): [0.217356, 0.326176, 0.346072, 2.38706, 0.833095, 1.104111],
}


@pytest.mark.parametrize(("channels", "seed"), [(3, 0), (2, 1)])
def test_golden_features(channels: int, seed: int) -> None:
    with torch.inference_mode():
        features = random_i3d(seed, channels=channels)(clips(channels))
    assert features.shape == (1, DIM)
    row = features[0]
    found = [*row[[0, 1, 511, 1023]].tolist(), row.mean().item(), row.std().item()]
    assert found == pytest.approx(GOLDEN[channels, seed], rel=1e-4, abs=1e-5)


def test_one_position_for_sixteen_frames_of_224(rgb: I3D) -> None:
    with torch.inference_mode():
        assert rgb.pooled(clips(3)).shape == (1, DIM, 1, 1, 1)
        assert rgb.classify(clips(3)).shape == (1, 400)


def test_gradients_reach_the_input(rgb: I3D) -> None:
    x = clips(3).requires_grad_()
    rgb(x).sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0


@pytest.mark.parametrize("layout", ["zip", "legacy", "safetensors"])
def test_loads_published_key_names(tmp_path: Path, rgb: I3D, layout: str) -> None:
    state = {k: v.contiguous() for k, v in rgb.state_dict().items() if not k.endswith("num_batches_tracked")}
    path = tmp_path / ("rgb.safetensors" if layout == "safetensors" else "rgb.pt")
    if layout == "safetensors":
        save_file(state, path)
    else:
        torch.save(state, path, _use_new_zipfile_serialization=layout == "zip")
    loaded = load_i3d(path, channels=3)
    assert not loaded.training
    for key, value in state.items():
        assert torch.equal(loaded.state_dict()[key], value), key


def published(rgb: I3D) -> dict[str, torch.Tensor]:
    return dict(rgb.state_dict())


def without(state: dict[str, torch.Tensor], key: str) -> dict[str, torch.Tensor]:
    return {k: v for k, v in state.items() if k != key}


BAD_STATES = {
    "missing": (
        lambda s: without(s, "Mixed_4c.b2b.bn.running_var"),
        "lacks Mixed_4c.b2b.bn.running_var",
    ),
    "unknown": (lambda s: {**s, "extra.weight": torch.zeros(1)}, "has unknown extra.weight"),
    "shape": (lambda s: {**s, "Mixed_5c.b0.bn.weight": torch.zeros(7)}, "Mixed_5c.b0.bn.weight: has shape (7,)"),
    "stream": (
        lambda s: {**s, "Conv3d_1a_7x7.conv3d.weight": torch.zeros(64, 2, 7, 7, 7)},
        "takes 2 channels (optical flow); expected 3 channels (RGB)",
    ),
    "nested": (lambda s: {"state_dict": s}, "holds the entries 'state_dict'"),
    "another network": (lambda s: {"conv1.weight": torch.zeros(1)}, "lacks Conv3d_1a_7x7.bn.bias"),
}


@pytest.mark.parametrize("case", BAD_STATES)
def test_wrong_weights_are_named(tmp_path: Path, rgb: I3D, case: str) -> None:
    damage, message = BAD_STATES[case]
    path = tmp_path / "w.pt"
    torch.save(damage(published(rgb)), path)
    with pytest.raises(InputError) as caught:
        load_i3d(path, channels=3)
    assert message in caught.value.line()
    assert str(path) in caught.value.line()


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("exploded"),)


def test_code_in_a_weights_file_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"Conv3d_1a_7x7.conv3d.weight": Bomb()}, tmp_path / "w.pt")
    with pytest.raises(InputError, match="not a weights file"):
        load_i3d(tmp_path / "w.pt", channels=3)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize(("name", "content"), [("w.pt", b""), ("w.pt", b"no weights"), ("w.safetensors", b"\x01\x02")])
def test_damaged_files_are_one_line(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_i3d(tmp_path / name, channels=3)
    assert "\n" not in caught.value.line()
    assert "not a weights file" in caught.value.line()


def test_a_truncated_file_is_refused(tmp_path: Path, rgb: I3D) -> None:
    whole = tmp_path / "whole.pt"
    torch.save(published(rgb), whole)
    cut = tmp_path / "cut.pt"
    cut.write_bytes(whole.read_bytes()[:1_000_000])
    with pytest.raises(InputError, match="not a weights file"):
        load_i3d(cut, channels=3)
    with pytest.raises(InputError, match="no such file"):
        load_i3d(tmp_path / "absent.pt", channels=3)


def test_equal_seeds_give_equal_weights(rgb: I3D) -> None:
    again, other = random_i3d(0, channels=3), random_i3d(1, channels=3)
    key = "Mixed_4d.b1b.conv3d.weight"
    assert torch.equal(again.state_dict()[key], rgb.state_dict()[key])
    assert not torch.equal(other.state_dict()[key], rgb.state_dict()[key])


def two_crops(channels: int, kind: Kind, size: int = 224) -> tuple[torch.Tensor, torch.Tensor]:
    """A clip and its mirror image (1, 2, C, T, S, S): as extraction hands them over, and as the network sees them."""
    clip = clips(channels)[0, ..., :size, :size]
    if kind == "rgb":
        clip = ((clip + 1) * 127.5).round()
    crops = torch.stack([clip, clip.flip(-1)])[None]
    return (crops.to(torch.uint8), crops / 127.5 - 1) if kind == "rgb" else (crops, crops)


@pytest.mark.parametrize(("channels", "kind"), [(3, "rgb"), (2, "flow")])
def test_crops_are_averaged(channels: int, kind: Kind) -> None:
    """The network as the extraction runs it: channels last, bytes or flow in, ten crops to one row."""
    given, seen = two_crops(channels, kind)
    with torch.inference_mode():
        expected = random_i3d(0, channels=channels)(seen[0]).mean(dim=0, keepdim=True)
    found = I3DNetwork(random_i3d(0, channels=channels), kind, device=torch.device("cpu")).encode(given)
    assert torch.allclose(found, expected, rtol=1e-3, atol=1e-3)


class Stem(I3D):
    """The first convolution alone: CPUs without instructions for bfloat16 take minutes over the whole network."""

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        return self.Conv3d_1a_7x7(clips).mean(dim=(2, 3, 4)).repeat(1, DIM // 64)  # type: ignore[operator]


@pytest.mark.parametrize(("channels", "kind"), [(3, "rgb"), (2, "flow")])
@pytest.mark.parametrize("whole", [False, True])
def test_bfloat16_is_close(channels: int, kind: Kind, whole: bool) -> None:
    if whole and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        pytest.skip("this CPU has no instructions for bfloat16 and takes minutes")
    given, seen = two_crops(channels, kind, 224 if whole else 32)
    model = random_i3d(0, channels=channels)
    if not whole:
        model.__class__ = Stem
    with torch.inference_mode():
        expected = model(seen[0]).mean(dim=0, keepdim=True)
    rounded = I3DNetwork(model, kind, device=torch.device("cpu"), precision="bf16").encode(given)
    assert rounded.dtype == torch.float32
    assert torch.nn.functional.cosine_similarity(rounded, expected).item() > 0.999
    assert not torch.allclose(rounded, expected, rtol=1e-6, atol=1e-7)
