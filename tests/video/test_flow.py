from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
import torch

from weaktal.errors import InputError
from weaktal.video.flow import METHODS, flow_between, flow_method, i3d_input, to_gray
from weaktal.video.flow.median import Median5x5, median_on_cpu
from weaktal.video.flow.tvl1 import TVL1, TVL1Settings, tvl1_flow

HEIGHT, WIDTH = 90, 121


def texture(seed=0, height=HEIGHT, width=WIDTH):
    """Smooth noise at several scales, levels 0 to 255."""
    generator = np.random.default_rng(seed)
    coarse = [generator.random((height // size + 2, width // size + 2)) for size in (4, 8, 16, 32)]
    layers = [cv2.resize(layer, (width, height), interpolation=cv2.INTER_CUBIC) for layer in coarse]
    total = np.sum(layers, axis=0)
    return (255 * (total - total.min()) / np.ptp(total)).astype(np.float32)


def pair(flow, seed=0):
    """Two images between which ``flow`` (H, W, 2) is the exact motion."""
    second = texture(seed)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    first = cv2.remap(second, x + flow[..., 0], y + flow[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return [np.clip(np.rint(image), 0, 255).astype(np.uint8) for image in (first, second)]


def field(kind):
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    x, y = x - WIDTH / 2, y - HEIGHT / 2
    u, v = {
        "translation": (x * 0 + 3.3, x * 0 - 2.1),
        "rotation": (-0.05 * y, 0.05 * x),
        "zoom": (0.04 * x, 0.04 * y),
        "shear": (0.06 * y, x * 0),
    }[kind]
    return np.stack([u, v], axis=-1)


def endpoint_error(flow, truth):
    return np.linalg.norm(flow - truth, axis=-1)


@pytest.mark.parametrize("kind", ["translation", "rotation", "zoom", "shear"])
@pytest.mark.parametrize(("method", "tolerance"), [("tvl1", 0.05), ("opencv-tvl1", 0.05), ("dis", 0.2)])
def test_known_motion(kind, method, tolerance):
    truth = field(kind)
    first, second = pair(truth)
    flow = flow_method(method)(first[None], second[None])
    assert flow.shape == (1, HEIGHT, WIDTH, 2)
    assert flow.dtype == np.float32
    # The border sees what comes in from outside, which nothing can match.
    error = endpoint_error(flow[0], truth)[8:-8, 8:-8]
    assert np.median(error) < tolerance
    assert np.percentile(error, 95) < 5 * tolerance


def test_moving_square_keeps_its_edge():
    truth = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    truth[30:60, 40:80] = (4, 2)
    first, second = pair(truth)
    flow = flow_method("tvl1")(first[None], second[None])[0]
    assert np.abs(flow[36:54, 46:74] - (4, 2)).max() < 0.3
    assert np.abs(flow[10:24]).max() < 0.1


@pytest.mark.parametrize("kind", ["translation", "rotation", "zoom"])
def test_agrees_with_opencv(kind):
    first, second = (image[None] for image in pair(field(kind), seed=1))
    difference = endpoint_error(flow_method("tvl1")(first, second), flow_method("opencv-tvl1")(first, second))
    assert np.median(difference) < 0.05


def test_agrees_with_opencv_on_real_frames(shared_data):
    from weaktal.video.decoding import ExactSize, VideoFrames

    video = VideoFrames(shared_data / "videos" / "tennis26.mp4", size=ExactSize(170, 128))
    frames = [to_gray(frame.image) for frame in itertools.islice(video, 100, 103)]
    ours = np.stack(list(flow_between(frames, flow_method("tvl1"))))
    reference = np.stack(list(flow_between(frames, flow_method("opencv-tvl1"))))
    assert np.median(endpoint_error(ours, reference)) < 0.1


def test_as_near_to_the_truth_as_opencv_where_there_is_little_texture(shared_data):
    """On this frame, most of it flat, a pyramid without a low-pass filter is 1.2 times as far from the truth."""
    from weaktal.video.decoding import ExactSize, VideoFrames

    video = VideoFrames(shared_data / "videos" / "tennis26.mp4", size=ExactSize(340, 256))
    second = to_gray(next(itertools.islice(video, 160, None)).image)
    y, x = np.mgrid[:256, :340].astype(np.float32)
    truth = 0.04 * np.stack([x - 170, y - 128], axis=-1)
    first = cv2.remap(second, x + truth[..., 0], y + truth[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    ours, opencvs = (
        endpoint_error(flow_method(method)(first[None], second[None])[0], truth).mean()
        for method in ("tvl1", "opencv-tvl1")
    )
    assert ours < 1.1 * opencvs


@pytest.mark.parametrize("method", METHODS)
def test_no_motion_is_zero_flow(method):
    image = texture().astype(np.uint8)[None]
    assert np.abs(flow_method(method)(image, image)).max() < 1e-4


@pytest.mark.parametrize("method", METHODS)
def test_flat_images_are_finite(method):
    image = np.full((1, HEIGHT, WIDTH), 128, np.uint8)
    assert np.abs(flow_method(method)(image, image + 10)).max() < 1e-4


def test_batch_equals_single():
    """Although each pair needs another number of iterations."""
    still = texture(3).astype(np.uint8)
    pairs = [pair(field("rotation")), (still, still), pair(field("translation"), seed=1)]
    first, second = (np.stack([p[i] for p in pairs]) for i in (0, 1))
    together = TVL1(TVL1Settings(), "cpu", pairs_at_once=3)(first, second)
    side_by_side = TVL1(TVL1Settings(), "cpu", pairs_at_once=1, workers=2)(first, second)
    for i in range(3):
        alone = TVL1(TVL1Settings(), "cpu", pairs_at_once=1)(first[i : i + 1], second[i : i + 1])
        np.testing.assert_allclose(together[i], alone[0], atol=1e-4)
        np.testing.assert_array_equal(side_by_side[i], alone[0])


@pytest.mark.parametrize("method", METHODS)
def test_same_input_gives_same_bits(method):
    first, second = (image[None] for image in pair(field("rotation")))
    compute = flow_method(method)
    before = compute(first, second)
    compute(second, first)  # nothing is remembered from pair to pair
    np.testing.assert_array_equal(compute(first, second), before)


def test_more_iterations_go_to_opencvs_converged_solution():
    """With many iterations both solve the same problem: the difference shrinks."""
    first, second = (image[None] for image in pair(field("rotation"), seed=2))
    algorithm = cv2.optflow.DualTVL1OpticalFlow_create(epsilon=1e-5, scaleStep=0.5, nscales=4, outerIterations=5)
    reference = algorithm.calc(first[0], second[0], None)
    few, many = (
        endpoint_error(TVL1(settings, "cpu", 1)(first, second)[0], reference)[8:-8, 8:-8].mean()
        for settings in (TVL1Settings(), TVL1Settings(iterations=150, most_iterations=150))
    )
    assert many < 0.5 * few


@pytest.mark.parametrize("shape", [(3, 3), (17, 90), (33, 64)])
def test_small_and_narrow_images(shape):
    images = torch.rand(2, *shape) * 255
    flow = tvl1_flow(images, images.flip(0))
    assert flow.shape == (2, 2, *shape)
    assert torch.isfinite(flow).all()


@pytest.mark.parametrize("shapes", [((1, 8, 8), (1, 8, 9)), ((8, 8), (8, 8)), ((1, 2, 8), (1, 2, 8))])
def test_wrong_shapes(shapes):
    with pytest.raises(ValueError, match="wanted"):
        tvl1_flow(*(torch.zeros(shape) for shape in shapes))


@pytest.mark.parametrize("shape", [(1, 1, 5, 5), (2, 2, 23, 34), (1, 3, 3, 40)])
def test_median_is_opencvs(shape):
    images = torch.from_numpy(np.random.default_rng(0).normal(size=shape).astype(np.float32))
    wanted = np.stack([[cv2.medianBlur(plane, 5) for plane in image] for image in images.numpy()])
    median = Median5x5()
    for _ in range(2):  # the second time with used buffers
        result = images.clone()
        median(result)
        np.testing.assert_array_equal(result.numpy(), wanted)
    result = images.clone().transpose(2, 3)  # not contiguous
    median_on_cpu(result)
    np.testing.assert_array_equal(result.transpose(2, 3).numpy(), wanted)


def test_median_of_a_matrix_sorted_both_ways_lies_on_three_diagonals():
    """The zero-one principle: what holds for all 252 matrices of zeros and ones holds for all numbers."""
    count = 0
    for zeros in itertools.product(range(6), repeat=5):
        if any(upper < lower for upper, lower in itertools.pairwise(zeros)):
            continue
        count += 1
        matrix = np.array([[0] * n + [1] * (5 - n) for n in zeros])
        diagonal = [[matrix[r, k - r] for r in range(5) if 0 <= k - r < 5] for k in (3, 4, 5)]
        three = max(diagonal[0]), np.median(diagonal[1]), min(diagonal[2])
        assert np.median(three) == np.median(matrix)
    assert count == 252


@pytest.mark.parametrize("batch", [1, 2, 3, 10])
def test_flow_between_pairs_each_frame_with_the_next(batch):
    def difference(first, second):
        assert len(first) <= batch
        return np.stack([second - first] * 2, axis=-1).astype(np.float32)

    frames = [np.full((2, 3), level, np.uint8) for level in (1, 2, 4, 7, 11, 16)]
    flows = list(flow_between(iter(frames), difference, batch=batch))
    assert [flow[0, 0, 0] for flow in flows] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("count", [0, 1])
def test_flow_needs_two_frames(count):
    assert list(flow_between([np.zeros((8, 8), np.uint8)] * count, flow_method("tvl1"))) == []


def test_i3d_input():
    flow = np.array([-50, -20, -5, 0, 10, 20.5], np.float32)
    np.testing.assert_allclose(i3d_input(flow), [-1, -1, -0.25, 0, 0.5, 1])


def test_gray_is_bt601_luma():
    image = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]]], np.uint8)
    assert to_gray(image).tolist() == [[76, 150, 29, 9]]


def test_unknown_method():
    with pytest.raises(InputError, match="tvl1, opencv-tvl1, dis"):
        flow_method("raft")
