"""A vocabulary of whole words: the tokenizer of vision-language encoders that know a small language.

A word outside the vocabulary is refused by name. Any stand-in for it would give a vector that says nothing about the
word and looks like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from weaktal.errors import InputError, nearest, shown
from weaktal.files import read_model, write_json

PADDING, BEGIN, END = "<pad>", "<begin>", "<end>"
MARKS = (PADDING, BEGIN, END)
_WORD = re.compile(r"[a-z0-9]+")


def words_of(text: str) -> list[str]:
    """The words of a text in lower case; punctuation only separates.

    >>> words_of("A photo: high-jump, outdoors!")
    ['a', 'photo', 'high', 'jump', 'outdoors']
    """
    return _WORD.findall(text.lower())


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    words: Annotated[tuple[str, ...], Field(min_length=1)]


class WordTokenizer:
    """Text to token ids and back.

    Args:
        words: the vocabulary in the order of its ids, which follow those of the three marks.
        source: where it came from, for messages.

    Attributes:
        padding, begin, end: ids of the marks.

    Raises:
        InputError: if a word appears twice or is none.
    """

    padding, begin, end = range(len(MARKS))

    def __init__(self, words: Sequence[str], *, source: Path | str = "vocabulary") -> None:
        self.words = tuple(words)
        self._source = source
        self._ids = {word: index for index, word in enumerate(self.words, start=len(MARKS))}
        for word in self.words:
            if words_of(word) != [word] or self.words.count(word) > 1:
                problem = "appears twice" if words_of(word) == [word] else "is not a word"
                raise InputError(f"{shown(word)} {problem}", source=source, expected="distinct words in lower case")

    def __len__(self) -> int:
        """How many ids there are, marks included."""
        return len(MARKS) + len(self.words)

    def ids(self, text: str) -> list[int]:
        """Token ids without marks.

        Raises:
            InputError: naming the first word that the vocabulary lacks.
        """
        return [self._id(word) for word in words_of(text)]

    def _id(self, word: str) -> int:
        if word in self._ids:
            return self._ids[word]
        near = nearest(word, self.words, least=0.6)
        raise InputError(
            f"does not know the word {shown(word)}",
            source=self._source,
            expected=f"words of its {len(self.words)}" + (f", such as {near!r}" if near else ""),
        )

    def text(self, ids: Iterable[int]) -> str:
        """The words of token ids, marks left out."""
        return " ".join(self.words[i - len(MARKS)] for i in ids if i >= len(MARKS))


def read_words(path: Path, *, name: str | None = None) -> WordTokenizer:
    """A vocabulary that :func:`write_words` wrote; messages call it ``name``.

    Raises:
        InputError: if the file is missing or damaged.
    """
    return WordTokenizer(read_model(path, _File, "a vocabulary").words, source=name or path)


def write_words(path: Path, tokenizer: WordTokenizer) -> None:
    """Writes the vocabulary, whole or not at all."""
    write_json(path, {"words": list(tokenizer.words)})
