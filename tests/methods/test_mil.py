"""Training on tags: what the loss is held against, and when it is enough."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from tests.training import train

from weaktal.losses.mil import classification_loss, tag_entropy

SETTINGS = [
    "schedule.epochs=3",
    "schedule.updates_per_epoch=10",
    "optimizer.lr=0.01",
    "model.width=16",
    "engine.log_every=1",
]


def test_entropy_is_the_loss_of_whoever_knows_frequencies_alone() -> None:
    labels = torch.tensor([[1.0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 1, 1]])
    known = labels.mean(dim=0).expand(4, 4)
    assert tag_entropy(labels).item() == pytest.approx(classification_loss(known, labels).item(), abs=1e-6)
    quarter = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    assert tag_entropy(labels).item() == pytest.approx(2 * quarter / 4)
    assert tag_entropy(torch.ones(3, 2)).item() == 0.0


@pytest.mark.parametrize("method", ["mil", "cbp"])
@pytest.mark.parametrize(("share", "epochs"), [(0.0, 3), (0.001, 3), (0.999, 1)])
def test_training_ends_where_the_tags_are_learned(
    method: str, share: float, epochs: int, tiny_dataset: Path, tmp_path: Path
) -> None:
    settings = [f"schedule.end_below={share}", *SETTINGS]
    run = train(
        tiny_dataset, method=method, features="i3d", run=tmp_path / "run", seed=0,
        overrides=settings + (["model.heads=2"] if method == "cbp" else []),
    )  # fmt: skip
    last = run.losses.read_text(encoding="utf-8").splitlines()[-1]
    assert last.startswith(f"{10 * epochs},warm-up,{10 * epochs},")
