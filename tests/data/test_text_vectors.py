"""Class vectors beside vision-language features: read, and refused where they do not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from weaktal.data.features import Features
from weaktal.data.manifest import Manifest, write_manifest
from weaktal.data.text_vectors import read_text_vectors
from weaktal.errors import InputError

CLASSES = ("jump", "run", "throw")
GOOD = np.arange(1, 13, dtype=np.float32).reshape(3, 4)


def opened(dataset: Path, text: str | None = "text.npy") -> Features:
    for name in ("clip", "other"):
        folder = dataset / "features" / name
        folder.mkdir(parents=True, exist_ok=True)
        write_manifest(folder, Manifest(encoder="none", fps=1.0, window=1, stride=1, dim=4, text=text))
    return Features.open(dataset, "clip")


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_reads_them(tmp_path: Path, dtype: type) -> None:
    features = opened(tmp_path)
    np.save(tmp_path / "features/clip/text.npy", GOOD.astype(dtype))
    vectors = read_text_vectors(features, CLASSES)
    assert vectors is not None
    assert vectors.dtype == np.float32
    assert np.array_equal(vectors, GOOD)


def test_none_where_there_are_none(tmp_path: Path) -> None:
    assert read_text_vectors(opened(tmp_path, text=None), CLASSES) is None
    opened(tmp_path)
    assert read_text_vectors(Features.open(tmp_path, "a=clip,b=other"), CLASSES) is None


def _with(row: int, value: float) -> np.ndarray:
    changed = GOOD.copy()
    changed[row] = value
    return changed


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file"),
        (GOOD[:2], r"has shape \(2, 4\); expected \(3, 4\)"),
        (GOOD[:, :3], r"has shape \(3, 3\); expected \(3, 4\)"),
        (GOOD[0], r"has shape \(4,\)"),
        (GOOD.astype(np.int64), "dtype"),
        (_with(1, np.nan), "row 1: holds NaN"),
        (_with(2, np.inf), "row 2: holds NaN"),
        (_with(0, 0.0), "row 0: holds only zeros"),
        (np.array([{"a": 1}], dtype=object), "not a feature file|dtype|shape"),
    ],
)
def test_refuses_what_does_not_fit(tmp_path: Path, content: np.ndarray | None, words: str) -> None:
    features = opened(tmp_path)
    if content is not None:
        np.save(tmp_path / "features/clip/text.npy", content, allow_pickle=True)
    with pytest.raises(InputError, match=words) as caught:
        read_text_vectors(features, CLASSES)
    assert "text.npy" in caught.value.line()


@pytest.mark.parametrize(
    ("made_for", "words"),
    [
        (
            ("run", "jump", "throw"),
            "was made for the classes in another order; expected the dataset's classes: extract",
        ),
        (("jump", "ride", "throw"), "was made for class 'ride'"),
        (("jump", "run"), "was made for 2 of the 3 classes"),
    ],
)
def test_refuses_those_of_other_classes(tmp_path: Path, made_for: tuple[str, ...], words: str) -> None:
    opened(tmp_path)
    folder = tmp_path / "features" / "clip"
    np.save(folder / "text.npy", GOOD)
    grid = {"encoder": "none", "fps": 1.0, "window": 1, "stride": 1, "dim": 4, "text": "text.npy"}
    write_manifest(folder, Manifest.model_validate({**grid, "text_classes": made_for}))
    with pytest.raises(InputError, match=words):
        read_text_vectors(Features.open(tmp_path, "clip"), CLASSES)
    write_manifest(folder, Manifest.model_validate({**grid, "text_classes": CLASSES}))
    assert read_text_vectors(Features.open(tmp_path, "clip"), CLASSES) is not None
