from __future__ import annotations

import pytest
import torch

from weaktal.encoders.networks import Small3DNetwork
from weaktal.encoders.world.small3d import DIM, HEIGHT, WIDTH, WINDOW, Small3D, folded

CPU = torch.device("cpu")


def lively(channels: int, classes: int = 3) -> Small3D:
    """Statistics of normalization that are not those of a fresh network."""
    torch.manual_seed(0)
    model = Small3D(channels=channels, classes=classes)
    for module in model.modules():
        if isinstance(module, torch.nn.Conv3d):
            torch.nn.init.kaiming_normal_(module.weight)
        elif isinstance(module, torch.nn.BatchNorm3d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 2.0)
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.uniform_(-0.2, 0.2)
    return model.eval()


@pytest.mark.parametrize("channels", [2, 3])
def test_folding_changes_no_feature(channels: int) -> None:
    model = lively(channels)
    clips = torch.rand(2, channels, WINDOW, HEIGHT, WIDTH) * 2 - 1
    with torch.inference_mode():
        plain = model(clips)
        assert plain.shape == (2, DIM)
        torch.testing.assert_close(folded(model)(clips), plain, rtol=1e-4, atol=1e-5)
    assert not any(isinstance(module, torch.nn.BatchNorm3d) for module in model.modules())


def test_the_network_reads_bytes_as_values_from_minus_one_to_one() -> None:
    model = lively(3)
    clips = torch.randint(0, 256, (2, 1, 3, WINDOW, HEIGHT, WIDTH), dtype=torch.uint8)
    with torch.inference_mode():
        expected = model(clips[:, 0].float() / 127.5 - 1)
    torch.testing.assert_close(Small3DNetwork(model, "rgb", device=CPU).encode(clips), expected, rtol=1e-4, atol=1e-5)


def test_clips_of_a_batch_do_not_touch_each_other() -> None:
    network = Small3DNetwork(lively(2), "flow", device=CPU)
    clips = torch.rand(3, 1, 2, WINDOW, HEIGHT, WIDTH) - 0.5
    alone = torch.cat([network.encode(clip[None]) for clip in clips])
    torch.testing.assert_close(network.encode(clips), alone, rtol=1e-4, atol=1e-5)


def test_the_order_of_frames_matters() -> None:
    model = lively(3)
    clip = torch.rand(1, 3, 1, HEIGHT, WIDTH) * torch.linspace(0, 1, WINDOW)[:, None, None]  # a picture fades in
    with torch.inference_mode():
        assert not torch.allclose(model(clip), model(clip.flip(2)), atol=1e-3)
