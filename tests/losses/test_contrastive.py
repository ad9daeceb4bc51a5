"""Foreground against background pairs, held against loops over pairs."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from weaktal.losses import contrastive
from weaktal.losses.contrastive import Anchors, Scope, any_class, foreground_contrast


def by_loops(embedding: Tensor, labels: Tensor, temperature: float) -> list[float]:
    """The formula in its plainest form."""
    values = []
    for z, video in zip(functional.normalize(embedding, dim=-1).tolist(), labels.tolist(), strict=True):
        terms = []
        for c in range(len(video[0])):
            foreground = [t for t, row in enumerate(video) if row[c] == 1]
            confident = [t for t, row in enumerate(video) if row[c] >= 0]
            if len(foreground) < 2:
                continue
            for i in foreground:
                near = {
                    j: math.exp(sum(a * b for a, b in zip(z[i], z[j], strict=True)) / temperature)
                    for j in confident
                    if j != i
                }
                terms.append(-math.log(sum(near[j] for j in foreground if j != i) / sum(near.values())))
        values.append(sum(terms) / len(terms) if terms else 0.0)
    return values


def random_case() -> tuple[Tensor, Tensor]:
    torch.manual_seed(2)
    labels = torch.randint(-1, 2, (4, 7, 3), dtype=torch.int8)
    labels[1] = -1  # nothing confident
    labels[2, :, 1:] = -1
    labels[2, :, 0] = torch.tensor([1, 0, 0, -1, -1, 0, 0])  # one foreground snippet makes no pair
    return torch.randn(4, 7, 5, dtype=torch.float64), labels


@pytest.mark.parametrize("temperature", [0.01, 0.07, 1.0])
def test_equals_loops(temperature: float) -> None:
    embedding, labels = random_case()
    found = foreground_contrast(embedding, labels, temperature=temperature)
    assert found.tolist() == pytest.approx(by_loops(embedding, labels, temperature), rel=1e-9)
    assert found[0] > 0
    assert found[1] == found[2] == 0


def test_by_hand() -> None:
    """Two foreground snippets at right angles to two of background: e / (e + 2)."""
    embedding = torch.tensor([[[3.0, 0.0], [0.5, 0.0], [0.0, 2.0], [0.0, 1.0]]])
    labels = torch.tensor([[[1], [1], [0], [0]]], dtype=torch.int8)
    assert foreground_contrast(embedding, labels, temperature=1.0).item() == pytest.approx(
        -math.log(math.e / (math.e + 2))
    )


def test_gradient_also_where_some_videos_have_no_pairs() -> None:
    embedding, labels = random_case()
    embedding.requires_grad_()
    assert torch.autograd.gradcheck(lambda z: foreground_contrast(z, labels, temperature=0.5), embedding)


def test_a_batch_without_pairs_is_zero_and_can_be_trained_on() -> None:
    embedding = torch.randn(2, 3, 4, requires_grad=True)
    loss = foreground_contrast(embedding, torch.full((2, 3, 2), -1, dtype=torch.int8), temperature=0.07)
    loss.sum().backward()
    assert loss.tolist() == [0, 0]
    assert embedding.grad is not None
    assert embedding.grad.abs().max() == 0


def test_padding_may_hold_anything() -> None:
    embedding, labels = random_case()
    padded = torch.cat([embedding, torch.full((4, 2, 5), float("nan"), dtype=torch.float64)], dim=1).requires_grad_()
    unlabelled = torch.full((4, 2, 3), -1, dtype=torch.int8)
    loss = foreground_contrast(padded, torch.cat([labels, unlabelled], dim=1), temperature=0.07)
    torch.testing.assert_close(loss, foreground_contrast(embedding, labels, temperature=0.07))
    loss.sum().backward()
    assert padded.grad is not None
    assert torch.isfinite(padded.grad).all()


def test_a_step_along_the_gradient_draws_foreground_together() -> None:
    torch.manual_seed(0)
    labels = torch.tensor([[[1], [1], [1], [0], [0], [0]]], dtype=torch.int8)
    embedding = torch.randn(1, 6, 4, requires_grad=True)
    optimizer = torch.optim.SGD([embedding], lr=0.5)
    for _ in range(200):
        optimizer.zero_grad()
        foreground_contrast(embedding, labels, temperature=0.2).sum().backward()
        optimizer.step()
    unit = functional.normalize(embedding.detach()[0], dim=-1)
    cosines = unit @ unit.T
    assert cosines[:3, :3].min() > 0.8
    assert cosines[:3, 3:].max() < 0.2


def one_fraction(embedding: Tensor, labels: Tensor, temperature: float) -> list[float]:
    """The formula with all pairs, as loops; labels (B, T, C), a fraction a class."""
    values = []
    for z, video in zip(functional.normalize(embedding, dim=-1).tolist(), labels.tolist(), strict=True):
        terms = []
        for c in range(len(video[0])):
            foreground = [t for t, row in enumerate(video) if row[c] == 1]
            confident = [t for t, row in enumerate(video) if row[c] >= 0]
            if len(foreground) < 2:
                continue
            numerator, denominator = (
                sum(
                    math.exp(sum(a * b for a, b in zip(z[i], z[j], strict=True)) / temperature)
                    for i in group
                    for j in group
                    if i != j
                )
                for group in (foreground, confident)
            )
            terms.append(-math.log(numerator / denominator))
        values.append(sum(terms) / len(terms) if terms else 0.0)
    return values


@pytest.mark.parametrize("temperature", [0.01, 0.07, 1.0])
def test_all_pairs_equal_loops(temperature: float) -> None:
    embedding, labels = random_case()
    found = foreground_contrast(embedding, labels, temperature=temperature, anchors="all")
    assert found.tolist() == pytest.approx(one_fraction(embedding, labels, temperature), rel=1e-9)
    assert found[0] > 0
    assert found[1] == found[2] == 0


def test_over_a_video_action_of_any_class_is_foreground() -> None:
    labels = torch.tensor([[[1, 0, 0], [0, 1, 0], [0, 0, 0], [0, -1, 0], [0, 0, -1]]], dtype=torch.int8)
    # The third class has no foreground, so what it says of background does not count.
    assert any_class(labels)[0, :, 0].tolist() == [1, 1, 0, -1, 0]
    embedding = torch.randn(1, 5, 4, dtype=torch.float64)
    for anchors, loops in (("foreground", by_loops), ("all", one_fraction)):
        found = foreground_contrast(embedding, labels, temperature=0.5, scope="video", anchors=anchors)
        assert found.tolist() == pytest.approx(loops(embedding, any_class(labels), 0.5), rel=1e-9)


def test_untagged_background_alone_makes_no_group() -> None:
    assert any_class(torch.zeros(1, 3, 2, dtype=torch.int8)).unique().tolist() == [-1]


@pytest.mark.parametrize("anchors", ["foreground", "all"])
def test_over_a_batch_a_class_is_one_in_all_videos(anchors: Anchors) -> None:
    embedding, labels = random_case()
    found = foreground_contrast(embedding, labels, temperature=0.5, scope="batch", anchors=anchors)
    joined = (embedding.reshape(1, -1, 5), labels.reshape(1, -1, 3))
    expected = (by_loops if anchors == "foreground" else one_fraction)(*joined, 0.5)
    assert found.tolist() == pytest.approx(expected * 4, rel=1e-9)


@pytest.mark.parametrize("scope", ["class", "video", "batch"])
def test_all_pairs_may_hold_anything_in_the_padding_and_pass_gradients(scope: Scope) -> None:
    embedding, labels = random_case()
    labels[:, 5:] = -1
    labels[0, :3] = torch.tensor([1, 1, 0], dtype=torch.int8)[:, None]
    embedding[:, 6] = float("nan")
    embedding.requires_grad_(True)
    foreground_contrast(embedding, labels, temperature=0.1, scope=scope, anchors="all").sum().backward()
    assert embedding.grad is not None
    assert embedding.grad.isfinite().all()
    assert embedding.grad.abs().sum() > 0


def test_a_batch_beyond_the_limit_is_thinned_out_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contrastive, "MOST", 6)
    embedding, labels = torch.randn(1, 11, 3), torch.tensor([1, 0] * 5 + [1], dtype=torch.int8).view(1, 11, 1)
    found = foreground_contrast(embedding, labels, temperature=1.0, scope="batch")
    expected = foreground_contrast(embedding[:, ::2], labels[:, ::2], temperature=1.0)
    assert found.item() == pytest.approx(expected.item())
