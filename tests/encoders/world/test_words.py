from __future__ import annotations

from pathlib import Path

import pytest

from weaktal.encoders.world.words import WordTokenizer, read_words, words_of, write_words
from weaktal.errors import InputError

WORDS = ["a", "high", "jump", "of", "photo", "track"]


def test_known_words_come_back() -> None:
    tokenizer = WordTokenizer(WORDS)
    ids = tokenizer.ids("A photo of: high-jump, track!")
    assert tokenizer.text(ids) == "a photo of high jump track"
    assert len(set(ids)) == len(ids)
    assert min(ids) > max(tokenizer.padding, tokenizer.begin, tokenizer.end)
    assert max(ids) < len(tokenizer) == len(WORDS) + 3
    assert tokenizer.text([tokenizer.begin, *ids[:1], tokenizer.end, tokenizer.padding]) == "a"


def test_an_unknown_word_is_refused_by_name_with_a_near_one() -> None:
    with pytest.raises(InputError, match=r"world-vlp: does not know the word 'jumps'; expected .* such as 'jump'"):
        WordTokenizer(WORDS, source="world-vlp").ids("high jumps")
    with pytest.raises(InputError, match="does not know the word 'xyzzy'"):
        WordTokenizer(WORDS).ids("xyzzy")


def test_the_file_keeps_the_ids(tmp_path: Path) -> None:
    write_words(tmp_path / "words.json", WordTokenizer(WORDS))
    assert read_words(tmp_path / "words.json").ids("high track") == WordTokenizer(WORDS).ids("high track")


@pytest.mark.parametrize("words", [["a", "a"], ["two words"], ["A"], [""]])
def test_what_is_no_vocabulary_is_refused(words: list[str]) -> None:
    with pytest.raises(InputError, match="expected distinct words in lower case"):
        WordTokenizer(words)


@pytest.mark.parametrize("content", ["[]", "{}", '{"words": []}', '{"words": [1]}', "{"])
def test_a_damaged_file_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "words.json"
    path.write_text(content)
    with pytest.raises(InputError, match=r"words\.json"):
        read_words(path)


def test_words_of() -> None:
    assert words_of("100-meter\tDASH, at night") == ["100", "meter", "dash", "at", "night"]
    assert words_of(" ,.") == []
