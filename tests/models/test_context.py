"""What surrounds a snippet may silence it and never speak for it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from weaktal.methods.cbp_config import PyramidConfig
from weaktal.models.logits import both_true
from weaktal.models.pyramid import PyramidBranch

TIME, DIM, CLASSES = 12, 8, 3


def branch(**settings: object) -> PyramidBranch:
    torch.manual_seed(0)
    return PyramidConfig(width=16, heads=2, levels=2, context=3, **settings).build(dim=DIM, classes=CLASSES).double()


def snippets(videos: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    features = torch.randn(videos, TIME, DIM, generator=generator, dtype=torch.float64)
    return features, torch.ones(videos, TIME, dtype=torch.bool)


def test_both_true_is_the_product_also_where_a_probability_is_next_to_0_or_1() -> None:
    ordinary = torch.tensor([-3.0, 0.0, 2.0], dtype=torch.float64)
    product = torch.sigmoid(ordinary[:, None]) * torch.sigmoid(ordinary)
    assert torch.allclose(torch.sigmoid(both_true(*torch.broadcast_tensors(ordinary[:, None], ordinary))), product)
    # Two probabilities of 1 - 1e-26: the odds against both are the sum of their odds, where 1 - p * q would be 0.
    near_1 = torch.tensor(60.0, dtype=torch.float64)
    assert both_true(near_1, near_1).item() == pytest.approx(60.0 - torch.log(torch.tensor(2.0)).item())
    assert both_true(-near_1, near_1).item() == pytest.approx(-60.0)


def test_no_snippet_scores_higher_than_by_itself() -> None:
    network = branch().eval()
    features, mask = snippets()
    alone = network.decoder(network.encoder(features, mask), mask).logits
    assert (network(features, mask).logits < alone).all()


def test_the_order_of_neighbours_changes_the_factor_of_a_snippet() -> None:
    network = branch().eval()
    assert network.context is not None
    features, mask = snippets()
    logits = torch.zeros(1, TIME, CLASSES, dtype=torch.float64)
    turned = features.clone()
    turned[:, [4, 6]] = features[:, [6, 4]]
    changed = (network.context(logits, features, mask) != network.context(logits, turned, mask)).any(dim=2)[0]
    assert changed.nonzero().flatten().tolist() == [
        3,
        4,
        5,
        6,
        7,
    ]  # 5 itself is as it was; its neighbours changed places


def test_in_training_the_factor_is_left_out_for_its_share_of_the_videos() -> None:
    network = branch(context_left_out=0.25).train()
    assert network.context is not None
    for module in network.context.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    features, mask = snippets(videos=400)
    logits = torch.zeros(400, TIME, CLASSES, dtype=torch.float64)
    alone = (network.context(logits, features, mask) == logits).flatten(1).all(dim=1)
    assert 0.18 < alone.double().mean() < 0.32
    network.eval()
    assert not (network.context(logits, features, mask) == logits).any()


def test_a_context_leaves_the_start_of_the_other_weights_as_it_is() -> None:
    """So that runs with and without it differ by nothing else, and weights from before it was there can be read."""
    torch.manual_seed(0)
    plain = PyramidConfig(width=16, heads=2, levels=2).build(dim=DIM, classes=CLASSES).double().state_dict()
    beside = branch().state_dict()
    assert beside.keys() - plain.keys() == {name for name in beside if name.startswith("context.")} != set()
    assert all(torch.equal(plain[name], beside[name]) for name in plain)


def test_at_first_the_factor_takes_little_away() -> None:
    network = branch().eval()
    assert network.context is not None
    features, mask = snippets(videos=50)
    factor = torch.sigmoid(network.context.network(features, mask).logits)
    assert 0.8 < factor.mean() < 0.95
