from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from weaktal.encoders.frames import ImagePreparation, center, channels_first, resize, resized, views

SIZES = [(180, 320), (320, 180), (480, 360), (225, 224), (90, 100), (301, 517)]


def pictures(height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(height * width)
    noise = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    rows, columns = np.mgrid[:height, :width]
    smooth = np.stack([rows * 255 // height, columns * 255 // width, (rows + columns) % 256], axis=-1).astype(np.uint8)
    return np.stack([noise, smooth])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("family", ["clip", "siglip"])
def test_images_equal_those_of_the_reference_processor(size: tuple[int, int], family: str) -> None:
    """At most two of 256 grey levels apart, and hardly ever."""
    reference: object
    if family == "clip":
        module = pytest.importorskip("transformers.models.clip.image_processing_pil_clip")
        reference, ours = module.CLIPImageProcessorPil(), ImagePreparation()
    else:
        module = pytest.importorskip("transformers.models.siglip.image_processing_pil_siglip")
        reference, ours = (
            module.SiglipImageProcessorPil(),
            ImagePreparation(squash=True, mean=(0.5,) * 3, std=(0.5,) * 3),
        )
    frames = pictures(*size)
    originals = list(frames)
    if family == "siglip" and size[0] > size[1]:
        # PIL 13 begins with the height where that is cheaper; older ones, and ours, always begin with the width. On
        # noise this makes up to 17 levels, between versions of PIL as well, so the order is forced here.
        originals = [np.asarray(Image.fromarray(f).resize((224, size[0]), Image.Resampling.BICUBIC)) for f in frames]
    expected = reference(images=originals, return_tensors="pt")["pixel_values"]  # type: ignore[operator]
    found = ours.normalized(ours.pixels(frames))
    assert found.shape == expected.shape == (2, 3, 224, 224)
    levels = (found - expected).abs() * torch.tensor(ours.std)[:, None, None] * 255
    assert levels.max() < 2.01
    assert levels.mean() < 0.03


@pytest.mark.parametrize(
    ("height", "width", "short", "expected"),
    [
        (180, 320, 256, (256, 455)),
        (320, 180, 256, (455, 256)),
        (256, 256, 256, (256, 256)),
        (1080, 1920, 224, (224, 398)),
    ],
)
def test_short_side(height: int, width: int, short: int, expected: tuple[int, int]) -> None:
    assert resized(height, width, short) == expected


def test_resize_leaves_frames_of_the_right_size_alone() -> None:
    frames = channels_first(pictures(20, 30))
    assert resize(frames, (20, 30)) is frames


def test_center_cuts_as_the_reference_does() -> None:
    frames = torch.arange(7 * 8).reshape(1, 1, 7, 8)
    assert center(frames, 4)[0, 0, 0, 0] == frames[0, 0, 1, 2]
    assert center(frames, 4).shape == (1, 1, 4, 4)


def test_ten_crops_are_five_places_and_their_mirror_images() -> None:
    frames = torch.arange(2 * 3 * 6 * 9).reshape(2, 3, 6, 9)
    ten = views(frames, 4, "ten")
    assert ten.shape == (2, 10, 3, 4, 4)
    assert torch.equal(ten[:, :1], views(frames, 4, "center"))
    assert ten[0, 1, 0, 0, 0] == frames[0, 0, 0, 0]
    assert ten[0, 2, 0, 0, -1] == frames[0, 0, 0, -1]
    assert ten[0, 3, 0, -1, 0] == frames[0, 0, -1, 0]
    assert ten[0, 4, 0, -1, -1] == frames[0, 0, -1, -1]
    assert torch.equal(ten[:, 5:], ten[:, :5].flip(-1))


def test_mirroring_turns_horizontal_flow_round() -> None:
    flow = torch.randn(2, 2, 6, 9, generator=torch.Generator().manual_seed(0))
    ten = views(flow, 4, "ten", flow=True)
    assert torch.equal(ten[:, 5:, 0], -ten[:, :5, 0].flip(-1))
    assert torch.equal(ten[:, 5:, 1], ten[:, :5, 1].flip(-1))
