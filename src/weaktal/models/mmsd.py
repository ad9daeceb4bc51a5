"""The three streams of MMSD: RGB, flow, and the two fused (Huang et al., TIP 2022).

Every stream embeds the snippets and compares them, by cosine, with one center per class, one of the background and one
of the foreground. The streams lie along a leading axis S in the order of :data:`STREAMS`, so that whatever happens to
all of them happens once.

Shapes: S streams, B videos, T snippets, C classes, D channels; class index C is the background.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weaktal.models.logits import of_the_others

STREAMS = ("rgb", "flow", "fused")


class StreamScores(NamedTuple):
    """What the streams say of a batch. Rows where the mask is false hold zeros.

    Attributes:
        snippet_logits: (S, B, T, C+1), scaled cosine of each snippet with each center.
        foreground_logits: (S, B, T), scaled cosine of each snippet with the center of the foreground.
        attention: (S, B, T) in [0, 1], their sigmoid: how much a snippet is foreground, whatever its class.
        attended_logits: (S, B, C+1), the video's features pooled by the attention, against every center.
        classwise_logits: (S, B, C+1), the video's features pooled for each class by that class's own snippet scores,
            against the center of that class.
        embedding: (S, B, T, D), what the centers are compared with.
    """

    snippet_logits: Tensor
    foreground_logits: Tensor
    attention: Tensor
    attended_logits: Tensor
    classwise_logits: Tensor
    embedding: Tensor


class MMSD(nn.Module):
    """Two modalities of any widths in, scores of three streams out.

    Args:
        rgb_channels: width of the RGB features.
        flow_channels: width of the flow features.
        classes: C.
        channels: D, width of the embeddings.
        scale: factor on cosines.
        dropout: share of units dropped after each embedding layer.
    """

    def __init__(
        self,
        *,
        rgb_channels: int,
        flow_channels: int,
        classes: int,
        channels: int = 1024,
        scale: float = 20.0,
        dropout: float = 0.6,
    ) -> None:
        super().__init__()
        self.rgb_first = EmbeddingLayer(rgb_channels, rgb_channels, dropout=dropout)
        self.rgb_second = EmbeddingLayer(rgb_channels, channels, dropout=dropout)
        self.flow_first = EmbeddingLayer(flow_channels, flow_channels, dropout=dropout)
        self.flow_second = EmbeddingLayer(flow_channels, channels, dropout=dropout)
        self.fusion = EmbeddingLayer(rgb_channels + flow_channels, channels, dropout=dropout)
        self.heads = CosineHeads(streams=len(STREAMS), classes=classes, channels=channels, scale=scale)

    def forward(self, rgb: Tensor, flow: Tensor, mask: Tensor) -> StreamScores:
        """Scores of a padded batch; what the padding holds changes nothing.

        Args:
            rgb: (B, T, rgb_channels).
            flow: (B, T, flow_channels).
            mask: (B, T) bool, true where a snippet is; at least one in each video.
        """
        # The layers see the true snippets only, N of all B * T: no work and no gradient is spent on padding.
        rgb_hidden = self.rgb_first(rgb[mask])  # (N, rgb_channels)
        flow_hidden = self.flow_first(flow[mask])  # (N, flow_channels)
        fused = self.fusion(torch.cat([rgb_hidden, flow_hidden], dim=-1))  # (N, D)
        packed = torch.stack([self.rgb_second(rgb_hidden), self.flow_second(flow_hidden), fused])  # (S, N, D)
        scores: StreamScores = self.heads(packed, mask)
        return scores


class EmbeddingLayer(nn.Module):
    """Linear, ReLU, dropout; Xavier-uniform weights and no bias to start with."""

    def __init__(self, inputs: int, outputs: int, *, dropout: float) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)
        self.dropout = dropout
        nn.init.xavier_uniform_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(..., inputs) to (..., outputs)."""
        embedded = F.relu(self.linear(x))
        return thinned(embedded, self.dropout) if self.training and self.dropout else embedded


def thinned(x: Tensor, dropout: float) -> Tensor:
    """Dropout: a random share of the values becomes 0, and the others grow to keep the expectation.

    What ``torch.nn.functional.dropout`` does, with uniform numbers in place of its Bernoulli draws: those take four
    times as long on a CPU, a tenth of a whole update in float32 and a fifth in bfloat16.
    """
    kept = torch.rand(x.shape, device=x.device) >= dropout
    return x * kept / (1.0 - dropout)


class CosineHeads(nn.Module):
    """Class centers, attention and the two video predictions, for all streams at once.

    Args:
        streams: S.
        classes: C; a center of the background joins them.
        channels: D.
        scale: factor on cosines.
    """

    def __init__(self, *, streams: int, classes: int, channels: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.class_centers = nn.Parameter(torch.empty(streams, classes + 1, channels))
        for centers in self.class_centers.data:
            nn.init.xavier_uniform_(centers)
        # Foreground starts as what background is not, and from there on learns on its own.
        self.foreground_centers = nn.Parameter(-self.class_centers.detach()[:, -1].clone())  # (S, D)

    def forward(self, packed: Tensor, mask: Tensor) -> StreamScores:
        """Scores from embeddings.

        Args:
            packed: (S, N, D), embeddings of the N true snippets in the order of ``mask``.
            mask: (B, T) bool.
        """
        class_centers = F.normalize(self.class_centers, dim=-1)  # (S, C+1, D)
        foreground_centers = F.normalize(self.foreground_centers, dim=-1).unsqueeze(1)  # (S, 1, D)
        centers = torch.cat([class_centers, foreground_centers], dim=1)  # (S, C+2, D)
        cosines = torch.einsum("snd,skd->snk", F.normalize(packed, dim=-1), centers)  # (S, N, C+2)
        logits = unpack(self.scale * cosines, mask)  # (S, B, T, C+2)
        activations = torch.sigmoid(logits) * mask.unsqueeze(-1)  # (S, B, T, C+2)

        # One weighted mean of the embeddings for each class and one for the foreground.
        weights = activations / activations.sum(dim=2, keepdim=True).clamp_min(torch.finfo(activations.dtype).tiny)
        embedding = unpack(packed, mask)  # (S, B, T, D)
        pooled = torch.einsum("sbtk,sbtd->sbkd", weights, embedding)  # (S, B, C+2, D)
        pooled = F.normalize(pooled, dim=-1)
        attended = torch.einsum("sbd,scd->sbc", pooled[:, :, -1], class_centers)  # (S, B, C+1)
        classwise = torch.einsum("sbcd,scd->sbc", pooled[:, :, :-1], class_centers)  # (S, B, C+1)
        return StreamScores(
            snippet_logits=logits[..., :-1],
            foreground_logits=logits[..., -1],
            attention=activations[..., -1],
            attended_logits=self.scale * attended,
            classwise_logits=self.scale * classwise,
            embedding=embedding,
        )


def unpack(packed: Tensor, mask: Tensor) -> Tensor:
    """Puts the rows of the true snippets, (S, N, K), back to where they are in the padded batch, (S, B, T, K)."""
    padded = packed.new_zeros(packed.shape[0], *mask.shape, packed.shape[-1])
    padded[:, mask] = packed
    return padded


def mix_streams(values: Tensor, weights: tuple[float, float, float]) -> Tensor:
    """Weighted sum over the streams, (S, ...) to (...).

    Args:
        values: scores of the streams in the order of :data:`STREAMS`.
        weights: of each stream.
    """
    return torch.einsum("s...,s->...", values, values.new_tensor(weights))


def mixed_scores(scores: StreamScores, weights: tuple[float, float, float]) -> tuple[Tensor, Tensor]:
    """What the streams say together at test time.

    A snippet's score is its mixed class probability times its mixed attention; a video's is the mixed probability of
    the prediction that the attention pools. The background takes part in the softmax and is then left out.

    Args:
        scores: of a batch.
        weights: of each stream.

    Returns:
        Scores in [0, 1] of snippets, (B, T, C), zero in the padding, and of videos, (B, C).
    """
    snippets = mix_streams(torch.softmax(scores.snippet_logits, dim=-1), weights)  # (B, T, C+1)
    attention = mix_streams(scores.attention, weights)  # (B, T)
    videos = mix_streams(torch.softmax(scores.attended_logits, dim=-1), weights)  # (B, C+1)
    return (snippets * attention.unsqueeze(-1))[..., :-1], videos[..., :-1]


def mixed_probabilities(
    scores: StreamScores, weights: tuple[float, float, float], mask: Tensor
) -> tuple[Tensor, Tensor]:
    """As :func:`mixed_scores`, with a snippet's class probability alone: what the attention says of it does not count.

    Args:
        scores: of a batch.
        weights: of each stream.
        mask: (B, T) bool.
    """
    snippets = mix_streams(torch.softmax(scores.snippet_logits, dim=-1), weights)  # (B, T, C+1)
    videos = mix_streams(torch.softmax(scores.attended_logits, dim=-1), weights)  # (B, C+1)
    return (snippets * mask.unsqueeze(-1))[..., :-1], videos[..., :-1]


def mixed_logits(scores: StreamScores, weights: tuple[float, float, float]) -> Tensor:
    r"""The snippet scores of :func:`mixed_scores` as logits, so that they can be taught like those of any branch.

    With the mixed probability :math:`P` of a class and the mixed attention :math:`A`, the score is :math:`p = P A` and
    :math:`1 - p = (1 - A) + A (1 - P)`. All of it stays in logarithms: no score is too near to 0 or 1 to be taught.

    Args:
        scores: of a batch.
        weights: of each stream, at least 0, with sum 1.

    Returns:
        (B, T, C), whose sigmoid are the scores of the snippets; padding holds anything finite.
    """
    # Half precision would round the scores to steps that their logits make large.
    with torch.autocast(device_type=scores.snippet_logits.device.type, enabled=False):
        snippets, foreground = (x if x.dtype == torch.float64 else x.float() for x in scores[:2])
        shares = snippets.new_tensor(weights).log()  # -inf leaves a stream out
        classes = (snippets.log_softmax(dim=-1) + shares[:, None, None, None]).logsumexp(dim=0)  # log P, (B, T, C+1)
        attended = (F.logsigmoid(foreground) + shares[:, None, None]).logsumexp(dim=0)  # log A, (B, T)
        unattended = (F.logsigmoid(-foreground) + shares[:, None, None]).logsumexp(dim=0)  # log (1 - A)
        present = (classes + attended.unsqueeze(-1))[..., :-1]  # log p, (B, T, C)
        other_class = (of_the_others(classes) + attended.unsqueeze(-1))[..., :-1]
        return present - torch.logaddexp(unattended.unsqueeze(-1), other_class)
