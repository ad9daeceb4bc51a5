"""The classification-based branch: a Transformer pyramid encoder and a convolutional decoder (Ju et al. 2023, 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from weaktal.models.convolution import ConvolutionBranch
from weaktal.models.logits import both_true
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


class Context(nn.Module):
    """What lies around a snippet, as a second condition: it can silence a snippet and never speak for it.

    A small network of its own gives every snippet and class a probability from the snippet and its neighbours. The
    snippet's probability is multiplied by it. So a snippet beside an action, which the neighbours alone would speak
    for, is not called action; that is what convolutions inside the branch do when they learn from tags. For a share of
    the training videos the factor is left out: there the tags have to be found in single snippets, or else the branch
    would leave the work to its context.

    Args:
        network: features (B, T, D) and mask (B, T) to logits (B, T, C).
        left_out: share of the training videos without the factor.
    """

    START = 2.0  # of the classifier's bias: at first the factor is about .9, and the branch learns nearly as without

    def __init__(self, network: ConvolutionBranch, *, left_out: float) -> None:
        super().__init__()
        self.network = network
        self.left_out = left_out
        nn.init.constant_(network.classify.bias, self.START)

    def forward(self, logits: Tensor, features: Tensor, mask: Tensor) -> Tensor:
        """Logits of the snippets (B, T, C), features (B, T, D) and mask (B, T) to logits (B, T, C)."""
        both = both_true(logits, self.network(features, mask).logits)
        if not (self.training and self.left_out):
            return both
        alone = torch.rand(len(logits), 1, 1, device=logits.device) < self.left_out
        return torch.where(alone, logits, both)


class PyramidBranch(nn.Module):
    """Encoder and decoder: features to class logits; with ``context``, a snippet's surroundings have a say too."""

    def __init__(self, encoder: PyramidEncoder, decoder: ConvDecoder, context: Context | None = None) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.context = context

    def forward(self, features: Tensor, mask: Tensor) -> SnippetOutput:
        """(B, T, D) and (B, T) to logits (B, T, C) and embedding (B, T, E)."""
        output: SnippetOutput = self.decoder(self.encoder(features, mask), mask)
        if self.context is None:
            return output
        return output._replace(logits=self.context(output.logits, features, mask))
