"""Seeds as the shell gives them."""

from __future__ import annotations

from weaktal.errors import InputError, shown

MOST = 1000


def parse_seeds(text: str) -> list[int]:
    """Numbers and ranges with commas, such as ``"0-4"`` or ``"0,2,7-9"``, both ends included.

    Raises:
        InputError: if it is something else.

    >>> parse_seeds("0-2,7")
    [0, 1, 2, 7]
    """
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        last = last if dash else first
        if not all(word.isdecimal() and word.isascii() and len(word) < 10 for word in (first, last)):
            raise _refused(text)
        if not int(first) <= int(last) < int(first) + MOST:
            raise _refused(text)
        seeds.extend(range(int(first), int(last) + 1))
    if len(set(seeds)) != len(seeds):
        raise _refused(text)
    return seeds


def _refused(text: str) -> InputError:
    return InputError("are not seeds", source=f"--seeds {shown(text)}", expected="whole numbers, such as 0-4 or 0,1,2")
