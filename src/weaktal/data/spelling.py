"""Names that mean the same and are spelled otherwise: labels by case and blanks, videos by ``v_`` and endings."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import PurePath

from weaktal.data.video_names import composed
from weaktal.errors import shown

_BETWEEN_WORDS = re.compile(r"[\W_]+")
_LONGEST_ENDING = 5  # of a file name, with its dot


def plain(label: str) -> str:
    """A label without what spellings of one name differ by: case, blanks, hyphens and underscores.

    >>> plain("HighJump") == plain("high_jump ")
    True
    """
    return _BETWEEN_WORDS.sub("", label).casefold()


def variants(labels: Iterable[str]) -> Sequence[str]:
    """The first labels that are spellings of one name, in their order; empty where there are none.

    >>> variants(["HighJump", "Diving", "highjump"])
    ['HighJump', 'highjump']
    """
    groups: dict[str, list[str]] = {}
    for label in labels:
        groups.setdefault(plain(label) or label, []).append(label)
    return next((group for group in groups.values() if len(group) > 1), [])


def difference(name: str, known: Collection[str]) -> str | None:
    """How the name of a video differs from one that is known, in words; None where it is not near any.

    >>> difference("v_abc", ["abc"])
    "'v_abc' and 'abc' differ by a leading v_ only"
    """
    for other, how in _respelled(name):
        if other in known:
            return f"{shown(name)} and {shown(other)} differ by {how} only"
    if (same := {composed(one): one for one in known}.get(composed(name), name)) != name:
        return f"{shown(name)} and {shown(same)} differ by the Unicode form of their letters only"
    folded = {composed(one).strip().casefold(): one for one in known}
    if (same := folded.get(composed(name).strip().casefold(), name)) != name:
        return f"{shown(name)} and {shown(same)} differ by case or blanks only"
    return None


def _respelled(name: str) -> Iterable[tuple[str, str]]:
    """Other spellings of a video's name, each with what it differs by."""
    yield f"v_{name}", "a leading v_"
    if name.startswith("v_"):
        yield name.removeprefix("v_"), "a leading v_"
    ending = PurePath(name).suffix
    if 1 < len(ending) <= _LONGEST_ENDING:
        yield name.removesuffix(ending), f"the ending {ending}"
    for more in (".mp4", ".avi", ".mkv", ".webm", ".mov"):
        yield name + more, f"the ending {more}"


def systematic(names: Collection[str], known: Collection[str]) -> str | None:
    """:func:`difference` of the first of ``names`` that has any."""
    return next((how for name in names if (how := difference(name, known)) is not None), None)
