"""MMSD as the classification-based side of the collaboration: the same warm-up, the same scores, both steps."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.training import train
from torch import Tensor

from weaktal.config import load_settings
from weaktal.data.annotations import read_tags
from weaktal.data.features import Features
from weaktal.engine.batch import Batch, VideoSet
from weaktal.engine.checkpoint import load_tensors, load_weights
from weaktal.errors import InputError
from weaktal.files import sha256
from weaktal.losses.distillation import confident_distillation
from weaktal.losses.pseudo_labels import hard_labels
from weaktal.methods.base import Inputs, OtherFeatures
from weaktal.methods.collab import build
from weaktal.methods.collab.labels import stored_labels
from weaktal.methods.collab.settings import CollabConfig
from weaktal.methods.collab.turns import Collaboration
from weaktal.methods.mmsd import MutualDistillation
from weaktal.runs.folder import RunFolder
from weaktal.runs.trained import load_method

ENGINE = ["engine.tensorboard=false", "engine.log_every=1", "engine.checkpoint_every=3"]
MMSD = [
    "model.channels=8",
    "optimizer.batch_size=3",
    "optimizer.lr=0.01",
    "schedule.epochs=2",
    "schedule.vote_every=1",
    "voting.reliable=0.05",
    "voting.margin=0.05",
    "voting.threshold=0.5",
]
SMALL = Path(__file__).with_name("small_collab.yaml")
COLLAB = [
    "cbp=mmsd",
    *(f"mmsd.{setting}" for setting in MMSD),
    "optimizer.max_snippets=1000",
    "schedule.rounds=1",
    "schedule.steps=[background, foreground]",
]
PHASES = ["warm-up-teaching", "warm-up-voting-1", "background-1", "foreground-1"]


def trained(dataset: Path, folder: Path, *overrides: str, resume: bool = False) -> RunFolder:
    return train(
        dataset,
        method="collab",
        features="i3d",
        vlp_features="scene",
        run=folder,
        config=SMALL,
        overrides=[*COLLAB, *overrides],
        resume=resume,
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, scene_dataset: Path) -> RunFolder:
    return trained(scene_dataset, tmp_path_factory.mktemp("finished") / "run")


def weights_after(run: RunFolder, index: int) -> Path:
    return run.phase(index, PHASES[index]) / "weights.safetensors"


def videos_of(dataset: Path, subset: str) -> VideoSet:
    tags = read_tags(dataset)
    members = list(tags.subset(subset).values())
    return VideoSet(members, tags.classes, Features.open(dataset, "i3d"), {"vlp": Features.open(dataset, "scene")})


def test_after_the_warm_up_it_is_method_mmsd_to_the_bit(
    finished: RunFolder, scene_dataset: Path, tmp_path: Path
) -> None:
    alone = train(scene_dataset, method="mmsd", features="i3d", run=tmp_path / "run", overrides=[*ENGINE, *MMSD])
    expected = load_tensors(alone.weights)
    found = load_tensors(weights_after(finished, 1))
    for key, value in expected.items():
        assert torch.equal(found[f"cbp.{key}"], value), key

    method, _, _ = load_method(alone)
    both, _, _ = load_method(finished)
    load_weights(both.module, weights_after(finished, 1))
    for network in (method.module, both.module):
        network.eval()
    with torch.no_grad():
        for batch in videos_of(scene_dataset, "validation").whole(4):
            for branch in (None, "cbp"):
                for ours, theirs in zip(both.localize(batch, branch), method.localize(batch, None), strict=True):
                    assert torch.equal(ours, theirs)


def test_each_step_moves_one_side_and_keeps_every_bit_of_the_other(finished: RunFolder) -> None:
    assert sorted(path.name for path in (finished.path / "phases").iterdir()) == [
        f"{number:02d}-{name}" for number, name in enumerate(PHASES, start=1)
    ]
    after = [load_tensors(weights_after(finished, index)) for index in range(len(PHASES))]
    for learner, (before, now) in zip(["cbp", "vlp", "cbp"], pairwise(after), strict=True):
        assert {key.split(".")[0] for key in now if not torch.equal(before[key], now[key])} == {learner}
    # The F step reaches all of MMSD, foreground centers included.
    moved = [key for key in after[3] if key.startswith("cbp.") and not torch.equal(after[2][key], after[3][key])]
    assert len(moved) == sum(key.startswith("cbp.") for key in after[3])


def test_it_labels_by_the_scores_that_localize(finished: RunFolder, scene_dataset: Path) -> None:
    method, settings, _ = load_method(finished)
    assert isinstance(settings, CollabConfig)
    load_weights(method.module, weights_after(finished, 1))
    method.module.eval()
    stored = load_tensors(finished.phase(2, PHASES[2]) / "state.safetensors")
    thresholds = settings.labels.background
    for batch in videos_of(scene_dataset, "training").whole(1):
        with torch.no_grad():
            scores, _ = method.localize(batch, "cbp")
        expected = hard_labels(scores, batch.labels, batch.mask, low=thresholds.low, high=thresholds.high)[0]
        assert torch.equal(stored[f"labels/{batch.videos[0]}"], expected)


def test_losses_of_the_foreground_step_are_means_over_videos(scene_dataset: Path) -> None:
    method = small_method(scene_dataset)
    method.module.eval()
    videos = videos_of(scene_dataset, "training")
    state = method.labels_of_vlp(videos, {})
    batch = next(videos.whole(10))
    whole = method.foreground_losses(batch, state)
    assert set(whole) == {"kd", "contrast", "classification", "attention", "distillation"}
    pieces = [(len(piece) / 10, method.foreground_losses(piece, state)) for piece in batch.split(3)]
    for name, part in whole.items():
        torch.testing.assert_close(sum(share * found[name] for share, found in pieces), part)
    halved = small_method(scene_dataset, "losses.classification=0.5")
    halved.module.load_state_dict(method.module.state_dict())
    halved.module.eval()
    parts = halved.foreground_losses(batch, state)
    torch.testing.assert_close(parts["classification"], 0.5 * whole["classification"])
    torch.testing.assert_close(parts["kd"], whole["kd"])
    assert isinstance(method.cbp, MutualDistillation)
    alone = method.cbp.losses(batch, {})  # a sum over the videos of an update
    torch.testing.assert_close(3 * whole["classification"], alone["classification"])
    without = small_method(scene_dataset, "losses.classification=0")
    assert set(without.foreground_losses(batch, state)) == {"kd", "contrast"}


def test_the_foreground_step_makes_it_agree_with_its_teacher(scene_dataset: Path, tmp_path: Path) -> None:
    settings = ["schedule.steps=[foreground]", "schedule.foreground=25", "mmsd.model.dropout=0"]
    settings += ["labels.foreground.low=0.2", "labels.foreground.high=0.6"]
    run = trained(scene_dataset, tmp_path / "run", *settings)
    names = [*PHASES[:2], "foreground-1"]
    state = load_tensors(run.phase(2, "foreground-1") / "state.safetensors")
    method, _, _ = load_method(run)
    assert isinstance(method, Collaboration)
    divergence = []
    for index in (1, 2):
        load_weights(method.module, run.phase(index, names[index]) / "weights.safetensors")
        method.module.eval()
        batch = next(videos_of(scene_dataset, "training").whole(10))
        with torch.no_grad():
            logits = method.cbp.snippets(batch).logits
        divergence.append(confident_distillation(logits, stored_labels(batch, state)).mean().item())
    assert divergence[1] < 0.6 * divergence[0]


class Stopped(Exception):
    """Stands for a kill."""


@pytest.mark.parametrize(
    ("owner", "name", "left"),
    [
        (MutualDistillation, "losses", 5),  # voting, which goes on with the optimizer of teaching
        (Collaboration, "background_losses", 0),
        (Collaboration, "foreground_losses", 2),
    ],
)
def test_stopped_inside_any_phase_and_resumed_equals_never_stopped(
    finished: RunFolder,
    scene_dataset: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: type,
    name: str,
    left: int,
) -> None:
    original: Callable[..., dict[str, Tensor]] = getattr(owner, name)

    def stopping(self: object, batch: Batch, state: dict[str, Tensor]) -> dict[str, Tensor]:
        nonlocal left
        if left == 0:
            raise Stopped
        left -= 1
        return original(self, batch, state)

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, stopping)
        with pytest.raises(Stopped):
            trained(scene_dataset, tmp_path / "stopped")
    resumed = trained(scene_dataset, tmp_path / "stopped", resume=True)
    assert sha256(resumed.weights) == sha256(finished.weights)
    assert resumed.losses.read_bytes() == finished.losses.read_bytes()


def small_method(dataset: Path, *overrides: str) -> Collaboration:
    torch.manual_seed(0)
    streams = {"rgb": (0, 8), "flow": (8, 16)}
    text = np.load(dataset / "features/scene/text.npy")
    config = load_settings(CollabConfig, SMALL, [*COLLAB, *overrides])
    return build(
        config,
        Inputs(dim=16, classes=("jump", "run", "throw"), streams=streams, others={"vlp": OtherFeatures(8, text)}),
    )


@pytest.mark.parametrize(("epochs", "count"), [(1, 1), (2, 2), (5, 5)])
def test_phases_of_its_own_schedule(scene_dataset: Path, epochs: int, count: int) -> None:
    phases = small_method(scene_dataset, f"mmsd.schedule.epochs={epochs}").phases()
    assert [phase.name for phase in phases][count:] == PHASES[2:]
    assert all(phase.trains == ["cbp"] for phase in phases[:count])
    assert phases[0].name == ("warm-up" if count == 1 else "warm-up-teaching")


def test_features_without_two_modalities_are_refused(scene_dataset: Path) -> None:
    config = load_settings(CollabConfig, SMALL, COLLAB)
    with pytest.raises(InputError, match="no stream named rgb or flow"):
        build(config, Inputs(dim=16, classes=("jump", "run"), others={"vlp": OtherFeatures(8)}))


def test_mixtures_that_are_none_are_refused() -> None:
    with pytest.raises(InputError, match="sum 1"):
        load_settings(CollabConfig, overrides=["mmsd.mix=[0.5, 0.5, 0.5]"])
