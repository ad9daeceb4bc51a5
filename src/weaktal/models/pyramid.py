"""The classification-based branch: a Transformer pyramid encoder and a convolutional decoder (Ju et al. 2023, 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from weaktal.models.outputs import SnippetOutput
from weaktal.models.temporal import BlockShape, MaskedConv1d, TransformerStack, scaled


class PyramidEncoder(nn.Module):
    """Snippet features seen at several temporal scales and brought back to every snippet.

    Level 0 has the rate of the snippets; each further level halves it by a convolution of stride 2. Every level runs
    its Transformer blocks; a coarse level's output is added to every snippet that it covers.

    Args:
        dim: channels of the features, D.
        width: channels of the embedding, E.
        levels: scales, 1 or more.
        blocks: Transformer blocks of each level.
        shape: of the blocks; the learned factors on the coarse levels start where those on the residuals do.
        kernel: snippets that the input projection sees.
        input_dropout: share of input channels dropped.
    """

    def __init__(
        self,
        *,
        dim: int,
        width: int,
        levels: int,
        blocks: int,
        shape: BlockShape,
        input_dropout: float,
        kernel: int,
    ) -> None:
        super().__init__()
        self.input_dropout = nn.Dropout(input_dropout)
        self.project = MaskedConv1d(dim, width, kernel=kernel)
        self.norm = nn.LayerNorm(width)
        self.down = nn.ModuleList(MaskedConv1d(width, width, kernel=3, stride=2) for _ in range(levels - 1))
        self.levels = nn.ModuleList(TransformerStack(width, blocks=blocks, shape=shape) for _ in range(levels))
        # How much each coarse level adds to the finest one, a channel each; without factors, all of it.
        start = shape.residual_init
        self.mix = None if start is None else nn.Parameter(torch.full((levels - 1, width), start))

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        """(B, T, D) and (B, T) to (B, T, E)."""
        time = features.shape[1]
        x = torch.relu(self.norm(self.project(self.input_dropout(features), mask)))  # (B, T, E)
        level_mask = mask
        fused: Tensor | None = None
        for level, blocks in enumerate(self.levels):
            if level:
                x = self.down[level - 1](x, level_mask)  # (B, ceil(T / 2^level), E)
                level_mask = level_mask[:, ::2]
            x = blocks(x, level_mask)
            if fused is None:
                fused = x
            else:
                share = None if self.mix is None else self.mix[level - 1]
                fused = fused + scaled(x.repeat_interleave(2**level, dim=1)[:, :time], share)
        assert fused is not None
        return fused


class ConvDecoder(nn.Module):
    """Three 1-D convolutions from the embedding to class logits (Ju et al. 2023, 3.2)."""

    def __init__(self, *, width: int, classes: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.hidden = nn.ModuleList(MaskedConv1d(width, width, kernel=kernel) for _ in range(2))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.dropout = nn.Dropout(dropout)
        self.classify = MaskedConv1d(width, classes, kernel=kernel)

    def forward(self, embedding: Tensor, mask: Tensor) -> SnippetOutput:
        """(B, T, E) and (B, T) to logits (B, T, C) and the features before the last layer (B, T, E)."""
        x = embedding
        for layer, norm in zip(self.hidden, self.norms, strict=True):
            x = torch.relu(norm(layer(x, mask)))
        return SnippetOutput(logits=self.classify(self.dropout(x), mask), embedding=x)


class PyramidBranch(nn.Module):
    """Encoder and decoder: features to class logits."""

    def __init__(self, encoder: PyramidEncoder, decoder: ConvDecoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def forward(self, features: Tensor, mask: Tensor) -> SnippetOutput:
        """(B, T, D) and (B, T) to logits (B, T, C) and embedding (B, T, E)."""
        output: SnippetOutput = self.decoder(self.encoder(features, mask), mask)
        return output
