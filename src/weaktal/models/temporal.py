"""Layers over time that respect the mask: padding never changes the score of a snippet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

Activation = Literal["gelu", "quick_gelu"]


class Packing:
    """The rows of the true snippets, N of B * T, and back; no work is spent on padding in between.

    Args:
        mask: (B, T) bool.
    """

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask
        self._rows = mask.flatten().nonzero().squeeze(1)  # (N,)

    def pack(self, x: Tensor) -> Tensor:
        """(B, T, D) to (N, D), video after video."""
        return x.flatten(0, 1).index_select(0, self._rows)

    def unpack(self, packed: Tensor) -> Tensor:
        """(N, D) to (B, T, D), zeros in the padding."""
        padded = packed.new_zeros(self.mask.numel(), packed.shape[1])
        return padded.index_copy(0, self._rows, packed).view(*self.mask.shape, -1)


class MaskedConv1d(nn.Module):
    """A 1-D convolution along time on (B, T, D); beyond the last snippet it sees zeros, as before the first.

    With a kernel of 1 the padding comes out as zeros, otherwise as anything finite.
    """

    def __init__(self, channels_in: int, channels_out: int, *, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels_in, channels_out, kernel, stride=stride, padding=kernel // 2)
        # PyTorch's default start shrinks the signal to a third a layer, and a stack of such layers barely learns.
        nn.init.kaiming_normal_(self.conv.weight, nonlinearity="relu")
        assert self.conv.bias is not None
        nn.init.zeros_(self.conv.bias)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, T, D_in) and (B, T) to (B, ceil(T / stride), D_out)."""
        if self.conv.kernel_size == self.conv.stride == (1,):  # each snippet for itself
            packing = Packing(mask)
            weight = self.conv.weight.squeeze(2)  # (D_out, D_in)
            return packing.unpack(nn.functional.linear(packing.pack(x), weight, self.conv.bias))
        x = x.masked_fill(~mask[:, :, None], 0.0)
        out: Tensor = self.conv(x.transpose(1, 2)).transpose(1, 2)
        return out


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockShape:
    """What a Transformer block looks like, whatever its width.

    Attributes:
        heads: attention heads; they divide the width.
        expansion: hidden channels of the MLP, as a multiple of the width.
        dropout: on both residuals.
        reach: places that attention sees to either side; None for all.
        residual_init: start of the learned factors on both residuals; a small one lets the block start as the identity.
            None leaves the factors out: residuals at full strength.
        activation: inside the MLP.
    """

    heads: int
    expansion: int
    dropout: float
    reach: int | None
    residual_init: float | None
    activation: Activation = "gelu"


class QuickGELU(nn.Module):
    """x sigmoid(1.702 x), the approximation of GELU that CLIP was trained with."""

    def forward(self, x: Tensor) -> Tensor:
        """Any shape."""
        return x * torch.sigmoid(1.702 * x)


class LearnedPosition(nn.Module):
    """A learned vector for each place in time, added to the snippets; it starts at N(0, std).

    Args:
        width: channels, D.
        length: places. A longer video meets them again from the first on, as crops of that length do in training.
        std: spread at the start.
    """

    def __init__(self, width: int, *, length: int, std: float) -> None:
        super().__init__()
        self.table = nn.Parameter(std * torch.randn(length, width))

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, D) to (B, T, D)."""
        places = torch.arange(x.shape[1], device=x.device) % len(self.table)
        return x + self.table[places]


class TransformerBlock(nn.Module):
    """Self-attention and MLP, LayerNorm before each, residual after each (Ju et al. 2023, section 3.2).

    Args:
        width: channels, D.
        shape: of the block.
    """

    def __init__(self, width: int, shape: BlockShape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.reach = shape.reach
        self.norm_attention = nn.LayerNorm(width)
        self.norm_mlp = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        hidden = shape.expansion * width
        activation = nn.GELU() if shape.activation == "gelu" else QuickGELU()
        self.mlp = nn.Sequential(nn.Linear(width, hidden), activation, nn.Linear(hidden, width))
        self.dropout = nn.Dropout(shape.dropout)
        self.scale_attention = residual_factor(width, shape.residual_init)
        self.scale_mlp = residual_factor(width, shape.residual_init)

    def forward(self, x: Tensor, packing: Packing) -> Tensor:
        """Packed snippets, (N, D) to (N, D)."""
        x = x + self.dropout(scaled(self._attend(self.norm_attention(x), packing), self.scale_attention))
        out: Tensor = x + self.dropout(scaled(self.mlp(self.norm_mlp(x)), self.scale_mlp))
        return out

    def _attend(self, x: Tensor, packing: Packing) -> Tensor:
        (batch, time), width = packing.mask.shape, x.shape[1]
        qkv = packing.unpack(self.qkv(x)).view(batch, time, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (B, heads, T, D / heads)
        allowed = packing.mask[:, None, None, :]  # (B, 1, 1, T)
        if self.reach is not None:
            place = torch.arange(time, device=x.device)
            near = (place[:, None] - place[None, :]).abs() <= self.reach  # (T, T)
            # A padded snippet far beyond the last real one may have no neighbour; it sees itself, and nobody sees it.
            allowed = (allowed & near) | torch.eye(time, dtype=torch.bool, device=x.device)
        attended = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=allowed)  # (B, heads, T, D / heads)
        out: Tensor = self.out(packing.pack(attended.transpose(1, 2).reshape(batch, time, width)))
        return out


def residual_factor(width: int, start: float | None) -> nn.Parameter | None:
    """A learned factor on each channel of a residual (LayerScale); None for a plain residual."""
    return None if start is None else nn.Parameter(torch.full((width,), start))


def scaled(x: Tensor, factor: Tensor | None) -> Tensor:
    """``x`` times the factor of its channels, where there is one."""
    return x if factor is None else x * factor


class TransformerStack(nn.Module):
    """Transformer blocks of one shape, one after another."""

    def __init__(self, width: int, *, blocks: int, shape: BlockShape) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(TransformerBlock(width, shape) for _ in range(blocks))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, T, D) and (B, T) to (B, T, D), zeros in the padding."""
        packing = Packing(mask)
        packed = packing.pack(x)
        for block in self.blocks:
            packed = block(packed, packing)
        return packing.unpack(packed)
