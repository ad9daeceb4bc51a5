"""Fixtures that several test folders share."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from weaktal.data.annotations import Annotations, Video, read_annotations, write_annotations
from weaktal.data.manifest import Manifest, write_manifest
from weaktal.segments import Segment

pytest_plugins = ["tests.checkpoints"]

# The same examples in every CI run: a change is judged by what it changes. Elsewhere each run tries new ones.
# How long an example takes says more of the machine than of the code.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("elsewhere", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "elsewhere")

# A shell that starts the tests in the background has them ignore Ctrl-C, and so would every process that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The command line's last net would hide from a test where an unforeseen error arose.
os.environ["WEAKTAL_DEBUG"] = "1"

TEST_DATA = Path(os.environ.get("WEAKTAL_TEST_DATA") or "../shared/data")


@pytest.fixture(scope="session")
def shared_data(pytestconfig: pytest.Config) -> Path:
    """Real data, which is not part of the checkout: where $WEAKTAL_TEST_DATA says, or in ../shared/data beside it."""
    folder = pytestconfig.rootpath / TEST_DATA
    if not folder.is_dir():
        pytest.skip(f"needs real data: there is no {TEST_DATA}, and $WEAKTAL_TEST_DATA names no other folder")
    return folder


def make_dataset(folder: Path, *, train: int = 10, test: int = 6, dim: int = 16, seed: int = 0) -> Path:
    """A dataset of noise in which each class, while it happens, shifts a channel of its own.

    Classes "jump", "run" and "throw"; two streams of half the channels; one snippet a second, 10 to 20 of them a video.
    """
    random = np.random.default_rng(seed)
    classes = ("jump", "run", "throw")
    features = folder / "features" / "i3d"
    features.mkdir(parents=True)
    videos = {}
    for index in range(train + test):
        name = f"video_{index:02d}"
        length = int(random.integers(10, 21))
        rows = random.normal(size=(length, dim)).astype(np.float32)
        segments = []
        for label in random.choice(3, size=int(random.integers(1, 3)), replace=False):
            start = int(random.integers(0, length - 4))
            rows[start : start + 4, label] += 4.0
            segments.append(Segment(float(start), float(start + 4), classes[label]))
        np.save(features / f"{name}.npy", rows)
        videos[name] = Video(
            name=name,
            subset="training" if index < train else "validation",
            duration=float(length),
            labels=tuple(sorted({segment.label for segment in segments})),
            segments=tuple(segments),
        )
    streams = {"rgb": (0, dim // 2), "flow": (dim // 2, dim)}
    write_manifest(features, Manifest(encoder="noise", fps=1.0, window=1, stride=1, dim=dim, streams=streams))
    write_annotations(folder / "annotations.json", Annotations(classes=classes, videos=videos, version="tiny"))
    return folder


@pytest.fixture(scope="session")
def tiny_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What :func:`make_dataset` makes; tests that change it make their own."""
    return make_dataset(tmp_path_factory.mktemp("tiny") / "dataset")


def add_vlp_features(dataset: Path, name: str = "scene", dim: int = 8) -> None:
    """A branch that sees each class, and sees it too early and for too long, at half the rate of the other features."""
    annotations = read_annotations(dataset)
    random = np.random.default_rng(0)
    text = random.normal(size=(len(annotations.classes), dim)).astype(np.float32)
    folder = dataset / "features" / name
    folder.mkdir()
    for video in annotations.videos.values():
        rows = 0.5 * random.normal(size=(int(video.duration / 2) + 1, dim))
        for segment in video.segments:
            first, last = int(segment.start / 2) - 1, int(segment.end / 2) + 1
            rows[max(first, 0) : last + 1] += text[annotations.classes.index(segment.label)]
        np.save(folder / f"{video.name}.npy", rows.astype(np.float32))
    np.save(folder / "text.npy", text)
    write_manifest(folder, Manifest(encoder="scene", fps=1.0, window=2, stride=2, dim=dim, text="text.npy"))


@pytest.fixture(scope="session")
def scene_dataset(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Path) -> Path:
    """The tiny dataset with vision-language features "scene"; tests that change it make their own copy."""
    folder = tmp_path_factory.mktemp("scene") / "dataset"
    shutil.copytree(tiny_dataset, folder)
    add_vlp_features(folder)
    return folder


PACKAGE_VIDEOS = ["video_validation_0000001", "video_validation_0000002", "video_test_0000001"]


def objects(values: list[object]) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


@pytest.fixture
def npy_package(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    folder.mkdir()
    np.save(folder / "videoname.npy", np.array(PACKAGE_VIDEOS, dtype="S"))
    np.save(folder / "subset.npy", np.array(["validation", "validation", "test"], dtype="S"))
    np.save(folder / "duration.npy", np.array([[64.0], [32.0], [16.0]]))
    np.save(folder / "classlist.npy", np.array(["Diving", "HighJump"], dtype="S"))
    np.save(folder / "labels_all.npy", objects([["Diving"], ["HighJump", "Diving"], ["HighJump"]]))
    np.save(folder / "labels.npy", objects([["Diving", "Diving"], ["HighJump", "Diving"], ["HighJump"]]))
    np.save(
        folder / "segments.npy",
        objects([[[1.0, 2.5], [60.0, 65.0]], [[0, 4], [5.0, 5.0]], [[3.25, 9.5]]]),
    )
    (folder / "Ambiguous_test.txt").write_text("video_test_0000001  0.5 2\nvideo_test_9999999 1.0 2.0\n")
    return folder


@pytest.fixture
def joint() -> Callable[[Path, int], list[np.ndarray]]:
    def write(folder: Path, dim: int = 2048) -> list[np.ndarray]:
        rng = np.random.default_rng(0)
        arrays = [rng.standard_normal((t, dim)).astype(np.float32) for t in (99, 50, 25)]
        np.save(folder / "Thumos14reduced-I3D-JOINTFeatures.npy", objects(list(arrays)))
        return arrays

    return write
