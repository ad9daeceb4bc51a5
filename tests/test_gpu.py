"""On a real GPU: the same numbers as on the CPU, and how fast. Skipped where there is none.

    pytest -m gpu -s

prints the figures: pairs of optical flow a second; clips a second of I3D and CLIP, and what share of the card's peak
that is, which is measured by a large matrix product in bfloat16; and how long some updates of training take.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from weaktal.devices import Habits, Precision, habits
from weaktal.encoders.clip import random_clip
from weaktal.encoders.i3d import random_i3d
from weaktal.encoders.networks import I3DNetwork, ImageNetwork, Network
from weaktal.engine.checkpoint import load_tensors
from weaktal.engine.logs import read_losses
from weaktal.runs.localize import localize
from weaktal.runs.train import train
from weaktal.video.flow import flow_method

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU"),
]
GPU = "cuda"


def rate(work: Callable[[], Any], units: int, *, seconds: float = 3.0) -> float:
    """Units a second, after one round that is not counted."""
    work()
    _wait()
    start, rounds = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        work()
        rounds += 1
        _wait()
    return units * rounds / (time.perf_counter() - start)


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


@pytest.fixture(scope="module")
def card() -> Habits:
    return habits(GPU)


@pytest.fixture(scope="module")
def peak() -> float:
    """Multiplications and additions a second of a matrix product in bfloat16."""
    size = 8192 if torch.cuda.is_available() else 512
    a, b = (torch.randn(size, size, device=GPU, dtype=torch.bfloat16) for _ in range(2))
    return rate(lambda: a @ b, 2 * size**3)


def moving(frames: int, height: int = 256, width: int = 340) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Smooth noise that moves by three pixels to the right and two down a frame."""
    noise = torch.rand(1, 1, height // 8, width // 8, generator=torch.Generator().manual_seed(0))
    picture = (torch.nn.functional.interpolate(noise, (height, width), mode="bicubic") * 255).clamp(0, 255)[0, 0]
    return np.stack([picture.roll((2 * step, 3 * step), (0, 1)).byte().numpy() for step in range(frames)])


def test_flow_is_that_of_the_cpu_and_fast(card: Habits, capsys: pytest.CaptureFixture[str]) -> None:
    frames = moving(65)
    there = flow_method("tvl1", GPU)
    found, expected = there(frames[:2], frames[1:3]), flow_method("tvl1", "cpu")(frames[:2], frames[1:3])
    assert np.median(np.linalg.norm(found - expected, axis=-1)) < 0.01
    pairs = rate(lambda: there(frames[:-1], frames[1:]), len(frames) - 1)
    with capsys.disabled():
        print(f"\n{card.model}: TV-L1 {pairs:.0f} pairs of 340x256 a second (goal 500)")


def i3d(device: str, precision: Precision) -> tuple[Network, Tensor]:
    network = I3DNetwork(random_i3d(0, channels=3), "rgb", device=torch.device(device), precision=precision)
    shape = (8, 1, 3, 16, 224, 224)
    return network, torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def clip(device: str, precision: Precision) -> tuple[Network, Tensor]:
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    network = ImageNetwork(random_clip(0).to(torch.device(device), dtype))
    shape = (64, 224, 224, 3)
    return network, torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


@pytest.mark.parametrize("build", [i3d, clip])
def test_features_are_those_of_the_cpu_and_fast(
    build: Callable[[str, Precision], tuple[Network, Tensor]],
    card: Habits,
    peak: float,
    capsys: pytest.CaptureFixture[str],
) -> None:
    here, clips = build("cpu", "fp32")
    expected = here.encode(clips[:2])
    exact, _ = build(GPU, "fp32")
    # TF32, which cuDNN's convolutions use, keeps 10 bits.
    torch.testing.assert_close(exact.encode(clips[:2]), expected, rtol=1e-2, atol=1e-2 * float(expected.std()))
    fast, _ = build(GPU, card.precision)
    found = fast.encode(clips[:2])
    assert torch.nn.functional.cosine_similarity(found, expected).min() > 0.999
    with FlopCounterMode(display=False) as counter:
        here.encode(clips[:1])
    clips_a_second = rate(lambda: fast.encode(clips), len(clips))
    share = clips_a_second * counter.get_total_flops() / peak
    with capsys.disabled():
        print(
            f"\n{card.model}: {build.__name__} {clips_a_second:.0f} clips a second in {card.precision}, "
            f"{share:.0%} of the {peak / 1e12:.0f} TFLOP/s of a matrix product"
        )


def test_training_goes_as_on_the_cpu(
    tiny_dataset: Path, tmp_path: Path, card: Habits, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ["schedule.epochs=1", "schedule.updates_per_epoch=30", "model.width=64", "model.dropout=0"]
    words: dict[str, Any] = {"method": "mil", "features": "i3d", "overrides": [*settings, "engine.log_every=1"]}
    runs = {}
    for device in ("cpu", GPU):
        start = time.perf_counter()
        runs[device] = train(tiny_dataset, run=tmp_path / device, device=device, **words)
        seconds = time.perf_counter() - start
    here, there = (
        [float(value) for *_, name, value in read_losses(runs[device].path / "losses.csv") if name == "loss"]
        for device in ("cpu", GPU)
    )
    assert there == pytest.approx(here, rel=1e-2, abs=1e-3)
    weights = {device: load_tensors(run.path / "weights.safetensors") for device, run in runs.items()}
    for name, value in weights["cpu"].items():
        torch.testing.assert_close(weights[GPU][name], value, rtol=1e-2, atol=1e-3)
    # Scored on either, one run finds the same segments.
    found = [localize(runs[GPU], tiny_dataset, device=device) for device in ("cpu", GPU)]
    assert [len(one) for one in found[0].videos.values()] == [len(one) for one in found[1].videos.values()]
    with capsys.disabled():
        print(f"\n{card.model}: 30 updates of mil on the tiny dataset in {seconds:.1f} s")
