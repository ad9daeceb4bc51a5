"""A run is resumed on the tags and the features of its start, or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conftest import add_vlp_features, make_dataset

from weaktal.cli import run as command_line
from weaktal.errors import InputError
from weaktal.progress import Progress
from weaktal.runs.resume import resume
from weaktal.runs.train import train

COLLAB: dict[str, Any] = {
    "pyramid": {"width": 16, "heads": 2},
    "vlp": {"heads": 2},
    "optimizer": {"batch_size": 4, "max_snippets": 12},
    "schedule": {"warm_up": 2, "background": 2, "foreground": 2, "updates_per_epoch": 2, "rounds": 1},
    "engine": {"checkpoint_every": 1, "log_every": 1, "tensorboard": False},
}


class Stop(Exception):
    """What stops a training half way."""


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a dataset and a run that stopped after its first checkpoints."""
    root = tmp_path_factory.mktemp("stopped")
    dataset = make_dataset(root / "data", train=5, test=2)
    add_vlp_features(dataset)
    told: list[Progress] = []

    def stop(event: Progress) -> None:
        told.append(event)
        if list((root / "run").glob("checkpoints/0*")):
            raise Stop

    with pytest.raises(Stop):
        train(
            dataset,
            method="collab",
            features="i3d",
            vlp_features="scene",
            run=root / "run",
            settings=COLLAB,
            on_progress=stop,
        )
    return root


@pytest.fixture
def copy(stopped: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(stopped, tmp_path / "copy"))


def annotations(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def applied(dataset: Path) -> None:
        file = dataset / "annotations.json"
        content = json.loads(file.read_text())
        change(content)
        file.write_text(json.dumps(content))

    return applied


def tags(content: dict[str, Any]) -> None:
    video = content["database"]["video_00"]
    video["labels"] = [next(label for label in content["classes"] if label not in video["labels"])]
    video["annotations"] = []


def fewer_videos(content: dict[str, Any]) -> None:
    del content["database"]["video_04"]


def classes(content: dict[str, Any]) -> None:
    content["classes"].reverse()


def motion(dataset: Path) -> None:
    file = dataset / "features" / "i3d" / "video_01.npy"
    np.save(file, -np.load(file))


def words(dataset: Path) -> None:
    file = dataset / "features" / "scene" / "text.npy"
    np.save(file, -np.load(file))


def test_the_same_data_are_resumed_where_they_are_now(copy: Path) -> None:
    done = resume(copy / "run", dataset=copy / "data")
    assert (done.path / "weights.safetensors").is_file()


def test_tags_of_test_videos_may_change(copy: Path) -> None:
    """Training reads none of them."""

    def retag(content: dict[str, Any]) -> None:
        video = content["database"]["video_06"]
        video["labels"], video["annotations"] = content["classes"][:1], []

    annotations(retag)(copy / "data")
    resume(copy / "run", dataset=copy / "data")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (annotations(tags), "was started with other tags, which were changed since"),
        (motion, "was started with other features 'i3d', which were changed since"),
        (words, "was started with other features 'scene', which were changed since"),
        (annotations(classes), "was started with classes"),
        (annotations(fewer_videos), "was started with videos"),
    ],
    ids=["tags", "features", "class vectors", "class list", "videos"],
)
def test_other_data_are_refused_and_the_run_stays(copy: Path, change: Callable[[Path], None], said: str) -> None:
    before = {path: path.read_bytes() for path in (copy / "run").rglob("*") if path.is_file()}
    change(copy / "data")
    with pytest.raises(InputError, match=said) as caught:
        resume(copy / "run", dataset=copy / "data")
    assert "to resume, or a new folder" in str(caught.value)
    assert {path: path.read_bytes() for path in (copy / "run").rglob("*") if path.is_file()} == before


def test_the_shell_is_told_in_one_line(stopped: Path, copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    info = copy / "run" / "run.json"
    info.write_text(info.read_text().replace(str(stopped / "data"), str(copy / "data")))
    annotations(tags)(copy / "data")
    assert command_line(["train", str(copy / "run"), "--resume"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"weaktal: {copy / 'run'}: was started with other tags")
