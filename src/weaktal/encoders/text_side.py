"""The text side of a model of the transformers library, with room for learnable vectors around a class name.

It runs the library's own text encoder with its token lookup answered by the given embeddings, so mask, positions and
pooling are the checkpoint's: CLIP and its kin pool at the end-of-text mark, SigLIP, which sees texts padded to full
length, at the last position, CLAP at the first, VideoPrism at a token that it adds itself.

Shapes: C texts, L tokens of the longest, E channels of a token embedding, D of the common space.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from weaktal.encoders.tokens import Tokenizer
from weaktal.encoders.vision_language import Prompts
from weaktal.errors import InputError

FULL_LENGTH = ("siglip", "siglip2")  # texts are padded to it, and padding is looked at
MASKED = ("clap", "videoprism")  # padding is told by a mask
_LEGACY_MARK = 2  # what early configurations of CLIP call the end mark, which it is not


class TextSide:
    """Texts as unit vectors; the half of :class:`weaktal.encoders.vision_language.VisionLanguageEncoder` that reads.

    Args:
        model: of the library, with ``text_model`` and ``get_text_features``; frozen and in evaluation mode.
        tokenizer: None where texts are not wanted.
        name: for the manifest.
    """

    def __init__(self, model: Any, tokenizer: Tokenizer | None, *, name: str) -> None:
        self.model = model.eval().requires_grad_(False)
        self.name = name
        self._tokenizer = tokenizer
        text = model.config.text_config
        self._kind: str = model.config.model_type
        embeddings = model.text_model.embeddings
        self._table: torch.nn.Module = getattr(embeddings, "token_embedding", None) or embeddings.word_embeddings
        self.token_dim: int = text.hidden_size
        self.max_tokens: int = text.max_position_embeddings
        if self._kind == "clap":  # the library counts positions from behind the padding mark
            self.max_tokens -= text.pad_token_id + 1

    @property
    def has_text(self) -> bool:
        """Whether there is a tokenizer."""
        return self._tokenizer is not None

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer.

        Raises:
            InputError: if the encoder was made without one.
        """
        if self._tokenizer is None:
            raise InputError(f"{self.name} has no tokenizer", expected="tokenizer files beside the weights")
        return self._tokenizer

    def embed_texts(self, texts: Sequence[str]) -> list[Tensor]:
        """Token embeddings of each text, without marks: one (n, E) a text."""
        return [self._embed(self.tokenizer.ids(text)) for text in texts]

    def _embed(self, ids: Sequence[int]) -> Tensor:
        table: Any = self._table.weight
        embedded: Tensor = F.embedding(torch.tensor(ids, dtype=torch.long, device=table.device), table)
        return embedded  # (n, E)

    def assemble(self, inner: Sequence[Tensor]) -> Prompts:
        """Puts the marks around token embeddings (n, E) and pads them to one length: (C, L, E).

        Raises:
            InputError: if a sequence is longer than ``max_tokens`` allows.
        """
        begin, end = self._embed(self.tokenizer.begin), self._embed(self.tokenizer.end)
        padding = self._embed([self.tokenizer.padding])  # (1, E)
        sequences = [torch.cat([begin, part, end]) for part in inner]
        length = max(len(sequence) for sequence in sequences)
        if length > self.max_tokens:
            raise InputError(f"a prompt has {length} tokens", source=self.name, expected=f"at most {self.max_tokens}")
        if self._kind in FULL_LENGTH:
            length = self.max_tokens
        padded = [torch.cat([s, padding.expand(length - len(s), -1)]) for s in sequences]
        ends = torch.tensor([len(sequence) - 1 for sequence in sequences], device=padding.device)
        return Prompts(torch.stack(padded), ends)

    def encode_text(self, embeddings: Tensor, end: Tensor) -> Tensor:
        """Embedded prompts (C, L, E) with their ends (C,) as unit vectors (C, D); gradients reach ``embeddings``."""
        ids, others = self._placeholders(embeddings, end)
        with _answering(self._table, embeddings):
            vectors = pooled(self.model.get_text_features(input_ids=ids, **others))
        return F.normalize(vectors.float(), dim=-1)

    def _placeholders(self, embeddings: Tensor, end: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Token ids (C, L) that are never looked up, but tell the library where a text ends."""
        shape, device = embeddings.shape[:2], embeddings.device
        ids = torch.zeros(shape, dtype=torch.long, device=device)
        if self._kind in FULL_LENGTH:
            return ids, {}
        text = self.model.config.text_config
        if self._kind in MASKED:
            mask = torch.arange(shape[1], device=device) <= end[:, None]  # (C, L)
            ids = torch.where(mask, (text.pad_token_id + 1) % text.vocab_size, text.pad_token_id)
            return ids, {"attention_mask": mask.long()}
        # The library looks for the position to pool at among the ids: the first one equal to the end mark or, in
        # configurations that still name a wrong mark, the largest. This one is both. X-CLIP always takes the largest.
        legacy = self._kind == "xclip" or (self._kind == "clip" and text.eos_token_id == _LEGACY_MARK)
        ids[torch.arange(len(ids), device=device), end] = text.vocab_size - 1 if legacy else text.eos_token_id
        return ids, {}


@contextlib.contextmanager
def _answering(table: torch.nn.Module, embeddings: Tensor) -> Iterator[None]:
    """While this lasts, ``table`` looks nothing up but answers with ``embeddings``."""
    handle = table.register_forward_hook(lambda *_: embeddings)
    try:
        yield
    finally:
        handle.remove()


def pooled(output: Any) -> Tensor:
    """Before version 5 the library returned the vectors, since then an object that holds them."""
    vectors: Tensor = output if isinstance(output, Tensor) else output.pooler_output
    return vectors
