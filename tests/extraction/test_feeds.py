from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from weaktal.encoders.frames import channels_first, resize, views
from weaktal.extraction.feeds import CROP_SIZE, Feed, FlowFeed, ImageFeed, RgbFeed, Workers
from weaktal.timeline import SnippetGrid
from weaktal.video.flow import flow_method, i3d_input, to_gray


def frames(count: int, height: int = 48, width: int = 60) -> list[np.ndarray]:
    rng = np.random.default_rng(count)
    return list(rng.integers(0, 256, (count, height, width, 3), dtype=np.uint8))


def chunked(feed: Feed, given: list[np.ndarray], chunk: int) -> list[torch.Tensor]:
    def clips() -> Iterator[torch.Tensor]:
        for start in range(0, len(given), chunk):
            yield from feed.push(given[start : start + chunk])
        yield from feed.finish()

    return list(clips())


def brightness_change(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """A flow method whose result tells which pair it saw: the first pixel before and after, in pixels."""
    flow = np.empty((*first.shape, 2), dtype=np.float32)
    flow[..., 0] = first[:, :1, :1] / 16.0
    flow[..., 1] = second[:, :1, :1] / 16.0
    return flow


def numbered(count: int) -> list[np.ndarray]:
    """Frames of one gray level each: frame i is 10 * i."""
    return [np.full((40, 50, 3), 10 * i, dtype=np.uint8) for i in range(count)]


@pytest.mark.parametrize("chunk", [1, 3, 16])
@pytest.mark.parametrize("workers", [1, 2, 5])
def test_flow_of_a_frame_leads_to_the_next_and_the_last_repeats(chunk: int, workers: int) -> None:
    feed = FlowFeed(4, 4, "center", brightness_change, Workers(workers))
    clips = chunked(feed, numbered(6), chunk)
    assert [clip.shape for clip in clips] == [(1, 2, 4, CROP_SIZE, CROP_SIZE)] * 2
    found = torch.cat([clip[0, :, :, 0, 0] for clip in clips], dim=1) * 20 * 16  # (2, frames)
    assert found[0].round().tolist() == [0, 10, 20, 30, 40, 40, 40, 40]
    assert found[1].round().tolist() == [10, 20, 30, 40, 50, 50, 50, 50]


def test_motion_beyond_twenty_pixels_is_cut_off() -> None:
    def wild(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        flow = np.full((*first.shape, 2), 50, dtype=np.float32)
        flow[..., 1] = -5
        return flow

    (clip,) = chunked(FlowFeed(4, 4, "center", wild, Workers(1)), numbered(4), 2)
    assert (clip[0, 0] == 1).all()
    assert (clip[0, 1] == -0.25).all()


def test_a_single_frame_does_not_move() -> None:
    (clip,) = chunked(FlowFeed(4, 4, "center", brightness_change, Workers(1)), numbered(1), 2)
    assert clip.shape == (1, 2, 4, CROP_SIZE, CROP_SIZE)
    assert not clip.any()


@pytest.mark.parametrize("chunk", [1, 5, 16])
@pytest.mark.parametrize("crop", ["center", "ten"])
def test_rgb_clips_equal_those_of_the_whole_video(chunk: int, crop: str) -> None:
    given = frames(11)
    clips = chunked(RgbFeed(4, 3, crop), given, chunk)  # type: ignore[arg-type]
    whole = resize(channels_first(np.stack(given)), (256, 320))
    expected_count = SnippetGrid(fps=25.0, window=4, stride=3).count(11 / 25.0)
    assert len(clips) == expected_count == 4
    for i, clip in enumerate(clips):
        rows = [min(3 * i + k, 10) for k in range(4)]
        expected = views(whole[rows], CROP_SIZE, crop)  # type: ignore[arg-type]
        assert torch.equal(clip.permute(2, 0, 1, 3, 4), expected)


@pytest.mark.parametrize("chunk", [1, 7])
def test_images_are_the_middle_frames_as_decoded(chunk: int) -> None:
    given = frames(19)
    images = chunked(ImageFeed(8, 8), given, chunk)
    assert len(images) == SnippetGrid(fps=25.0, window=8, stride=8).count(19 / 25.0)
    for image, index in zip(images, (4, 12, 18), strict=True):  # the third would be frame 20
        assert np.array_equal(image.numpy(), given[index])


def test_feeds_of_no_frames_are_empty() -> None:
    feeds: list[Feed] = [
        RgbFeed(4, 4, "center"),
        ImageFeed(4, 4),
        FlowFeed(4, 4, "center", brightness_change, Workers(1)),
    ]
    for feed in feeds:
        assert list(feed.finish()) == []


@pytest.mark.parametrize("name", ["dis", "tvl1"])
def test_flow_methods_give_each_pair_of_a_chunk_what_they_give_it_alone(name: str) -> None:
    method = flow_method(name)
    given = frames(6)
    clips = chunked(FlowFeed(4, 4, "center", method, Workers(2)), given, 4)
    shrunk = resize(channels_first(np.stack(given)), (256, 320)).permute(0, 2, 3, 1).contiguous().numpy()
    gray = np.stack([to_gray(frame) for frame in shrunk])
    for pair, (clip, frame) in enumerate([(0, 0), (0, 1), (0, 2), (0, 3), (1, 0)]):
        alone = torch.from_numpy(i3d_input(method(gray[pair : pair + 1], gray[pair + 1 : pair + 2])))
        expected = views(alone.permute(0, 3, 1, 2), CROP_SIZE, "center")[0, 0]
        assert torch.allclose(clips[clip][0, :, frame], expected, atol=1e-3)


def test_geometry_squeezes_and_eight_bits_round() -> None:
    (clip,) = chunked(RgbFeed(2, 2, "center", geometry=(340, 256)), frames(2), 2)
    small = resize(channels_first(np.stack(frames(2))), (256, 340), "bilinear")
    assert torch.equal(clip, views(small, CROP_SIZE, "center").permute(1, 2, 0, 3, 4))
    plain, rounded = (
        chunked(FlowFeed(2, 2, "center", brightness_change, Workers(1), eight_bits=bits), numbered(2), 2)[0]
        for bits in (False, True)
    )
    assert 0 < (plain - rounded).abs().max() <= 1 / 255 + 1e-6
    assert torch.allclose((rounded + 1) * 127.5, ((rounded + 1) * 127.5).round(), atol=1e-4)
