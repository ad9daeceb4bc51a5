"""Learnable prompts through a real, small text encoder: what trains, what a run keeps, what does not fit."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.training import train
from torch import Tensor, nn

from weaktal.config import load_settings
from weaktal.data.annotations import read_tags
from weaktal.data.features import Features
from weaktal.data.manifest import Manifest, write_manifest
from weaktal.encoders.clip import ClipEncoder
from weaktal.encoders.prompts import prompted_vectors
from weaktal.engine.batch import Batch, VideoSet
from weaktal.engine.checkpoint import load_tensors
from weaktal.engine.folder import TrainingFolder
from weaktal.engine.method import Phase, SingleWay
from weaktal.engine.settings import OptimizerConfig
from weaktal.engine.trainer import Trainer
from weaktal.errors import InputError
from weaktal.files import sha256
from weaktal.methods.base import Inputs, OtherFeatures
from weaktal.methods.collab import build
from weaktal.methods.collab import vlp as collab_vlp
from weaktal.methods.collab.settings import CollabConfig, TextConfig
from weaktal.methods.collab.turns import Collaboration
from weaktal.methods.collab.vlp import text_side
from weaktal.models.vlp import PromptedVectors
from weaktal.runs.folder import RunFolder
from weaktal.runs.localize import localize

SMALL = [
    "optimizer.batch_size=4",
    "optimizer.lr=0.01",
    "cbp=convolution",
    "convolution.width=8",
    "vlp.heads=2",
    "vlp.text.width=32",
    "vlp.text.before=2",
    "vlp.text.after=3",
    "schedule.warm_up=1",
    "schedule.background=1",
    "schedule.foreground=1",
    "schedule.rounds=1",
    "schedule.steps=[background, foreground]",
    "schedule.updates_per_epoch=2",
    "engine.tensorboard=false",
]


@pytest.mark.parametrize("template", ["{}", "a video of a person {}"])
def test_prompts_pass_gradients_and_the_encoder_keeps_still(clip_folder: Path, template: str) -> None:
    config = TextConfig(encoder=str(clip_folder), before=2, after=2, width=32, template=template)
    side = text_side(config, ["HighJump", "running"], dim=24)
    assert side.vanilla.shape == (2, 24)
    assert not side.vanilla.requires_grad
    before = torch.zeros(2, 32, requires_grad=True)
    vectors = side.prompted(before, torch.zeros(2, 32))
    torch.testing.assert_close(vectors.norm(dim=-1), torch.ones(2))
    vectors[0, 0].backward()
    assert before.grad is not None
    assert before.grad.abs().max() > 0


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Path) -> Path:
    dataset = tmp_path_factory.mktemp("prompts") / "dataset"
    shutil.copytree(tiny_dataset, dataset)
    folder = dataset / "features" / "clip"
    folder.mkdir()
    random = np.random.default_rng(0)
    for name in read_tags(dataset).videos:
        length = len(np.load(dataset / f"features/i3d/{name}.npy"))
        np.save(folder / f"{name}.npy", random.normal(size=(length, 24)).astype(np.float32))
    write_manifest(folder, Manifest(encoder="tiny", fps=1.0, window=1, stride=1, dim=24))
    return dataset


class Descent(OptimizerConfig):
    """Plain gradient descent."""

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, lr=0.1)


class OneStep(SingleWay):
    """The collaboration's B step alone, with plain gradient descent so that gradients are left to be looked at."""

    def __init__(self, method: Collaboration, micro_batch: int | None) -> None:
        self.method = method
        self.module = method.module
        self.micro_batch = micro_batch

    def phases(self) -> list[Phase]:
        phase = self.method.phases()[1]
        assert phase.name == "background-1"
        own = {"micro_batch": self.micro_batch, "clip_norm": None}
        descent = Descent(**{**phase.optimizer.model_dump(), **own})
        return [replace(phase, optimizer=descent, updates=1, review=None)]

    def localize(self, batch: Batch, branch: str | None) -> tuple[Tensor, Tensor]:
        return self.method.localize(batch, branch)


def test_accumulated_gradients_equal_those_of_the_whole_batch(dataset: Path, clip_folder: Path, tmp_path: Path) -> None:
    tags = read_tags(dataset)
    members = list(tags.subset("training").values())
    features, vlp = Features.open(dataset, "i3d"), Features.open(dataset, "clip")
    # Fresh scores lie close together: thresholds that still give labels of both kinds.
    labels = ["labels.background.low=0.7", "labels.background.high=0.8"]
    overrides = [*SMALL, *labels, f"vlp.text.encoder={clip_folder}", "vlp.dropout=0", "optimizer.batch_size=10"]
    found = []
    for micro_batch in (None, 1, 3):
        torch.manual_seed(0)
        config = load_settings(CollabConfig, overrides=overrides)
        method = build(config, Inputs(dim=16, classes=tags.classes, others={"vlp": OtherFeatures(24)}))
        videos = VideoSet(members, tags.classes, features, {"vlp": vlp})
        run = TrainingFolder(tmp_path / str(micro_batch))
        run.path.mkdir()
        Trainer(OneStep(method, micro_batch), videos, run, config.engine, 0).train()
        assert all(parameter.grad is None for parameter in method.module["cbp"].parameters())
        found.append({name: parameter.grad for name, parameter in method.module["vlp"].named_parameters()})
    assert {"text.before", "text.after"} <= found[0].keys()
    for name, gradient in found[0].items():
        assert gradient is not None
        if not name.endswith("qkv.bias"):  # what the softmax over time cannot feel
            assert gradient.abs().max() > 1e-8, name
        for other in found[1:]:
            torch.testing.assert_close(other[name], gradient, rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize("micro_batch", ["null", "1"])
def test_the_text_encoder_runs_once_an_update_and_at_the_end_of_a_step(
    dataset: Path, clip_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, micro_batch: str
) -> None:
    calls = []

    def counted(encoder: ClipEncoder, *others: Any) -> Tensor:
        assert not any(parameter.requires_grad for parameter in encoder.model.parameters())
        assert all(parameter.grad is None for parameter in encoder.model.parameters())
        calls.append(torch.is_grad_enabled())
        return prompted_vectors(encoder, *others)

    monkeypatch.setattr(collab_vlp, "prompted_vectors", counted)
    overrides = [*SMALL, f"vlp.text.encoder={clip_folder}", f"optimizer.micro_batch={micro_batch}"]
    overrides.append("schedule.updates_per_epoch=5")
    train(dataset, method="collab", features="i3d", vlp_features="clip", run=tmp_path / "run", overrides=overrides)
    # Where it starts, its 5 updates, and what the step ends with.
    assert calls == [False] + [True] * 5 + [False]


def test_stopped_inside_a_step_and_resumed_ends_with_the_same_class_vectors(
    dataset: Path, clip_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing stores class vectors between updates, so a resumed step must make its own in the end."""
    overrides = [*SMALL, f"vlp.text.encoder={clip_folder}", "engine.checkpoint_every=1", "optimizer.micro_batch=3"]

    def run(name: str, *, resume: bool = False) -> RunFolder:
        return train(
            dataset,
            method="collab",
            features="i3d",
            vlp_features="clip",
            run=tmp_path / name,
            overrides=overrides,
            resume=resume,
        )

    whole = run("whole")
    settle = PromptedVectors.settle

    def stopped(self: PromptedVectors) -> None:
        if self.before.grad is not None:  # at the end of the step, after its last checkpoint
            raise KeyboardInterrupt
        settle(self)

    with monkeypatch.context() as patched:
        patched.setattr(PromptedVectors, "settle", stopped)
        with pytest.raises(KeyboardInterrupt):
            run("stopped")
    assert sha256(run("stopped", resume=True).weights) == sha256(whole.weights)


def test_an_online_teacher_speaks_by_its_own_prompts(dataset: Path, clip_folder: Path, tmp_path: Path) -> None:
    overrides = [*SMALL, f"vlp.text.encoder={clip_folder}", "schedule.kind=online", "schedule.online.decay=0.5"]
    run = train(
        dataset, method="collab", features="i3d", vlp_features="clip", run=tmp_path / "run", overrides=overrides
    )
    weights = load_tensors(run.weights)
    side = text_side(TextConfig(encoder=str(clip_folder), width=32), read_tags(dataset).classes, dim=24)
    for branch in ("vlp", "vlp_teacher"):
        prompts = (weights[f"{branch}.text.before"], weights[f"{branch}.text.after"])
        torch.testing.assert_close(weights[f"{branch}.text.settled"], side.prompted(*prompts))
    assert not torch.equal(weights["vlp.text.before"], weights["vlp_teacher.text.before"])


def test_a_run_with_prompts_localizes_without_its_text_encoder(
    dataset: Path, clip_folder: Path, tmp_path: Path
) -> None:
    encoder = tmp_path / "encoder"
    shutil.copytree(clip_folder, encoder)
    overrides = [*SMALL, f"vlp.text.encoder={encoder}"]
    run = train(
        dataset, method="collab", features="i3d", vlp_features="clip", run=tmp_path / "run", overrides=overrides
    )
    shutil.rmtree(encoder)
    weights = [load_tensors(run.phase(i, n) / "weights.safetensors") for i, n in ((0, "warm-up"), (1, "background-1"))]
    for name in ("before", "after", "settled"):
        assert not torch.equal(weights[0][f"vlp.text.{name}"], weights[1][f"vlp.text.{name}"]), name
    assert not any("text_model" in name for name in weights[1]), "the text encoder is no part of the run"

    side = text_side(TextConfig(encoder=str(clip_folder), width=32), read_tags(dataset).classes, dim=24)
    prompts = (weights[1]["vlp.text.before"], weights[1]["vlp.text.after"])
    torch.testing.assert_close(weights[1]["vlp.text.settled"], side.prompted(*prompts))
    for branch in ("vlp", "vanilla"):
        found = localize(run.path, dataset, tmp_path / f"{branch}.json", branch=branch)
        assert len(found.videos) == 6


@pytest.mark.parametrize(("dim", "width", "words"), [(16, 32, "24 dimensions"), (24, 512, "32 channels a token")])
def test_an_encoder_that_does_not_fit_is_refused(clip_folder: Path, dim: int, width: int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        text_side(TextConfig(encoder=str(clip_folder), width=width), ["jump"], dim=dim)
