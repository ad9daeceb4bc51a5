from __future__ import annotations

import numpy as np
import pytest

from weaktal.encoders.world.words import words_of
from weaktal.worlds.pretraining.captions import caption
from weaktal.worlds.still import Facts

JUMP = Facts(
    scene="athletics track",
    objects=("crossbar", "mat"),
    person="a woman in a red shirt",
    people=1,
    event="high jump",
    light="evening light",
)
EMPTY = Facts(scene="beach", objects=(), person="nobody", people=0, event=None, light="sunny")


def captions(facts: Facts, count: int = 400) -> list[str]:
    rng = np.random.default_rng(0)
    return [caption(facts, rng) for _ in range(count)]


def share(texts: list[str], *words: str) -> float:
    return float(np.mean([any(word in text for word in words) for text in texts]))


def test_captions_of_one_still_vary() -> None:
    assert len(set(captions(JUMP))) > 200


def test_captions_say_some_of_what_is_true() -> None:
    texts = captions(JUMP)
    assert all(words_of(text) for text in texts)
    assert 0.3 < share(texts, "high jump") < 0.6  # the event's own name, not always
    assert 0.6 < share(texts, "track", "athletics", "stadium") < 0.95
    assert 0.2 < share(texts, "a woman in a red shirt") < 0.7


@pytest.mark.parametrize("facts", [JUMP, EMPTY])
def test_captions_say_nothing_untrue(facts: Facts) -> None:
    texts = captions(facts)
    for elsewhere in ("gym", "pool", "golf", "tennis", "basketball"):
        assert share(texts, elsewhere) == 0
    if facts.event is None:
        assert share(texts, "jump", "throw", "doing", "during", "performing") == 0
    if facts.people == 0:
        assert share(texts, "a person", "athlete", "player", "somebody") == 0


def test_the_same_generator_writes_the_same() -> None:
    assert captions(JUMP, 20) == captions(JUMP, 20)
