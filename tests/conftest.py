"""Fixtures that several test folders share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data beside the checkout; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("needs real data in ../shared/data")
    return SHARED


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
