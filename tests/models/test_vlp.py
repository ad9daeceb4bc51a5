"""The vision-language branch: probabilities, where it starts, padding, class vectors."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from weaktal.models.logits import against, one_against_rest
from weaktal.models.temporal import BlockShape
from weaktal.models.vlp import ClassVectors, PromptedVectors, TextSide, VlpBranch

DIM, CLASSES = 8, 3


def branch(
    text: ClassVectors | PromptedVectors | None = None, *, reach: int | None = None, **settings: object
) -> VlpBranch:
    torch.manual_seed(0)
    arguments: dict[str, object] = {
        "dim": DIM,
        "blocks": 2,
        "shape": BlockShape(heads=2, expansion=2, dropout=0.0, reach=reach, residual_init=1.0),
        "std": 0.01,
        "temperature": 0.07,
        "probabilities": "softmax",
    }
    text = text or ClassVectors(torch.randn(CLASSES, DIM), std=0.0)
    return VlpBranch(text, **{**arguments, **settings}).double().eval()  # type: ignore[arg-type]


def features(time: int = 6) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(2, time, DIM, generator=generator, dtype=torch.float64), torch.ones(2, time, dtype=torch.bool)


def test_features_are_scaled_before_the_layers_or_taken_as_they_come() -> None:
    rows, mask = features()
    for scaled in (True, False):
        network = branch(scaled=scaled)
        small, large = (network(factor * rows, mask).logits for factor in (1.0, 100.0))
        assert torch.allclose(small, large) == scaled


@pytest.mark.parametrize("scale", [0.1, 1.0, 14.0])
def test_one_against_rest_is_the_softmax(scale: float) -> None:
    torch.manual_seed(0)
    logits = scale * torch.randn(50, 5, dtype=torch.float64)
    torch.testing.assert_close(torch.sigmoid(one_against_rest(logits)), logits.softmax(dim=-1), rtol=1e-9, atol=1e-15)


def test_one_against_rest_teaches_where_softmax_is_blind() -> None:
    """A class that is wrong beyond what a probability can hold still gets its full gradient."""
    logits = torch.tensor([40.0, 0.0, -3.0], requires_grad=True)
    functional.binary_cross_entropy_with_logits(one_against_rest(logits)[0], torch.tensor(0.0)).backward()
    assert logits.grad is not None
    assert logits.grad[0] == pytest.approx(1.0)
    assert logits.grad[1] == pytest.approx(-1 / (1 + torch.e**-3), rel=1e-5)


@pytest.mark.parametrize("scale", [0.1, 1.0, 14.0, 100.0])
def test_against_some_is_the_softmax_without_the_rest(scale: float) -> None:
    """Class 0 does not compete with 1; class 4, of which nothing is a rival, keeps all."""
    torch.manual_seed(0)
    scores = scale * torch.randn(2, 50, 5, dtype=torch.float64)
    logits = one_against_rest(scores)
    rivals = ~torch.eye(5, dtype=torch.bool)
    rivals[0, 1] = rivals[1, 0] = False
    rivals[4] = False
    found = against(logits, rivals)
    torch.testing.assert_close(found[..., 0], one_against_rest(scores[..., [0, 2, 3, 4]])[..., 0], rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(found[..., 1], one_against_rest(scores[..., [1, 2, 3, 4]])[..., 0], rtol=1e-9, atol=1e-9)
    assert torch.equal(found[..., 2:], logits[..., 2:])
    by_video = against(logits, torch.stack([rivals, ~torch.eye(5, dtype=torch.bool)]))
    assert torch.equal(by_video, torch.stack([found[0], logits[1]]))


def test_against_some_has_finite_gradients_where_no_rival_is_left_of_a_float() -> None:
    scores = torch.tensor([[[200.0, 199.0, 0.0, -3.0]]], requires_grad=True)
    rivals = ~torch.eye(4, dtype=torch.bool)
    rivals[0, 1] = rivals[1, 0] = False
    found = against(one_against_rest(scores), rivals)
    assert found[0, 0, 0] > 80
    functional.binary_cross_entropy_with_logits(found, torch.zeros(1, 1, 4)).backward()
    assert scores.grad is not None
    assert torch.isfinite(scores.grad).all()


def test_one_against_rest_has_finite_gradients_at_ties() -> None:
    logits = torch.zeros(4, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(one_against_rest, torch.randn(4, 3, dtype=torch.float64, requires_grad=True))
    one_against_rest(logits).square().sum().backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_vanilla_is_the_softmax_of_cosines_over_tau() -> None:
    network = branch()
    rows, _ = features()
    cosines = functional.cosine_similarity(rows[:, :, None], network.text.vanilla[None, None], dim=-1)
    expected = (cosines / 0.07).softmax(dim=-1)
    torch.testing.assert_close(torch.sigmoid(network.vanilla(rows)), expected)
    alone = branch(probabilities="sigmoid")
    torch.testing.assert_close(torch.sigmoid(alone.vanilla(rows)), torch.sigmoid(cosines / 0.07))


@pytest.mark.parametrize("length", [1e-3, 1.0, 30.0])
def test_starts_next_to_vanilla_whatever_the_length_of_the_features(length: float) -> None:
    network, (rows, mask) = branch(), features()
    started = torch.sigmoid(network(length * rows, mask).logits)
    vanilla = torch.sigmoid(network.vanilla(rows))
    assert 0 < (started - vanilla).abs().max() < 0.05


@pytest.mark.parametrize("probabilities", ["softmax", "sigmoid"])
@pytest.mark.parametrize("reach", [None, 1])
def test_padding_changes_no_score(probabilities: str, reach: int | None) -> None:
    network = branch(probabilities=probabilities, reach=reach, std=0.5)
    rows, _ = features()
    mask = torch.arange(6) < torch.tensor([[4], [6]])
    rows[0, 4:] = 1e3
    padded, alone = network(rows, mask), network(rows[:1, :4], mask[:1, :4])
    torch.testing.assert_close(padded.logits[:1, :4], alone.logits, rtol=0, atol=1e-10)
    assert torch.isfinite(padded.logits).all()


def test_residual_starts_where_it_is_told_and_learns() -> None:
    given = torch.randn(CLASSES, DIM)
    torch.testing.assert_close(ClassVectors(given, std=0.0)(), functional.normalize(given, dim=-1))
    torch.manual_seed(0)
    vectors = ClassVectors(torch.randn(200, 100), std=0.01)
    assert vectors.residual.std().item() == pytest.approx(0.01, rel=0.05)
    vectors().sum().backward()
    assert vectors.residual.grad is not None
    assert vectors.residual.grad.abs().max() > 0


def test_prompts_run_the_text_encoder_while_training_only() -> None:
    calls = []
    mix = torch.randn(CLASSES, 4 + 4, DIM)

    def prompted(before: Tensor, after: Tensor) -> Tensor:
        calls.append(1)
        return functional.normalize(torch.einsum("ke,cke->ce", torch.cat([before, after]), mix), dim=-1)

    side = TextSide(vanilla=torch.eye(CLASSES, DIM), prompted=prompted)
    shape = {"classes": CLASSES, "dim": DIM, "width": DIM, "before": 4, "after": 4, "std": 0.01}
    vectors = PromptedVectors(**shape, text=side)  # type: ignore[arg-type]
    calls.clear()
    vectors.train()
    vectors().sum().backward()
    assert len(calls) == 1
    assert vectors.before.grad is not None
    assert vectors.before.grad.abs().max() > 0
    with torch.no_grad():
        vectors.before += 1.0
    vectors.settle()
    trained = vectors().detach()
    calls.clear()
    assert torch.equal(vectors.eval()(), trained)
    assert not calls

    loaded = PromptedVectors(**shape, text=None)  # type: ignore[arg-type]
    loaded.load_state_dict(vectors.state_dict())
    assert torch.equal(loaded.eval()(), trained)
    assert torch.equal(loaded.vanilla, side.vanilla)
    with pytest.raises(RuntimeError, match="without their text encoder"):
        loaded.train()()
