"""The test bed of ordered parts, and the measurement of whether a network sees time (benchmarks/)."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from weaktal.data.annotations import Annotations, read_annotations
from weaktal.data.features import Features
from weaktal.engine.batch import VideoSet
from weaktal.methods.base import Inputs
from weaktal.methods.mil import build
from weaktal.methods.mil_config import ConvolutionConfig, MilConfig

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
LABELS = {"a": 9, "b": 8, "c": 4, "d": 3}  # clips of each


@pytest.fixture(scope="module")
def scripts() -> dict[str, ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        return {name: importlib.import_module(name) for name in ("order_bed", "sees_time")}


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory, scripts: dict[str, ModuleType]) -> Path:
    """A bed whose features say what they show: column 0 the label, column 1 the clip."""
    folder = tmp_path_factory.mktemp("order")
    clips, rows = [], []
    for place, (label, count) in enumerate(LABELS.items()):
        for number in range(count):
            clips.append({"id": f"{label}{number}", "label": label, "seconds": 4.0, "snippets": 2, "offset": len(rows)})
            rows += [[place, len(clips), *np.random.default_rng(len(rows)).normal(size=6)]] * 2
    (folder / "clips").mkdir()
    streams = {"rgb": [0, 4], "flow": [4, 8]}
    (folder / "clips" / "clips.json").write_text(json.dumps({"streams": streams, "clips": clips}), encoding="utf-8")
    np.save(folder / "clips" / "features.npy", np.array(rows, np.float32))
    _, classes = scripts["order_bed"].make(
        folder / "clips", folder / "bed", seed=3, pairs=1, part=(2, 3), train=12, test=6
    )
    assert classes == ["a, then b", "b, then a", "a, then a"]
    return folder / "bed"


def opened(bed: Path) -> tuple[Annotations, Features]:
    return read_annotations(bed), Features.open(bed, "i3d")


def test_every_event_shows_its_two_parts_in_order(bed: Path) -> None:
    truth, features = opened(bed)
    events = [(video, segment) for video in truth.videos.values() for segment in video.segments]
    assert len(events) > 20
    inside: dict[str, np.ndarray] = {}
    for video, segment in events:
        first, last = (round(time / features.grid.seconds_per_snippet) for time in (segment.start, segment.end))
        shown = features.read(video.name, first, last)[:, 0].astype(int)
        x, y = segment.label.split(", then ")
        runs = [shown[0], *shown[1:][np.diff(shown) != 0]]
        assert runs == [list(LABELS).index(part) for part in ([x] if x == y else [x, y])]
        assert 4 <= len(shown) <= 6
        inside.setdefault(video.name, np.zeros(features.length(video.name), bool))[first:last] = True
        around = features.read(video.name)[[first - 1, last], 0]
        assert (around >= 2).all()  # no part lies beside an event
    lone = [features.read(name)[~own, 0] for name, own in inside.items()]
    assert (np.concatenate(lone) < 2).any()  # parts that belong to no event


def test_no_clip_is_in_both_subsets(bed: Path) -> None:
    truth, features = opened(bed)
    shown = [
        {int(clip) for name in truth.subset(subset) for clip in features.read(name)[:, 1]}
        for subset in ("training", "validation")
    ]
    assert shown[0]
    assert shown[1]
    assert not shown[0] & shown[1]


def test_class_vectors_say_nothing_about_order(bed: Path) -> None:
    text = np.load(bed / "features" / "vlp" / "text.npy")
    np.testing.assert_allclose(np.linalg.norm(text, axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(text[0], text[1])
    assert np.abs(text[0] - text[2]).max() > 1e-3


def test_what_is_trained_in_memory_is_the_same_every_time(bed: Path, scripts: dict[str, ModuleType]) -> None:
    truth, features = opened(bed)
    videos = VideoSet(list(truth.subset("training").values()), truth.classes, features)
    words = "cbp model.width=8 model.levels=2 schedule.epochs=1 schedule.updates_per_epoch=2"
    first, second, other = (
        scripts["sees_time"].train(words, videos, seed)[0].module.state_dict() for seed in (0, 0, 1)
    )
    assert all(torch.equal(values, second[name]) for name, values in first.items())
    assert not all(torch.equal(values, other[name]) for name, values in first.items())


@pytest.mark.parametrize("kernel", [1, 3])
def test_a_network_of_single_snippets_sees_no_time(bed: Path, scripts: dict[str, ModuleType], kernel: int) -> None:
    truth, features = opened(bed)
    torch.manual_seed(0)
    config = MilConfig(model=ConvolutionConfig(width=8, kernel=kernel))
    method = build(config, Inputs(dim=8, classes=truth.classes))
    videos = VideoSet(list(truth.subset("validation").values()), truth.classes, features)
    row = scripts["sees_time"].measure(method, None, videos, truth, config.decode, 2)
    if kernel == 1:
        assert [row.shuffled, row.alone] == pytest.approx([row.order] * 2, abs=1)
        assert min(row.r_shuffled, row.r_alone) > 0.999999
    else:
        assert max(row.r_shuffled, row.r_alone) < 0.99
