"""Tokenizers that are checked before they are believed.

Loaded without their vocabulary, some tokenizers answer every word with the same unknown token and say nothing
(``[0, 2, 2, 2, 1]``); class vectors made of that look like any others. So a tokenizer must tell known words apart and
give them back.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from weaktal.errors import InputError, shown

_PROBES = ("a video of a person running", "high jump", "throwing a discus")


class Tokenizer:
    """Text to token ids, and the marks that the text encoder expects around them.

    Args:
        tokenizer: of the transformers library.
        vocabulary: rows of the text encoder's token table.
        source: where it came from, for messages.
        marked: whether the text encoder expects a mark at the end of a text.

    Attributes:
        begin, end: ids of the marks before and after a text; either may be empty.
        padding: id that fills up short texts.

    Raises:
        InputError: if it cannot give back known words, or has ids that the text encoder lacks.
    """

    def __init__(self, tokenizer: Any, *, vocabulary: int, source: Path | str, marked: bool = True) -> None:
        self._tokenizer = tokenizer
        self._source = source
        self._marked = marked
        inner = [self.ids(probe) for probe in _PROBES]
        self._check(inner, vocabulary)
        self.begin, self.end = self._marks(inner[0])
        self.padding = int(tokenizer.pad_token_id if tokenizer.pad_token_id is not None else self.end[-1])

    def ids(self, text: str) -> list[int]:
        """Token ids without marks."""
        return [int(i) for i in self._tokenizer(text, add_special_tokens=False)["input_ids"]]

    def _check(self, inner: Sequence[Sequence[int]], vocabulary: int) -> None:
        for probe, ids in zip(_PROBES, inner, strict=True):
            back = " ".join(self._tokenizer.decode(ids).split()).lower()
            if back != probe:
                raise self._broken(f"turns {shown(probe)} into the ids {shown(ids)} and these into {shown(back)}")
            if max(ids) >= vocabulary:
                raise self._broken(f"has the id {max(ids)}, the text encoder only {vocabulary} of them")

    def _marks(self, inner: list[int]) -> tuple[list[int], list[int]]:
        whole = [int(i) for i in self._tokenizer(_PROBES[0])["input_ids"]]
        for start in range(len(whole) - len(inner) + 1):
            if whole[start : start + len(inner)] == inner:
                begin, end = whole[:start], whole[start + len(inner) :]
                break
        else:
            raise self._broken(f"gives {shown(inner)} without marks but {shown(whole)} with them")
        if self._marked and (not end or end[-1] != self._tokenizer.eos_token_id):
            raise self._broken(f"puts no end-of-text mark behind {shown(_PROBES[0])} ({shown(whole)})")
        if begin and begin[0] != self._tokenizer.bos_token_id:
            raise self._broken(f"begins a text with {begin[0]}, not with its own begin mark")
        return begin, end

    def _broken(self, problem: str) -> InputError:
        return InputError(
            f"the tokenizer {problem}",
            source=self._source,
            expected="the tokenizer files of the checkpoint (tokenizer.json, or vocab.json and merges.txt)",
        )
