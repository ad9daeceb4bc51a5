"""Padding changes no score, whatever stands in it, for every network that sees time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from weaktal.methods.cbp_config import PyramidConfig
from weaktal.models.convolution import ConvolutionBranch
from weaktal.models.temporal import BlockShape, MaskedConv1d, TransformerBlock, TransformerStack


def pyramid(**settings: object) -> nn.Module:
    return PyramidConfig(width=16, heads=2, residual_init=0.7, **settings).build(dim=8, classes=3)


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "convolution": lambda: ConvolutionBranch(dim=8, width=16, classes=3, kernel=3, dropout=0.5),
    "one level": lambda: pyramid(levels=1),
    "three levels": lambda: pyramid(levels=3, blocks=2),
    "three levels, kernel 3": lambda: pyramid(levels=3, kernel=3),
    "four levels, wide kernel": lambda: pyramid(levels=4, kernel=5),
    "context beside": lambda: pyramid(levels=2, context=3),
    "near attention": lambda: pyramid(levels=3, reach=2),
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("length", [1, 2, 7, 8, 13])
def test_padding_changes_no_score(name: str, length: int) -> None:
    torch.manual_seed(0)
    network = NETWORKS[name]().double().eval()
    features = torch.randn(2, 21, 8, dtype=torch.float64)
    mask = torch.arange(21) < torch.tensor([[length], [21]])
    features[0, length:] = 1e3  # garbage, far larger than any feature
    alone = network(features[:1, :length], mask[:1, :length])
    padded = network(features, mask)
    torch.testing.assert_close(padded.logits[:1, :length], alone.logits, rtol=0, atol=1e-12)
    torch.testing.assert_close(padded.embedding[:1, :length], alone.embedding, rtol=0, atol=1e-12)
    assert torch.isfinite(padded.logits).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_garbage_in_the_padding_gives_no_gradient(name: str) -> None:
    torch.manual_seed(0)
    network = NETWORKS[name]().double().eval()
    features = torch.randn(1, 12, 8, dtype=torch.float64, requires_grad=True)
    mask = torch.arange(12)[None] < 7
    network(features, mask).logits[:, :7].square().sum().backward()
    assert features.grad is not None
    assert features.grad[:, 7:].abs().max() == 0
    assert features.grad[:, :7].abs().min() > 0


def test_context_reaches_as_far_as_it_says() -> None:
    """One level that attends 2 to either side, with kernels of 3: the input moves 1 + 2 + 3 snippets around it."""
    torch.manual_seed(0)
    network = pyramid(levels=1, reach=2, kernel=3).double().eval()
    features = torch.randn(1, 31, 8, dtype=torch.float64, requires_grad=True)
    network(features, torch.ones(1, 31, dtype=torch.bool)).logits[0, 15].sum().backward()
    assert features.grad is not None
    touched = features.grad[0].abs().sum(dim=1).nonzero().flatten().tolist()
    assert touched == list(range(15 - 6, 15 + 7))


@pytest.mark.parametrize(("kernel", "stride"), [(1, 1), (3, 1), (3, 2), (5, 1)])
def test_masked_convolution_equals_plain_where_nothing_is_masked(kernel: int, stride: int) -> None:
    torch.manual_seed(0)
    layer = MaskedConv1d(4, 5, kernel=kernel, stride=stride)
    assert layer.conv.bias is not None
    nn.init.normal_(layer.conv.bias)
    features = torch.randn(2, 9, 4)
    ours = layer(features, torch.ones(2, 9, dtype=torch.bool))
    weight, bias = layer.conv.weight, layer.conv.bias
    plain = nn.functional.conv1d(features.mT, weight, bias, stride=stride, padding=kernel // 2).mT
    torch.testing.assert_close(ours, plain)


def test_a_transformer_block_equals_the_library_on_whole_videos() -> None:
    """The same layer in PyTorch's own words, which knows no packing; its factors on the residuals are 1."""
    torch.manual_seed(0)
    shape = BlockShape(heads=2, expansion=3, dropout=0.0, reach=None, residual_init=1.0)
    ours = TransformerStack(8, blocks=1, shape=shape).double()
    block = ours.blocks[0]
    assert isinstance(block, TransformerBlock)
    theirs = nn.TransformerEncoderLayer(8, 2, 24, 0.0, "gelu", batch_first=True, norm_first=True).double()
    pairs = {
        "self_attn.in_proj_weight": block.qkv.weight,
        "self_attn.in_proj_bias": block.qkv.bias,
        "self_attn.out_proj.weight": block.out.weight,
        "self_attn.out_proj.bias": block.out.bias,
        "linear1.weight": block.mlp[0].weight,
        "linear1.bias": block.mlp[0].bias,
        "linear2.weight": block.mlp[2].weight,
        "linear2.bias": block.mlp[2].bias,
    }
    theirs.load_state_dict({**theirs.state_dict(), **pairs})
    features = torch.randn(3, 7, 8, dtype=torch.float64)
    mask = torch.arange(7) < torch.tensor([[7], [4], [1]])
    expected = theirs(features, src_key_padding_mask=~mask)
    found = ours(features, mask)
    torch.testing.assert_close(found[mask], expected[mask], rtol=1e-10, atol=1e-12)
    assert not found[~mask].any()
