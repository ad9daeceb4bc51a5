"""A small vision-language encoder in CLIP's image (Radford et al., ICML 2021), for the rendered world.

An image tower of convolutions, a causal text Transformer that pools at its end-of-text mark, and one space for both. It
reads whole words of a small language (:mod:`weaktal.encoders.world.words`). The towers are plain modules that
:mod:`weaktal.worlds.pretraining` trains; :class:`SmallClipEncoder` is what everything else sees.

Shapes: N frames, C texts, L tokens, E = 128 channels of a token, D = 128 of the common space.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from weaktal.encoders.frames import Frames, ImagePreparation
from weaktal.encoders.vision_language import Prompts
from weaktal.encoders.world.words import WordTokenizer
from weaktal.errors import InputError

DIM = 128
TOKEN_DIM = 128
MAX_TOKENS = 64
PREPARATION = ImagePreparation(size=96, squash=True, resampling="bilinear", mean=(0.5,) * 3, std=(0.25,) * 3)
_TEMPERATURE = 0.07  # where the learned temperature starts, as CLIP's


class Residual(nn.Module):
    """Two 3 x 3 convolutions with a way around them (He et al., CVPR 2016)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _unit(width, width, 3, 1)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        """(N, width, H, W) to the same."""
        return F.relu(x + self.second(self.first(x)))


def _unit(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


class ImageTower(nn.Module):
    """Pictures (N, 3, 96, 96) to (N, D), not yet of unit length."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            _unit(3, 32, 5, 2),  # (N, 32, 48, 48)
            _unit(32, 48, 3, 2),  # (N, 48, 24, 24)
            Residual(48),
            _unit(48, 96, 3, 2),  # (N, 96, 12, 12)
            Residual(96),
            _unit(96, 128, 3, 2),  # (N, 128, 6, 6)
            Residual(128),
        )
        self.project = nn.Linear(2 * 128, DIM)

    def forward(self, pictures: Tensor) -> Tensor:
        """The mean of all places tells of the scene, the largest of any place of what is small."""
        x: Tensor = self.trunk(pictures)  # (N, 128, 6, 6)
        vectors: Tensor = self.project(torch.cat([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))], dim=1))
        return vectors  # (N, D)


class TextTower(nn.Module):
    """Token embeddings (C, L, E) to (C, D), not yet of unit length; each token sees itself and those before it.

    Args:
        vocabulary: how many token ids there are.
        layers, heads: of the Transformer.
    """

    def __init__(self, *, vocabulary: int, layers: int = 3, heads: int = 4) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, TOKEN_DIM)
        self.positions = nn.Parameter(torch.empty(MAX_TOKENS, TOKEN_DIM))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                TOKEN_DIM, heads, 2 * TOKEN_DIM, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
            )
            for _ in range(layers)
        )
        self.norm = nn.LayerNorm(TOKEN_DIM)
        self.project = nn.Linear(TOKEN_DIM, DIM, bias=False)
        nn.init.normal_(self.tokens.weight, std=0.02)
        nn.init.normal_(self.positions, std=0.01)

    def forward(self, embeddings: Tensor, end: Tensor) -> Tensor:
        """Embedded prompts (C, L, E), marks included, with the positions (C,) of their end marks."""
        length = embeddings.shape[1]
        x = embeddings + self.positions[:length]  # (C, L, E)
        causal = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)  # True: must not look
        for block in self.blocks:
            x = block(x, src_mask=causal)
        pooled = self.norm(x[torch.arange(len(x), device=x.device), end])  # (C, E)
        vectors: Tensor = self.project(pooled)
        return vectors  # (C, D)


class SmallClip(nn.Module):
    """Both towers and the learned temperature; frames and texts in one space.

    Args:
        vocabulary: how many token ids there are.
    """

    def __init__(self, *, vocabulary: int) -> None:
        super().__init__()
        self.image = ImageTower()
        self.text = TextTower(vocabulary=vocabulary)
        self.log_scale = nn.Parameter(torch.tensor(1 / _TEMPERATURE).log())


class SmallClipEncoder:
    """The trained towers; see :class:`weaktal.encoders.vision_language.VisionLanguageEncoder`.

    Args:
        model: frozen and put into evaluation mode here.
        tokenizer: of the words that it was trained on.
        name: for the manifest.
    """

    dim = DIM
    token_dim = TOKEN_DIM
    max_tokens = MAX_TOKENS
    preparation = PREPARATION

    def __init__(self, model: SmallClip, tokenizer: WordTokenizer, *, name: str) -> None:
        if len(tokenizer) != model.text.tokens.num_embeddings:
            raise InputError(
                f"has {len(tokenizer)} ids",
                source=name,
                expected=f"the {model.text.tokens.num_embeddings} of its weights",
            )
        self.model = model.eval().requires_grad_(False)
        self.tokenizer = tokenizer
        self.name = name

    def to(self, device: torch.device, dtype: torch.dtype = torch.float32) -> SmallClipEncoder:
        """Moves the weights to a device; ``dtype`` is that of the image side, texts stay in float32. Returns itself."""
        self.model.to(device)
        self.model.image.to(dtype)
        return self

    def encode_frames(self, frames: Frames) -> Tensor:
        """Decoded frames (N, H, W, 3) as unit vectors (N, D)."""
        weight = self.model.image.project.weight
        pictures = self.preparation.normalized(self.preparation.pixels(frames).to(weight.device))  # (N, 3, 96, 96)
        with torch.no_grad():
            vectors: Tensor = self.model.image(pictures.to(weight.dtype))
        return F.normalize(vectors.float(), dim=-1)

    def embed_texts(self, texts: Sequence[str]) -> list[Tensor]:
        """Token embeddings of each text, without marks: one (n, E) a text.

        Raises:
            InputError: naming a word that the vocabulary lacks.
        """
        return [self._embed(self.tokenizer.ids(text)) for text in texts]

    def _embed(self, ids: Sequence[int]) -> Tensor:
        table = self.model.text.tokens.weight
        return F.embedding(torch.tensor(ids, dtype=torch.long, device=table.device), table)  # (n, E)

    def assemble(self, inner: Sequence[Tensor]) -> Prompts:
        """Puts the marks around token embeddings (n, E) and pads them to one length: (C, L, E)."""
        begin, end, padding = (
            self._embed([mark]) for mark in (WordTokenizer.begin, WordTokenizer.end, WordTokenizer.padding)
        )
        sequences = [torch.cat([begin, part, end]) for part in inner]
        length = max(len(sequence) for sequence in sequences)
        if length > self.max_tokens:
            raise InputError(f"a prompt has {length} tokens", source=self.name, expected=f"at most {self.max_tokens}")
        padded = [torch.cat([s, padding.expand(length - len(s), -1)]) for s in sequences]
        ends = torch.tensor([len(sequence) - 1 for sequence in sequences], device=padding.device)
        return Prompts(torch.stack(padded), ends)

    def encode_text(self, embeddings: Tensor, end: Tensor) -> Tensor:
        """Embedded prompts (C, L, E) with their ends (C,) as unit vectors (C, D); gradients reach ``embeddings``."""
        vectors: Tensor = self.model.text(embeddings, end)
        return F.normalize(vectors.float(), dim=-1)
