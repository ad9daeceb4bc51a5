"""Learnable prompts through a real, small text encoder: what trains, what a run keeps, what does not fit."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from weaktal.data.annotations import read_tags
from weaktal.data.manifest import Manifest, write_manifest
from weaktal.engine.checkpoint import load_tensors
from weaktal.errors import InputError
from weaktal.methods.collab_vlp import TextConfig, text_side
from weaktal.workflows.localize import localize
from weaktal.workflows.train import train

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


def test_a_run_with_prompts_localizes_without_its_text_encoder(
    tiny_dataset: Path, clip_folder: Path, tmp_path: Path
) -> None:
    dataset, encoder = tmp_path / "dataset", tmp_path / "encoder"
    shutil.copytree(tiny_dataset, dataset)
    shutil.copytree(clip_folder, encoder)
    folder = dataset / "features" / "clip"
    folder.mkdir()
    random = np.random.default_rng(0)
    for name in read_tags(dataset).videos:
        length = len(np.load(dataset / f"features/i3d/{name}.npy"))
        np.save(folder / f"{name}.npy", random.normal(size=(length, 24)).astype(np.float32))
    write_manifest(folder, Manifest(encoder="tiny", fps=1.0, window=1, stride=1, dim=24))
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
        assert len(found.results.videos) == 6


@pytest.mark.parametrize(("dim", "width", "words"), [(16, 32, "24 dimensions"), (24, 512, "32 channels a token")])
def test_an_encoder_that_does_not_fit_is_refused(clip_folder: Path, dim: int, width: int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        text_side(TextConfig(encoder=str(clip_folder), width=width), ["jump"], dim=dim)
