"""Localizing a dataset with a run: which features are of the kind that the run was trained on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from weaktal.data.annotations import read_tags
from weaktal.data.manifest import read_manifest, write_manifest
from weaktal.errors import InputError
from weaktal.runs.localize import localize
from weaktal.runs.train import train
from weaktal.timeline import SnippetGrid


def on_grid(dataset: Path, into: Path, grid: SnippetGrid) -> Path:
    """The dataset with features that are said to lie on another grid."""
    shutil.copytree(dataset, into)
    manifest = read_manifest(into / "features/i3d")
    assert manifest is not None
    fields = {"fps": grid.fps, "window": grid.window, "stride": grid.stride}
    write_manifest(into / "features/i3d", manifest.model_copy(update=fields))
    return into


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Path) -> Path:
    """A run on snippets of 16 frames that touch, one a second."""
    root = tmp_path_factory.mktemp("trained")
    dataset = on_grid(tiny_dataset, root / "dataset", SnippetGrid(fps=16, window=16, stride=16))
    overrides = ["schedule.epochs=1", "schedule.updates_per_epoch=1", "engine.tensorboard=false", "model.width=8"]
    return train(dataset, method="mil", features="i3d", run=root / "run", overrides=overrides).path


@pytest.mark.parametrize(
    ("grid", "fits"),
    [
        (SnippetGrid(fps=16, window=16, stride=16), True),
        (SnippetGrid(fps=16 / 1.04, window=16, stride=16), True),
        (SnippetGrid(fps=16 / 0.96, window=16, stride=16), True),
        (SnippetGrid(fps=16 / 1.06, window=16, stride=16), False),
        (SnippetGrid(fps=16 / 0.94, window=16, stride=16), False),
        (SnippetGrid(fps=8, window=8, stride=8), True),  # half the frames, the same time
        (SnippetGrid(fps=8, window=16, stride=8), False),  # as far apart, but windows overlap
        (SnippetGrid(fps=16, window=15, stride=16), False),
    ],
)
def test_features_of_another_spacing_or_window_are_refused(
    trained: Path, tiny_dataset: Path, tmp_path: Path, grid: SnippetGrid, fits: bool
) -> None:
    dataset = on_grid(tiny_dataset, tmp_path / "dataset", grid)
    out = tmp_path / "results.json"
    if fits:
        assert len(localize(trained, dataset, out).videos) == 6
        return
    with pytest.raises(InputError, match="as the run was trained on") as caught:
        localize(trained, dataset, out)
    assert caught.value.source == dataset / "features/i3d"
    assert not out.exists()


def test_known_tags_rule_classes_out(trained: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    dataset = on_grid(tiny_dataset, tmp_path / "dataset", SnippetGrid(fps=16, window=16, stride=16))
    tags = {name: set(video.labels) for name, video in read_tags(dataset).videos.items()}
    settings = {"theta_cls": 0.0}  # every class is looked for
    without = localize(trained, dataset, settings=settings)
    known = localize(trained, dataset, settings=settings, tags="known")
    assert any(segment.label not in tags[name] for name, found in without.videos.items() for segment in found)
    for name, found in without.videos.items():
        assert list(known.videos[name]) == [segment for segment in found if segment.label in tags[name]]
    with pytest.raises(InputError, match="tags: is for a dataset, not for videos"):
        localize(trained, [tmp_path / "a.mp4", tmp_path / "b.mp4"], tags="known")
