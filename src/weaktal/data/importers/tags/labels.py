"""Tags out of cells: several in one, and one spelled in several ways."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from weaktal.data.video_names import composed
from weaktal.errors import shown

MOST_CHARACTERS = 100  # of a label
# A cell that says that nothing occurs.
NOTHING = frozenset(
    {"-", "\u2013", "\u2014", "none", "n/a", "na", "nan", "null", "keine", "keins", "nichts", "nothing", "rien"}
)
_SEPARATORS = {"semicolons": ";", "bars": "|", "line breaks": "\n"}
_ALWAYS = re.compile(r"[;|\n\r]+")


class Splitter:
    """Takes the tags out of cells of a column.

    Semicolons, bars and line breaks always separate tags. Commas do as well; but where others separate the tags of some
    cell, only those commas do between which lie tags that other cells have by themselves.

    Args:
        cells: all that will be split, to see what separates them.
        separator: what separates tags, instead; "" where a cell is one tag.

    Attributes:
        said: what separates tags, in words.
    """

    def __init__(self, cells: Iterable[str], separator: str | None = None) -> None:
        distinct = set(cells)
        self._separator = separator
        self._parts = {part for cell in distinct for part in _tidied(_ALWAYS.split(cell))}
        commas = any("," in part for part in self._parts)
        self._others = any(len(_tidied(_ALWAYS.split(cell))) > 1 for cell in distinct)
        self._folded = {merging_key(part) for part in self._parts}
        if separator is not None:
            self.said = f"tags separated by {shown(separator)}" if separator else "one tag a cell"
        else:
            found = [name for name, char in _SEPARATORS.items() if any(char in cell for cell in distinct)]
            found += ["commas"] if commas and any(len(self._split(part)) > 1 for part in self._parts) else []
            self.said = f"tags separated by {' and '.join(found)}" if found else "one tag a cell"
        self._tags = {cell: self._split(cell) for cell in distinct}

    def __call__(self, cell: str) -> list[str]:
        """The tags of one of the cells, each once, tidied."""
        return self._tags[cell]

    def _split(self, cell: str) -> list[str]:
        if self._separator is not None:
            parts = cell.split(self._separator) if self._separator else [cell]
        else:
            parts = [piece for part in _ALWAYS.split(cell) for piece in self._by_commas(part)]
        tags = _tidied(parts)
        return [] if len(tags) == 1 and tags[0].casefold() in NOTHING else tags

    def _by_commas(self, part: str) -> list[str]:
        pieces = part.split(",")
        if len(pieces) == 1 or not self._others or all(merging_key(piece) in self._folded for piece in pieces):
            return pieces
        return [part]


def _tidied(parts: Iterable[str]) -> list[str]:
    """Without repetition, in order; see :func:`tidy`."""
    return [tag for tag in dict.fromkeys(map(tidy, parts)) if tag]


def tidy(label: str) -> str:
    """A label in composed Unicode, without marks that cannot be seen, with single blanks between its words."""
    seen = "".join(c for c in composed(label) if unicodedata.category(c) != "Cf" or c in "\u200c\u200d")
    return " ".join(seen.split())


def merging_key(label: str) -> str:
    """Equal for labels that differ only by capitals and blanks."""
    return "".join(tidy(label).casefold().split())


@functools.lru_cache(maxsize=1 << 16)
def fault(label: str) -> str | None:
    """Why a label cannot be one; None where it can."""
    if len(label) > MOST_CHARACTERS:
        return f"a label of {len(label):,} characters"
    control = next((c for c in label if unicodedata.category(c) in ("Cc", "Cs", "Cn")), None)
    return f"the label {shown(label)} holds the control character {control!a}" if control is not None else None


def merged(labels: Iterable[str], known: Sequence[str] = ()) -> tuple[dict[str, str], list[str]]:
    """One spelling for labels that differ only by capitals or blanks: that of a known class, else the most frequent.

    Args:
        labels: each as often as it occurs.
        known: classes that the dataset has already.

    Returns:
        The spelling of each label, and a line for each that had several.
    """
    counts = Counter(labels)
    alike: Mapping[str, list[str]] = defaultdict(list)
    for label, _ in counts.most_common():  # of equally frequent ones the first
        alike[merging_key(label)].append(label)
    before = {merging_key(label): label for label in known}
    spelling: dict[str, str] = {}
    said = []
    for key, spellings in alike.items():
        chosen = before.get(key, spellings[0])
        spelling |= dict.fromkeys(spellings, chosen)
        others = [other for other in spellings if other != chosen]
        if others:
            said.append(f"the label {shown(chosen)} is also written {', '.join(map(shown, others))}")
    return spelling, said
