"""Both branches at once: teachers follow by a moving average, labels are of the moment, resume is exact."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
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
from weaktal.engine.checkpoint import load_tensors
from weaktal.errors import InputError
from weaktal.files import sha256
from weaktal.losses.distillation import confident_distillation
from weaktal.losses.pseudo_labels import hard_labels
from weaktal.methods.base import Inputs, OtherFeatures
from weaktal.methods.collab import build
from weaktal.methods.collab.labels import stored_labels
from weaktal.methods.collab.online import OnlineCollaboration
from weaktal.methods.collab.settings import CollabConfig
from weaktal.runs.folder import RunFolder
from weaktal.runs.trained import load_method

SMALL = Path(__file__).with_name("small_collab.yaml")
SHORT = ["schedule.rounds=3", "schedule.updates_per_epoch=2"]
ONLINE = [*SHORT, "schedule.kind=online", "schedule.online.refresh=2"]
RANKS = ["labels.background.scale=quantile", "labels.background.low=0.5", "labels.background.high=0.8"]
RESTART = [*RANKS, "schedule.restart=true"]
PHASES = ["warm-up", "online-1", "online-2"]


def trained(dataset: Path, folder: Path, *overrides: str, resume: bool = False) -> RunFolder:
    return train(
        dataset,
        method="collab",
        features="i3d",
        vlp_features="scene",
        run=folder,
        config=SMALL,
        overrides=overrides,
        resume=resume,
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, scene_dataset: Path) -> RunFolder:
    return trained(scene_dataset, tmp_path_factory.mktemp("online") / "run", *ONLINE, *RANKS)


def weights_after(run: RunFolder, index: int) -> dict[str, Tensor]:
    return load_tensors(run.phase(index, PHASES[index]) / "weights.safetensors")


def small_method(dataset: Path, *overrides: str) -> OnlineCollaboration:
    torch.manual_seed(0)
    text = np.load(dataset / "features/scene/text.npy")
    config = load_settings(CollabConfig, SMALL, [*ONLINE, *overrides])
    method = build(config, Inputs(dim=16, classes=("jump", "run", "throw"), others={"vlp": OtherFeatures(8, text)}))
    assert isinstance(method, OnlineCollaboration)
    return method


def videos_of(dataset: Path) -> VideoSet:
    tags = read_tags(dataset)
    members = list(tags.subset("training").values())
    return VideoSet(members, tags.classes, Features.open(dataset, "i3d"), {"vlp": Features.open(dataset, "scene")})


def scatter(method: OnlineCollaboration) -> None:
    """Other weights for every part, so that students and teachers differ."""
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in method.module.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))


def test_the_warm_up_is_that_of_the_alternation_and_teachers_begin_there(
    finished: RunFolder, scene_dataset: Path, tmp_path: Path
) -> None:
    turns = trained(scene_dataset, tmp_path / "run", *SHORT, "schedule.rounds=0")
    before, after = load_tensors(turns.weights), weights_after(finished, 0)
    for name, value in before.items():
        assert torch.equal(after[name], value), name
        branch, _, rest = name.partition(".")
        assert torch.equal(after[f"{branch}_teacher.{rest}"], value), name


def test_every_part_moves_in_every_stretch(finished: RunFolder) -> None:
    for before, now in ((weights_after(finished, index), weights_after(finished, index + 1)) for index in (0, 1)):
        moved = {name.split(".")[0] for name in now if not torch.equal(before[name], now[name])}
        assert moved == {"cbp", "vlp", "cbp_teacher", "vlp_teacher"}


def test_teachers_follow_by_their_decay(scene_dataset: Path, tmp_path: Path) -> None:
    one = ["schedule.updates_per_epoch=1", "schedule.rounds=1", "schedule.online.decay=0.75"]
    run = trained(scene_dataset, tmp_path / "run", *ONLINE, *one)
    start, end = weights_after(run, 0), weights_after(run, 1)
    for name, value in end.items():
        branch, _, rest = name.partition(".")
        if branch.endswith("_teacher"):
            student = end[f"{branch.removesuffix('_teacher')}.{rest}"]
            torch.testing.assert_close(value, 0.75 * start[name] + 0.25 * student)


def test_losses_are_those_of_the_steps_on_labels_of_the_teachers(scene_dataset: Path) -> None:
    method = small_method(scene_dataset, "labels.background.low=0.4", "labels.background.high=0.6")
    scatter(method)
    method.module.eval()
    batch = next(videos_of(scene_dataset).whole(10))
    parts = method.online_losses(batch, method.class_vectors())
    assert set(parts) == {"vlp_kd", "vlp_contrast", "cbp_kd", "cbp_contrast", "cbp_cls"}
    by_cbp, _ = method.cbp_teacher.localize(batch, None)
    labels = hard_labels(by_cbp, batch.labels, batch.mask, low=0.4, high=0.6)
    logits = method.vlp(batch.others["vlp"], batch.mask).logits
    torch.testing.assert_close(parts["vlp_kd"], confident_distillation(logits, labels).mean())
    by_vlp = torch.sigmoid(method.vlp_teacher(batch.others["vlp"], batch.mask).logits)
    labels = hard_labels(by_vlp, batch.labels, batch.mask, low=0.05, high=0.95)
    logits = method.cbp.snippets(batch).logits
    torch.testing.assert_close(parts["cbp_kd"], confident_distillation(logits, labels).mean())
    sum(parts.values(), torch.zeros(())).backward()
    assert all(parameter.grad is None for parameter in method.module["cbp_teacher"].parameters())
    assert all(parameter.grad is None for parameter in method.module["vlp_teacher"].parameters())
    assert all(parameter.grad is not None for parameter in method.module["cbp"].parameters())


def test_ranks_are_taken_of_the_teachers_over_all_training_videos(scene_dataset: Path) -> None:
    method = small_method(scene_dataset, *RANKS)
    scatter(method)
    method.module.eval()
    videos = videos_of(scene_dataset)
    with torch.no_grad():
        state = method.take_ranks(videos, {})
        assert set(state) == {"limits/cbp"}
        scores = []
        for batch in videos.whole(1):
            logits = method.cbp_teacher.snippets(batch).logits[0]
            scores.append(logits[:, batch.labels[0] > 0].flatten())
    limits = state["limits/cbp"]
    assert (limits == limits[:, :1]).all()  # one for all classes
    low, high = limits[:, 0].tolist()
    pooled = torch.cat(scores)
    assert (pooled < low).float().mean() == pytest.approx(0.5, abs=0.01)
    assert (pooled > high).float().mean() == pytest.approx(0.2, abs=0.01)


def test_restart_trains_cbp_from_fresh_weights_while_its_stored_labels_teach(scene_dataset: Path) -> None:
    method = small_method(scene_dataset, "schedule.restart=true", "labels.background={low: 0.4, high: 0.6}")
    method.begin()
    videos = videos_of(scene_dataset)
    before = {name: value.clone() for name, value in method.module.state_dict().items()}
    method.module.eval()
    expected = method.labels_of_cbp(videos, {})
    first, second = (phase for phase in method.phases() if phase.name.startswith("online"))
    assert first.prepare is not None
    assert second.prepare is not None
    with torch.no_grad():
        state = first.prepare(videos, {})
    assert {name: labels.tolist() for name, labels in state.items() if name.startswith("labels/")} == {
        name: labels.tolist() for name, labels in expected.items()
    }
    now = method.module.state_dict()
    moved = {name for name, value in now.items() if not torch.equal(value, before[name])}
    assert {name.split(".")[0] for name in moved} == {"cbp", "cbp_teacher"}
    assert all(torch.equal(now[f"cbp_teacher.{n}"], v) for n, v in method.cbp.module.state_dict().items())

    batch = next(videos.whole(10))
    labels = stored_labels(batch, state)
    logits = method.vlp(batch.others["vlp"], batch.mask).logits
    parts = first.losses(batch, state | method.class_vectors())
    torch.testing.assert_close(parts["vlp_kd"], confident_distillation(logits, labels).mean())
    with torch.no_grad():
        assert not second.prepare(videos, state)  # the teacher labels from here on, and no threshold is a rank


class Stopped(Exception):
    """Stands for a kill."""


# Before the first checkpoint of the schedule, in its first stretch, in a later one.
@pytest.mark.parametrize(
    ("left", "labels"), [(0, RANKS), (2, RANKS), (5, RANKS), (5, []), (0, RESTART), (2, RESTART), (5, RESTART)]
)
def test_stopped_and_resumed_equals_never_stopped(
    finished: RunFolder,
    scene_dataset: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    left: int,
    labels: list[str],
) -> None:
    whole = finished if labels is RANKS else trained(scene_dataset, tmp_path / "whole", *ONLINE, *labels)
    original: Callable[..., dict[str, Tensor]] = OnlineCollaboration.online_losses

    def stopping(
        self: OnlineCollaboration, batch: Batch, state: dict[str, Tensor], **options: bool
    ) -> dict[str, Tensor]:
        nonlocal left
        if left == 0:
            raise Stopped
        left -= 1
        return original(self, batch, state, **options)

    with monkeypatch.context() as patched:
        patched.setattr(OnlineCollaboration, "online_losses", stopping)
        with pytest.raises(Stopped):
            trained(scene_dataset, tmp_path / "stopped", *ONLINE, *labels)
    resumed = trained(scene_dataset, tmp_path / "stopped", *ONLINE, *labels, resume=True)
    assert sha256(resumed.weights) == sha256(whole.weights)
    assert resumed.losses.read_bytes() == whole.losses.read_bytes()


@pytest.mark.parametrize(
    ("overrides", "updates"),
    [
        ([], [4, 4, 2]),  # three rounds of one epoch, two updates each
        (["schedule.background=2", "schedule.online.refresh=100"], [4, 12]),
        (["schedule.rounds=0"], [4]),
    ],
)
def test_updates_are_those_that_a_branch_gets_in_turns(
    scene_dataset: Path, overrides: list[str], updates: list[int]
) -> None:
    phases = small_method(scene_dataset, *overrides).phases()
    assert [phase.updates for phase in phases] == updates
    assert [phase.keep_optimizer for phase in phases[1:]] == [False, True][: len(phases) - 1]


def test_segments_of_training_videos_change_nothing(finished: RunFolder, scene_dataset: Path, tmp_path: Path) -> None:
    copy = tmp_path / "dataset"
    shutil.copytree(scene_dataset, copy)
    content = json.loads((copy / "annotations.json").read_text())
    for video in content["database"].values():
        if video["subset"] == "training":
            video["annotations"] = [{"label": label, "segment": "not a segment"} for label in video["labels"]]
    (copy / "annotations.json").write_text(json.dumps(content))
    assert sha256(trained(copy, tmp_path / "run", *ONLINE, *RANKS).weights) == sha256(finished.weights)


def test_teachers_localize_unless_students_are_asked_for(finished: RunFolder, scene_dataset: Path) -> None:
    method, _, _ = load_method(finished)
    assert isinstance(method, OnlineCollaboration)
    method.module.eval()
    batch = next(videos_of(scene_dataset).whole(4))
    students = small_method(scene_dataset, "schedule.online.localizes=students")
    students.module.load_state_dict(method.module.state_dict())
    students.module.eval()
    with torch.no_grad():
        assert torch.equal(method.localize(batch, None)[0], method.cbp_teacher.localize(batch, None)[0])
        assert torch.equal(students.localize(batch, None)[0], method.cbp.localize(batch, None)[0])
        of_teacher = torch.sigmoid(method.vlp_teacher(batch.others["vlp"], batch.mask).logits) * batch.mask[:, :, None]
        assert torch.equal(method.localize(batch, "vlp")[0], of_teacher)
        assert not torch.equal(students.localize(batch, "vlp")[0], of_teacher)


def test_mmsd_learns_online_too(scene_dataset: Path, tmp_path: Path) -> None:
    settings = ["cbp=mmsd", "mmsd.model.channels=8", "mmsd.schedule.epochs=2", "mmsd.schedule.vote_every=1"]
    run = trained(scene_dataset, tmp_path / "run", *ONLINE, *settings)
    names = [path.name for path in sorted((run.path / "phases").iterdir())]
    assert names == ["01-warm-up-teaching", "02-warm-up-voting-1", "03-online-1", "04-online-2"]


@pytest.mark.parametrize("setting", ["schedule.steps=[foreground]", "schedule.online.decay=1"])
def test_settings_that_mean_nothing_online_are_refused(setting: str) -> None:
    with pytest.raises(InputError, match="schedule"):
        load_settings(CollabConfig, SMALL, [*ONLINE, setting])
