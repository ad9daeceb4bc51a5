"""Stored scores: what is written is read, and damaged files are named."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from weaktal.data.scores import StoredScores, read_scores, writing_scores
from weaktal.errors import InputError
from weaktal.timeline import SnippetGrid

GRID = SnippetGrid(fps=25.0, window=16, stride=8)
NAMES = ["b", "a", "Größe 走 🏃", "__metadata__", "x/y"]


def example(path: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    random = np.random.default_rng(0)
    scores = {
        name: (random.random((3 + i, 2), dtype=np.float32), random.random(2, dtype=np.float32))
        for i, name in enumerate(NAMES)
    }
    with writing_scores(path, ["run", "jump"], GRID, {"run": "r1", "branch": "cbp"}) as writer:
        for index, (name, (snippets, video)) in enumerate(scores.items()):
            writer.add(name, 1.5 + index, snippets, video)
    return scores


def test_what_is_written_is_read_in_order(tmp_path: Path) -> None:
    scores = example(tmp_path / "s.safetensors")
    stored = read_scores(tmp_path / "s.safetensors")
    assert (stored.classes, stored.grid, stored.origin) == (("run", "jump"), GRID, {"run": "r1", "branch": "cbp"})
    assert dict(stored.durations) == {name: 1.5 + i for i, name in enumerate(NAMES)}
    assert [video.name for video in stored] == NAMES
    assert len(stored) == len(NAMES)
    for video in stored:
        np.testing.assert_array_equal(video.snippets, scores[video.name][0])
        np.testing.assert_array_equal(video.video, scores[video.name][1])
        np.testing.assert_array_equal(stored.read(video.name).snippets, video.snippets)
    assert [path.name for path in tmp_path.iterdir()] == ["s.safetensors"]


def test_file_is_plain_safetensors(tmp_path: Path) -> None:
    scores = example(tmp_path / "s.safetensors")
    tensors = load_file(tmp_path / "s.safetensors")
    assert set(tensors) == {f"{kind}/{name}" for kind in ("snippets", "video") for name in NAMES}
    np.testing.assert_array_equal(tensors["snippets/a"], scores["a"][0])


def test_nothing_is_left_of_a_write_that_fails(tmp_path: Path) -> None:
    def write() -> None:
        with writing_scores(tmp_path / "s.safetensors", ["run"], GRID) as writer:
            writer.add("a", 1.0, np.ones((2, 1), np.float32), np.ones(1, np.float32))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("snippets", "video", "match"),
    [
        (np.ones((2, 3)), np.ones(2), "shapes"),
        (np.ones((0, 2)), np.ones(2), "shapes"),
        (np.ones((2, 2)), np.ones((1, 2)), "shapes"),
        (np.full((2, 2), np.nan), np.ones(2), "NaN"),
    ],
)
def test_wrong_scores_are_not_written(tmp_path: Path, snippets: np.ndarray, video: np.ndarray, match: str) -> None:
    def write() -> None:
        with writing_scores(tmp_path / "s.safetensors", ["run", "jump"], GRID) as writer:
            writer.add("a", 1.0, snippets.astype(np.float32), video.astype(np.float32))

    with pytest.raises(ValueError, match=match):
        write()
    assert list(tmp_path.iterdir()) == []


def test_a_video_is_written_once(tmp_path: Path) -> None:
    def write() -> None:
        with writing_scores(tmp_path / "s.safetensors", ["run"], GRID) as writer:
            for _ in range(2):
                writer.add("a", 1.0, np.ones((2, 1), np.float32), np.ones(1, np.float32))

    with pytest.raises(ValueError, match="already"):
        write()


def _read_all(path: Path) -> list[object]:
    return list(read_scores(path))


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999])
def test_a_cut_file_is_named(tmp_path: Path, share: float) -> None:
    path = tmp_path / "s.safetensors"
    example(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError, match=r"s\.safetensors: is not a whole safetensors file"):
        _read_all(path)


def _head(**changes: object) -> dict[str, str]:
    head = {"classes": ["run", "jump"], "grid": {"fps": 25, "window": 16, "stride": 8}, "durations": {"a": 1.0}}
    return {"weaktal": json.dumps({**head, **changes})}


GOOD = {"snippets/a": np.ones((2, 2), np.float32), "video/a": np.ones(2, np.float32)}


@pytest.mark.parametrize(
    ("tensors", "metadata", "match"),
    [
        (GOOD, None, "no 'weaktal' in its metadata"),
        (GOOD, {"weaktal": "{"}, "not valid JSON"),
        (GOOD, _head(grid={"fps": 0, "window": 16, "stride": 8}), "grid.fps: is 0"),
        (GOOD, _head(durations={"a": "long"}), "durations.a"),
        (GOOD, _head(origin={"seed": math.inf}), "origin.seed: is inf; expected numbers that are finite"),
        (GOOD, _head(durations={"a": 1.0, "b": 1.0}), "snippets/b: is missing"),
        ({**GOOD, "video/b": np.ones(2, np.float32)}, _head(), "video/b: belongs to no video"),
        ({**GOOD, "video/a": np.ones(3, np.float32)}, _head(), r"video/a: is float32 of shape \(3,\)"),
        ({**GOOD, "video/a": np.ones(2, np.float64)}, _head(), "video/a: is float64"),
        ({**GOOD, "snippets/a": np.ones((0, 2), np.float32)}, _head(), r"snippets/a: is float32 of shape \(0, 2\)"),
        ({**GOOD, "snippets/a": np.full((2, 2), np.inf, np.float32)}, _head(), "snippets/a: holds NaN or infinity"),
    ],
)
def test_a_wrong_file_is_named(
    tmp_path: Path, tensors: dict[str, np.ndarray], metadata: dict[str, str] | None, match: str
) -> None:
    path = tmp_path / "s.safetensors"
    save_file(tensors, path, metadata)
    with pytest.raises(InputError, match=match):
        _read_all(path)


def test_missing_file_folder_and_video_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_scores(tmp_path / "none")
    with pytest.raises(InputError, match="is a folder"):
        read_scores(tmp_path)
    example(tmp_path / "s.safetensors")
    stored: StoredScores = read_scores(tmp_path / "s.safetensors")
    with pytest.raises(InputError, match="snippets/other: cannot be read"):
        stored.read("other")
