"""Worlds are rendered once, and kept ones are used only if they are whole."""

from __future__ import annotations

import io
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from weaktal.data.annotations import read_annotations
from weaktal.demonstration import worlds as demo_world
from weaktal.demonstration.worlds import WorldPlan, copy_of_world
from weaktal.errors import InputError

PLAN = WorldPlan(train=1, test=1, seed=1)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with one world in it."""
    cache = tmp_path_factory.mktemp("cache") / "worlds"
    out = tmp_path_factory.mktemp("out") / "dataset"
    assert not copy_of_world(PLAN, out, cache=cache, workers=1, console=Console(file=io.StringIO()))
    assert sorted(p.stem for p in (out / "videos").iterdir()) == ["test_0000", "train_0000"]
    assert set(read_annotations(out).videos) == {"test_0000", "train_0000"}
    return cache


@pytest.fixture
def cache(rendered: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(rendered, tmp_path / "cache"))


def content(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_kept_world_is_taken(cache: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in cache.rglob("*")}
    assert copy_of_world(PLAN, tmp_path / "dataset", cache=cache, workers=1, console=Console(file=io.StringIO()))
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*")} == before
    (kept,) = cache.iterdir()
    assert content(tmp_path / "dataset") == content(kept / "dataset")


def cut(kept: Path) -> None:
    video = kept / "dataset" / "videos" / "test_0000.mp4"
    video.write_bytes(video.read_bytes()[:-100])


def remove(kept: Path) -> None:
    (kept / "dataset" / "videos" / "train_0000.mp4").unlink()


def forget(kept: Path) -> None:
    (kept / "inventory.json").write_text("{")


@pytest.mark.parametrize(
    ("damage", "said"),
    [(cut, "changed videos/test_0000.mp4"), (remove, "lacks files"), (forget, "not whole")],
)
def test_a_damaged_world_is_made_again(cache: Path, tmp_path: Path, damage: Callable[[Path], None], said: str) -> None:
    (kept,) = cache.iterdir()
    before = content(kept)
    damage(kept)
    stream = io.StringIO()
    assert not copy_of_world(
        PLAN, tmp_path / "dataset", cache=cache, workers=1, console=Console(file=stream, width=300)
    )
    assert said in stream.getvalue()
    assert content(kept) == before  # the same seed gives the same bytes
    assert content(tmp_path / "dataset") == content(kept / "dataset")


def test_two_calls_at_once_make_one_world(rendered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    render, both = demo_world._render, threading.Barrier(2)

    def rendering_together(*arguments: Any) -> None:
        render(*arguments)
        both.wait(600)  # so that neither finds the other's world before it has rendered its own

    monkeypatch.setattr(demo_world, "_render", rendering_together)
    cache = tmp_path / "cache"

    def call(name: str) -> bool:
        return copy_of_world(PLAN, tmp_path / name, cache=cache, workers=1, console=Console(file=io.StringIO()))

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(call, ("one", "two"))) == [False, False]
    (kept,) = cache.iterdir()
    (usual,) = rendered.iterdir()
    assert content(kept) == content(usual)
    assert content(tmp_path / "one") == content(tmp_path / "two") == content(kept / "dataset")


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(InputError, match="cache"):
        copy_of_world(PLAN, tmp_path / "d", cache=tmp_path / "cache", workers=1, console=Console(file=io.StringIO()))
    assert not (tmp_path / "d").exists()
