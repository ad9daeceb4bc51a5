"""The streams of MMSD: hand-worked cosines, padding, zero features, and golden outputs."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from weaktal.models.mmsd import (
    MMSD,
    CosineHeads,
    StreamScores,
    mix_streams,
    mixed_logits,
    mixed_scores,
    thinned,
    unpack,
)


def small_model(dropout: float = 0.0) -> MMSD:
    torch.manual_seed(0)
    return MMSD(rgb_channels=6, flow_channels=4, classes=3, channels=8, dropout=dropout).double()


def padded_batch(lengths: list[int], classes: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    mask = torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)
    rgb = torch.randn(*mask.shape, 6, dtype=torch.float64, generator=generator)
    flow = torch.randn(*mask.shape, 4, dtype=torch.float64, generator=generator)
    return rgb, flow, mask


def test_heads_on_a_case_worked_by_hand() -> None:
    heads = CosineHeads(streams=1, classes=1, channels=2, scale=2.0)
    with torch.no_grad():
        heads.class_centers.copy_(torch.tensor([[[3.0, 0.0], [0.0, 5.0]]]))  # the action points right, background up
        heads.foreground_centers.copy_(torch.tensor([[1.0, 1.0]]))
    packed = torch.tensor([[[4.0, 0.0], [0.0, 2.0]]])  # one snippet right, one up
    scores = heads(packed, torch.ones(1, 2, dtype=torch.bool))
    torch.testing.assert_close(scores.snippet_logits, torch.tensor([[[[2.0, 0.0], [0.0, 2.0]]]]))
    agreed = 1 / (1 + math.exp(-2 / math.sqrt(2)))
    torch.testing.assert_close(scores.attention, torch.tensor([[[agreed, agreed]]]))
    # Equal attention: the pooled feature is (2, 1), whose cosines with right and up are 2 and 1 over sqrt 5.
    torch.testing.assert_close(scores.attended_logits, torch.tensor([[[4.0, 2.0]]]) / math.sqrt(5))
    # Pooled by sigmoid(2) against sigmoid(0): (4 s, 1) for the action, (2, 2 s) for the background, s = sigmoid(2).
    s = 1 / (1 + math.exp(-2))
    expected = torch.tensor([[[2 * 4 * s / math.hypot(4 * s, 1), 2 * 2 * s / math.hypot(2, 2 * s)]]])
    torch.testing.assert_close(scores.classwise_logits, expected)


def test_foreground_starts_opposite_to_background() -> None:
    heads = CosineHeads(streams=3, classes=4, channels=8, scale=20.0)
    assert torch.equal(heads.foreground_centers, -heads.class_centers[:, -1])
    assert heads.foreground_centers.data_ptr() != heads.class_centers.data_ptr()


def test_layers_start_xavier_uniform_without_bias() -> None:
    model = MMSD(rgb_channels=60, flow_channels=40, classes=3, channels=80)
    for layer in (model.rgb_first, model.rgb_second, model.flow_first, model.flow_second, model.fusion):
        weight = layer.linear.weight
        bound = math.sqrt(6 / sum(weight.shape))
        assert 0.9 * bound < weight.abs().max() <= bound
        assert not layer.linear.bias.any()


def test_padding_changes_nothing_whatever_it_holds() -> None:
    model = small_model().eval()
    lengths = [1, 9, 5]
    rgb, flow, mask = padded_batch(lengths)
    rgb[~mask] = torch.nan
    flow[~mask] = torch.inf
    scores = model(rgb, flow, mask)
    for row, length in enumerate(lengths):
        whole = torch.ones(1, length, dtype=torch.bool)
        alone = model(rgb[row : row + 1, :length], flow[row : row + 1, :length], whole)
        torch.testing.assert_close(scores.snippet_logits[:, row, :length], alone.snippet_logits[:, 0])
        torch.testing.assert_close(scores.attention[:, row, :length], alone.attention[:, 0])
        torch.testing.assert_close(scores.attended_logits[:, row], alone.attended_logits[:, 0])
        torch.testing.assert_close(scores.classwise_logits[:, row], alone.classwise_logits[:, 0])
    assert not scores.snippet_logits[:, ~mask].any()
    assert not scores.attention[:, ~mask].any()


def test_snippets_without_any_signal_leave_gradients_finite() -> None:
    model = small_model()
    rgb, flow, mask = padded_batch([4, 4])
    rgb[0, 1], flow[0, 1] = 0.0, 0.0  # a black, still snippet
    rgb[1], flow[1] = 0.0, 0.0  # and a whole video of them
    scores = model(rgb, flow, mask)
    assert all(part.isfinite().all() for part in scores)
    torch.stack([part.sum() for part in scores]).sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_dropout_keeps_the_expectation_and_is_off_in_evaluation() -> None:
    torch.manual_seed(0)
    ones = torch.ones(100_000, requires_grad=True)
    thin = thinned(ones, 0.6)
    assert thin.unique().tolist() == pytest.approx([0.0, 2.5])
    assert thin.mean().item() == pytest.approx(1.0, abs=0.02)
    thin.sum().backward()
    assert ones.grad is not None
    assert torch.equal(ones.grad, thin)
    model = small_model(dropout=0.6)
    batch = padded_batch([4, 7])
    first, second = model(*batch), model(*batch)
    assert not torch.equal(first.snippet_logits, second.snippet_logits)
    model.eval()
    assert torch.equal(model(*batch).snippet_logits, model(*batch).snippet_logits)


def test_unpack_puts_rows_back() -> None:
    mask = torch.tensor([[True, False], [True, True]])
    packed = torch.tensor([[[1.0], [2.0], [3.0]]])
    assert unpack(packed, mask)[..., 0].tolist() == [[[1.0, 0.0], [2.0, 3.0]]]


def test_streams_mix_by_weight() -> None:
    values = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    assert mix_streams(values, (0.2, 0.4, 0.4)).tolist() == pytest.approx([0.6, 0.8])


def test_mixed_scores_multiply_class_and_attention_and_drop_the_background() -> None:
    thirds = torch.log(torch.tensor([0.6, 0.3, 0.1])).expand(3, 1, 1, 3)
    scores = StreamScores(
        snippet_logits=thirds,
        foreground_logits=torch.tensor([-200.0, 0.0, 200.0]).reshape(3, 1, 1),
        attention=torch.tensor([0.0, 0.5, 1.0]).reshape(3, 1, 1),
        attended_logits=torch.log(torch.tensor([0.7, 0.1, 0.2])).expand(3, 1, 3),
        classwise_logits=torch.zeros(3, 1, 3),
        embedding=torch.zeros(3, 1, 1, 2),
    )
    snippets, videos = mixed_scores(scores, (0.2, 0.4, 0.4))
    # Mixing comes before multiplying: attention 0.2 * 0 + 0.4 * 0.5 + 0.4 * 1 = 0.6 for all.
    assert snippets.flatten().tolist() == pytest.approx([0.36, 0.18])
    assert videos.flatten().tolist() == pytest.approx([0.7, 0.1])


@pytest.mark.parametrize("weights", [(0.2, 0.4, 0.4), (0.0, 0.0, 1.0)])
def test_mixed_logits_are_the_logits_of_the_mixed_scores(weights: tuple[float, float, float]) -> None:
    model = small_model()
    batch = padded_batch([5, 3])
    scores, mask = model(*batch), batch[-1]
    snippets, _ = mixed_scores(scores, weights)
    logits = mixed_logits(scores, weights)
    torch.testing.assert_close(torch.sigmoid(logits)[mask], snippets[mask], rtol=1e-9, atol=1e-15)
    assert torch.isfinite(logits).all()


def test_mixed_logits_teach_scores_that_no_probability_can_hold() -> None:
    """One snippet that is action beyond what float32 tells from 1, one that is not beyond what it tells from 0."""
    classes = torch.tensor([[40.0, -40.0], [-40.0, 40.0]]).expand(3, 1, 2, 2).clone().requires_grad_()
    foreground = torch.tensor([60.0, -60.0]).expand(3, 1, 2).clone().requires_grad_()
    scores = StreamScores(
        snippet_logits=classes,
        foreground_logits=foreground,
        attention=torch.sigmoid(foreground),
        attended_logits=torch.zeros(3, 1, 2),
        classwise_logits=torch.zeros(3, 1, 2),
        embedding=torch.zeros(3, 1, 2, 1),
    )
    snippets, _ = mixed_scores(scores, (0.2, 0.4, 0.4))
    assert snippets[0, 0, 0] == 1
    logits = mixed_logits(scores, (0.2, 0.4, 0.4))
    assert logits[0, :, 0].tolist() == pytest.approx([60.0, -140.0])
    wrong = torch.tensor([0.0, 1.0])
    torch.nn.functional.binary_cross_entropy_with_logits(logits[0, :, 0], wrong, reduction="sum").backward()
    assert foreground.grad is not None
    assert foreground.grad.sum(dim=0).flatten().tolist() == pytest.approx([1.0, -1.0])
