"""The vision-language branch of Ju et al. (CVPR 2023), section 3.3: snippets against class vectors, by cosine.

Shapes: B videos, T snippets, C classes, D channels of the space that images and texts share, E channels of a token
embedding, K learnable vectors before and after a class name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from weaktal.models.logits import one_against_rest
from weaktal.models.outputs import SnippetOutput
from weaktal.models.temporal import BlockShape, LearnedPosition, TransformerStack

Probabilities = Literal["softmax", "sigmoid"]


class TextSide(NamedTuple):
    """A frozen text encoder with the class names in it, as far as learnable prompts need one.

    Attributes:
        vanilla: (C, D) unit vectors of the class names in a fixed template.
        prompted: (K, E) and (K, E) vectors around each class name to (C, D) unit vectors; gradients reach the former.
    """

    vanilla: Tensor
    prompted: Callable[[Tensor, Tensor], Tensor]


class ClassVectors(nn.Module):
    """Given class vectors with a learnable residual on each; for features whose text encoder is not available.

    The paper learns prompts instead; a residual is what takes their place without a text encoder.

    Args:
        vanilla: (C, D), of any length.
        std: of the residual's start; 0 starts from the given vectors.
    """

    def __init__(self, vanilla: Tensor, *, std: float) -> None:
        super().__init__()
        self.vanilla: Tensor
        self.register_buffer("vanilla", functional.normalize(vanilla, dim=-1))
        self.residual = nn.Parameter(std * torch.randn(vanilla.shape))

    def forward(self) -> Tensor:
        """Unit vectors (C, D)."""
        return functional.normalize(self.vanilla + self.residual, dim=-1)

    def settle(self) -> None:
        """Nothing to do: the vectors follow from the weights alone."""


class PromptedVectors(nn.Module):
    """Class vectors from learnable vectors around each class name, through a frozen text encoder [paper: 16 + 16].

    While it trains, each call runs the text encoder. In evaluation mode the vectors are those that :meth:`settle`
    stored last, so that using the branch needs no text encoder.

    Args:
        classes: C.
        dim: D.
        width: E.
        before, after: learnable vectors on either side, shared by all classes.
        std: of their start.
        text: None where stored weights will be loaded and nothing trains.
    """

    def __init__(
        self, *, classes: int, dim: int, width: int, before: int, after: int, std: float, text: TextSide | None
    ) -> None:
        super().__init__()
        self.before = nn.Parameter(std * torch.randn(before, width))
        self.after = nn.Parameter(std * torch.randn(after, width))
        self._text = text
        self.vanilla: Tensor
        self.settled: Tensor
        self.register_buffer("vanilla", torch.zeros(classes, dim) if text is None else text.vanilla.detach().clone())
        self.register_buffer("settled", torch.zeros(classes, dim))
        if text is not None:
            self.settle()

    def forward(self) -> Tensor:
        """Unit vectors (C, D)."""
        return self._encode() if self.training else self.settled

    @torch.no_grad()
    def settle(self) -> None:
        """Stores the vectors of the prompts as they are now."""
        self.settled.copy_(self._encode())

    def _encode(self) -> Tensor:
        if self._text is None:
            raise RuntimeError("prompts were built without their text encoder and cannot be trained")
        return self._text.prompted(self.before, self.after)


class VlpBranch(nn.Module):
    """Temporal Transformer layers on vision-language features, then cosines with the class vectors over tau.

    Args:
        text: the class vectors.
        dim: D.
        blocks: temporal layers [paper: 2].
        shape: of the layers.
        std: of the start of all the layers' weights, in the features' own scale; biases start at 0 [paper: 0.01].
        temperature: tau [paper: 0.07].
        probabilities: over the classes by softmax, or of each class alone by sigmoid; with the latter an offset is
            learned along, since cosines of images and texts do not lie around 0.
        positions: places of a learned temporal embedding before the layers; None for none.
        scaled: whether features are scaled to channels of about 1 before these, or taken as they come.
    """

    def __init__(
        self,
        text: ClassVectors | PromptedVectors,
        *,
        dim: int,
        blocks: int,
        shape: BlockShape,
        std: float,
        temperature: float,
        probabilities: Probabilities,
        positions: int | None = None,
        scaled: bool = True,
    ) -> None:
        super().__init__()
        self.text = text
        self.scaled = scaled
        self.temperature = temperature
        self.probabilities = probabilities
        self.temporal = TransformerStack(dim, blocks=blocks, shape=shape)
        for layer in self.temporal.modules():
            if isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, std=std)
                nn.init.zeros_(layer.bias)
        self.position = None if positions is None else LearnedPosition(dim, length=positions, std=std)
        self.offset = nn.Parameter(torch.zeros(())) if probabilities == "sigmoid" else None

    def forward(self, features: Tensor, mask: Tensor, vectors: Tensor | None = None) -> SnippetOutput:
        """Scores of a padded batch.

        Args:
            features: (B, T, D).
            mask: (B, T) bool.
            vectors: (C, D), what :attr:`text` gives, where it has been computed already.

        Returns:
            Logits (B, T, C), whose sigmoid are the probabilities, and embedding (B, T, D).
        """
        if self.scaled:
            # Channels of about 1, as LayerNorm makes them: on vectors of length 1 even layers that start at a hundredth
            # would drown the features.
            features = functional.normalize(features, dim=-1) * features.shape[-1] ** 0.5
        if self.position is not None:
            features = self.position(features)
        embedding = self.temporal(features, mask)
        logits = self._logits(embedding, self.text() if vectors is None else vectors)
        return SnippetOutput(logits=logits if self.offset is None else logits + self.offset, embedding=embedding)

    def vanilla(self, features: Tensor) -> Tensor:
        """Logits (B, T, C) without prompts and temporal layers: the paper's over-complete baseline."""
        return self._logits(features, self.text.vanilla)

    def _logits(self, embedding: Tensor, vectors: Tensor) -> Tensor:
        # Half precision would round cosines to steps that 1 / tau makes large.
        with torch.autocast(device_type=embedding.device.type, enabled=False):
            exact = embedding.to(vectors.dtype)
            cosines = functional.normalize(exact, dim=-1) @ vectors.mT  # (B, T, C)
        if self.probabilities == "softmax":
            return one_against_rest(cosines / self.temperature)
        return cosines / self.temperature
