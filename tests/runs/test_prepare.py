"""The way from a video to its features: nothing is read back, decoded twice, or made although the dataset has it."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.extraction.test_folders import write_video

from weaktal.cli import run
from weaktal.extraction.extract import extract
from weaktal.extraction.pipeline import Job, Pipeline

LABELS = {"a": "high jump", "b": "pole vault"}
READ: list[Path] | None = None  # while somebody wants to know


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if (
        READ is not None
        and event == "open"
        and isinstance(arguments[0], str)
        and not (arguments[2] or 0) & os.O_ACCMODE
    ):
        READ.append(Path(arguments[0]))


sys.addaudithook(_note)


@pytest.fixture
def reads() -> Iterator[list[Path]]:
    """The files that Python opens for reading from now on."""
    global READ
    READ = []
    yield READ
    READ = None


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The videos that go through the pipeline from now on."""
    paths: list[Path] = []
    run_jobs = Pipeline.run

    def noting(self: Pipeline, jobs: list[Job], *more: Any) -> Any:
        paths.extend(job.path for job in jobs)
        return run_jobs(self, jobs, *more)

    monkeypatch.setattr(Pipeline, "run", noting)
    return paths


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset with videos and two folders of features, and a run on both of these."""
    root = tmp_path_factory.mktemp("made")
    dataset = root / "dataset"
    for name, frames in zip(LABELS, (80, 64), strict=True):
        write_video(dataset / "videos" / f"{name}.mp4", frames)
    database = {name: {"subset": "training", "duration": 2.0, "labels": [label]} for name, label in LABELS.items()}
    (dataset / "annotations.json").write_text(json.dumps({"database": database}))
    extract(dataset / "videos", encoders=("world-rgb", "world-vlp"), into=dataset, device="cpu")
    words = ["train", dataset, "--method", "mil", "--features", "rgb=world-rgb,flow=world-vlp", "--run", root / "run"]
    settings = ["schedule.epochs=1", "schedule.updates_per_epoch=2", "engine.tensorboard=false", "model.width=8"]
    assert run([*map(str, words), *(word for setting in settings for word in ("--set", setting))]) == 0
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    for name in ("dataset", "run"):
        shutil.copytree(made / name, tmp_path / name)
    said = json.loads((tmp_path / "run" / "run.json").read_text())
    (tmp_path / "run" / "run.json").write_text(json.dumps({**said, "dataset": str(tmp_path / "dataset")}))
    return tmp_path


@pytest.fixture
def localize(root: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[Path], tuple[str, Any]]:
    def call(video: Path) -> tuple[str, Any]:
        capsys.readouterr()
        out = root / "r.json"
        words = ["localize", root / "run", video, "--cache", root / "cache", "--out", out, "--set", "theta_cls=0"]
        assert run(list(map(str, words))) == 0
        return capsys.readouterr().out.splitlines()[0], json.loads(out.read_text())["results"][video.stem]

    return call


Localize = Callable[[Path], tuple[str, Any]]


def test_what_was_just_made_is_not_read_back(
    root: Path, localize: Localize, decoded: list[Path], reads: list[Path]
) -> None:
    video = write_video(root / "new.mp4", 50)
    said, first = localize(video)
    assert said == "features: 1 video extracted, 0 from the cache"
    assert decoded == [video]  # once for both encoders
    assert [path for path in reads if root / "cache" in path.parents] == []
    assert reads.count(video) == 1  # for its hash; FFmpeg opens it by itself
    reads.clear()
    said, again = localize(video)
    assert said == "features: 0 videos extracted, 1 from the cache"
    assert (again, len(decoded)) == (first, 1)
    kept = [path for path in reads if root / "cache" in path.parents]
    assert len(kept) == 7  # what decoding told; header and rows of two files, these first to see if they are finite


def test_without_room_in_memory_features_come_from_the_cache(
    root: Path, localize: Localize, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = write_video(root / "new.mp4", 50)
    _, first = localize(video)
    shutil.rmtree(root / "cache")
    monkeypatch.setattr("weaktal.runs.prepare.HELD", 0)
    assert localize(video) == ("features: 1 video extracted, 0 from the cache", first)


@pytest.mark.parametrize("how", ["the same file", "a link", "a copy under another name"])
def test_features_of_the_dataset_are_used(root: Path, localize: Localize, decoded: list[Path], how: str) -> None:
    own = root / "dataset" / "videos" / "a.mp4"
    other = root / ("a.mp4" if how == "a link" else "copied.mp4")
    if how == "a link":
        other.symlink_to(own)
    else:
        shutil.copy(own, other)
    given = own if how == "the same file" else other
    before = {path: path.stat().st_mtime_ns for path in (root / "dataset").rglob("*")}
    said, found = localize(given)
    assert said == "features: 0 videos extracted, 0 from the cache, 1 from the run's dataset"
    assert decoded == []
    assert {path: path.stat().st_mtime_ns for path in (root / "dataset").rglob("*")} == before
    assert not (root / "cache").exists()
    shutil.move(root / "dataset" / "features", root / "away")
    assert localize(given) == ("features: 1 video extracted, 0 from the cache", found)


def test_what_one_folder_lacks_is_made_and_the_other_used(root: Path, localize: Localize, decoded: list[Path]) -> None:
    own = root / "dataset" / "videos" / "a.mp4"
    _, expected = localize(own)
    (root / "dataset" / "features" / "world-vlp" / "a.npy").unlink()
    assert localize(own) == ("features: 1 video extracted, 0 from the cache", expected)
    assert decoded == [own]
    assert [path.parent.name.rpartition("-")[0] for path in (root / "cache").rglob("*.npy")] == ["world-vlp"]


def change_manifest(folder: Path, **changes: Any) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def rewrite(path: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    np.save(path, change(np.load(path)))


def link_elsewhere(path: Path) -> None:
    path.rename(path.parents[3] / "elsewhere.npy")
    path.symlink_to(path.parents[3] / "elsewhere.npy")


def alter(video: Path) -> None:
    """One other byte, and the times that it had before."""
    content, stat = bytearray(video.read_bytes()), video.stat()
    content[len(content) // 2] ^= 1
    video.write_bytes(content)
    os.utime(video, ns=(stat.st_atime_ns, stat.st_mtime_ns))


FAULTS: dict[str, Callable[[Path], object]] = {
    "another stride": lambda folder: change_manifest(folder, stride=8),
    "other weights": lambda folder: change_manifest(folder, weights_sha256="0" * 64),
    "another encoder": lambda folder: change_manifest(folder, encoder="i3d"),
    "a setting that is not known here": lambda folder: change_manifest(folder, secret=1),
    "no manifest": lambda folder: (folder / "manifest.json").unlink(),
    "a broken manifest": lambda folder: (folder / "manifest.json").write_text("{"),
    "too short": lambda folder: rewrite(folder / "a.npy", lambda rows: rows[:-1]),
    "too narrow": lambda folder: rewrite(folder / "a.npy", lambda rows: rows[:, 1:]),
    "not a number": lambda folder: rewrite(folder / "a.npy", lambda rows: rows * np.nan),
    "cut off": lambda folder: (folder / "a.npy").write_bytes((folder / "a.npy").read_bytes()[:-4]),
    "no file": lambda folder: (folder / "a.npy").unlink(),
    "a link out of the folder": lambda folder: link_elsewhere(folder / "a.npy"),
    "older than the video": lambda folder: os.utime(folder / "a.npy", (1, 1)),
    "no videos": lambda folder: shutil.rmtree(folder.parents[1] / "videos"),
    "another video of the name": lambda folder: write_video(folder.parents[1] / "videos" / "a.mp4", 79),
    "another content of the same size": lambda folder: alter(folder.parents[1] / "videos" / "a.mp4"),
    "no dataset": lambda folder: shutil.rmtree(folder.parents[1]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_features_that_cannot_be_relied_on_are_made(
    root: Path, localize: Localize, decoded: list[Path], fault: str
) -> None:
    video = root / "a.mp4"
    shutil.copy(root / "dataset" / "videos" / "a.mp4", video)
    said, expected = localize(video)
    assert "1 from the run's dataset" in said
    whole = fault in ("no dataset", "no videos", "another content of the same size")
    for name in ("world-rgb",) if whole else ("world-rgb", "world-vlp"):
        FAULTS[fault](root / "dataset" / "features" / name)
    assert localize(video) == ("features: 1 video extracted, 0 from the cache", expected)
    assert decoded == [video]


def test_a_dataset_is_where_the_run_says_and_nowhere_else(
    root: Path, localize: Localize, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = json.loads((root / "run" / "run.json").read_text())
    monkeypatch.chdir(root)
    for dataset in ("dataset", "", "/proc/self/nowhere", "no\0path"):
        (root / "run" / "run.json").write_text(json.dumps({**info, "dataset": dataset}))
        shutil.rmtree(root / "cache", ignore_errors=True)
        assert localize(root / "dataset" / "videos" / "a.mp4")[0] == "features: 1 video extracted, 0 from the cache"
