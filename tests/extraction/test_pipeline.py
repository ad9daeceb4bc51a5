from __future__ import annotations

import threading
import time
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from weaktal.encoders.i3d import random_i3d
from weaktal.encoders.networks import I3DNetwork, SnippetEncoder
from weaktal.extraction.pipeline import Done, Failed, Job, Pipeline, Sampling
from weaktal.timeline import SnippetGrid


def write_video(path: Path, frames: int, width: int = 64, height: int = 48) -> Path:
    """A video at 25 frames a second whose frame i is about as bright as 20 + 4 i."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for i in range(frames):
            image = np.full((height, width, 3), (20 + 4 * i) % 236, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return path


class Brightness:
    """A network whose features are easy to foresee."""

    def __init__(self, kind: str, dim: int = 2) -> None:
        self.kind = kind
        self.dim = dim
        self.batches: list[int] = []

    def encode(self, clips: torch.Tensor) -> torch.Tensor:
        self.batches.append(len(clips))
        return clips.float().flatten(1).mean(dim=1, keepdim=True).expand(-1, self.dim)


def encoder(*kinds: str) -> SnippetEncoder:
    return SnippetEncoder("test", tuple(Brightness(kind) for kind in kinds))  # type: ignore[arg-type]


def no_motion(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.zeros((*first.shape, 2), dtype=np.float32)


@pytest.fixture
def videos(tmp_path: Path) -> list[Path]:
    return [write_video(tmp_path / f"v{count}.mp4", count) for count in (40, 5, 33)]


SAMPLING = Sampling(fps=25.0, window=16, stride=8)


def test_every_video_gets_its_rows_in_order(videos: list[Path]) -> None:
    pipeline = Pipeline([encoder("rgb", "flow"), encoder("image")], SAMPLING, flow=no_motion, workers=2)
    seen: list[int] = []
    results = list(pipeline.run([Job(video, (0, 1)) for video in videos], seen.append))
    assert [result.job.path for result in results] == videos
    assert sum(seen) == 40 + 5 + 33
    for result, frames in zip(results, (40, 5, 33), strict=True):
        assert isinstance(result, Done)
        count = SnippetGrid(fps=25.0, window=16, stride=8).count(frames / 25.0)
        both, images = result.features
        assert both.shape == (count, 4)
        assert images.shape == (count, 2)
        assert result.frames == frames
        # Brightness rises with time: so must the rows. Compression moves it by a few levels.
        middles = [min(8 * i + 8, frames - 1) for i in range(count)]
        assert images[:, 0] == pytest.approx([20 + 4 * m for m in middles], abs=4)
        clips = [np.mean([20 + 4 * min(8 * i + k, frames - 1) for k in range(16)]) for i in range(count)]
        assert both[:, 0] == pytest.approx(clips, abs=4)
        assert (both[:, 2:] == 0).all()


def test_only_wanted_encoders_work(videos: list[Path]) -> None:
    pipeline = Pipeline([encoder("rgb"), encoder("image")], SAMPLING)
    (result,) = pipeline.run([Job(videos[0], (1,))])
    assert isinstance(result, Done)
    assert [rows.shape for rows in result.features] == [(4, 2)]


def test_batches_hold_no_more_than_asked_and_change_nothing(videos: list[Path]) -> None:
    outcomes = []
    for batch in (1, 3):
        network = Brightness("rgb")
        pipeline = Pipeline([SnippetEncoder("test", (network,))], SAMPLING, batch=batch)  # type: ignore[arg-type]
        outcomes.append([r.features[0] for r in pipeline.run([Job(v, (0,)) for v in videos]) if isinstance(r, Done)])
        assert max(network.batches) == batch
    for one, three in zip(*outcomes, strict=True):
        assert np.array_equal(one, three)


def test_a_broken_video_among_others(videos: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video at all")
    pipeline = Pipeline([encoder("rgb")], SAMPLING)
    results = list(pipeline.run([Job(path, (0,)) for path in (videos[0], broken, videos[1])]))
    assert [type(result) for result in results] == [Done, Failed, Done]
    assert isinstance(results[1], Failed)
    assert str(broken) in results[1].error.line()


def test_i3d_through_the_pipeline_equals_i3d_on_the_clip(tmp_path: Path) -> None:
    """The whole way, from the file to the row, against the steps done by hand."""
    from weaktal.encoders.frames import center, channels_first, resize
    from weaktal.video.decoding import VideoFrames

    path = write_video(tmp_path / "v.mp4", 16)
    model = random_i3d(0, channels=3)
    network = I3DNetwork(model, "rgb", device=torch.device("cpu"))
    (result,) = Pipeline([SnippetEncoder("i3d-rgb", (network,))], Sampling()).run([Job(path, (0,))])
    assert isinstance(result, Done)
    decoded = np.stack([frame.image for frame in VideoFrames(path, fps=25.0)])
    clip = center(resize(channels_first(decoded), (256, 341)), 224).permute(1, 0, 2, 3)[None]
    with torch.inference_mode():
        expected = random_i3d(0, channels=3)(clip / 127.5 - 1)
    assert result.features[0] == pytest.approx(expected.numpy(), rel=1e-3, abs=1e-3)


def test_stopping_early_ends_the_threads(videos: list[Path]) -> None:
    before = threading.active_count()
    run = Pipeline([encoder("rgb")], SAMPLING).run([Job(videos[0], (0,))] * 50)
    next(run)
    run.close()
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert threading.active_count() == before
