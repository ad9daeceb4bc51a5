"""Training never sees a segment: without them, or with false ones, the weights come out the same."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.training import train

from weaktal.files import sha256

SETTINGS = {
    "mil": ["schedule.epochs=1", "schedule.updates_per_epoch=4", "model.width=16"],
    "cbp": ["schedule.epochs=1", "schedule.updates_per_epoch=4", "model.width=16", "model.heads=2"],
    "mmsd": ["schedule.epochs=2", "schedule.vote_every=1", "model.channels=16"],
}

Change = Callable[[dict[str, Any]], None]


def _delete(video: dict[str, Any]) -> None:
    video["annotations"] = []


def _without_key(video: dict[str, Any]) -> None:
    del video["annotations"]


def _falsify(video: dict[str, Any]) -> None:
    for annotation in video["annotations"]:
        annotation["segment"] = [0.0, video["duration"]]


def _tags_from_false_annotations(video: dict[str, Any]) -> None:
    """No tags of its own: they are the labels of the annotations, whose times are false."""
    del video["labels"]
    _nonsense(video)


def _nonsense(video: dict[str, Any]) -> None:
    for annotation in video["annotations"]:
        annotation["segment"] = "not a segment at all"


def _trained(dataset: Path, run: Path, method: str) -> str:
    settings = [*SETTINGS[method], "optimizer.batch_size=4", "engine.tensorboard=false"]
    return sha256(train(dataset, method=method, features="i3d", run=run, overrides=settings).weights)


@pytest.mark.parametrize("method", SETTINGS)
def test_segments_of_training_videos_change_nothing(tiny_dataset: Path, tmp_path: Path, method: str) -> None:
    reference = _trained(tiny_dataset, tmp_path / "reference", method)
    for change in (_delete, _without_key, _falsify, _nonsense, _tags_from_false_annotations):
        copy = tmp_path / change.__name__
        shutil.copytree(tiny_dataset, copy)
        content = json.loads((copy / "annotations.json").read_text())
        for video in content["database"].values():
            if video["subset"] == "training":
                change(video)
        (copy / "annotations.json").write_text(json.dumps(content))
        assert _trained(copy, tmp_path / f"run{change.__name__}", method) == reference, change.__name__


def test_labels_do_change_the_weights(tiny_dataset: Path, tmp_path: Path) -> None:
    """Without this, the test above could pass on a trainer that looks at nothing."""
    copy = tmp_path / "copy"
    shutil.copytree(tiny_dataset, copy)
    content = json.loads((copy / "annotations.json").read_text())
    video = next(v for v in content["database"].values() if v["subset"] == "training")
    video["labels"] = ["throw"] if video["labels"] != ["throw"] else ["run"]
    video["annotations"] = []
    (copy / "annotations.json").write_text(json.dumps(content))
    assert _trained(copy, tmp_path / "a", "mil") != _trained(tiny_dataset, tmp_path / "b", "mil")
