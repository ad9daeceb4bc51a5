"""What videos are called: the stem of their file, with the folder where phones and cameras number alike in each.

A name must do for a feature file on any system and for a key in JSON. It is Unicode in its composed form, since macOS
hands out decomposed names, and holds no characters that a file name could not have elsewhere.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

MOST_BYTES = 180  # of a name in UTF-8; a file system takes 255, endings and temporary names need some
_NOT_IN_NAMES = frozenset('/\\:*?"<>|\0')


def composed(text: str) -> str:
    """Text in Unicode's composed form (NFC): an umlaut is one character, however it was typed or stored."""
    return unicodedata.normalize("NFC", text)


def other_forms(path: Path) -> list[Path]:
    """The same path with the letters of its last part composed (NFC) and decomposed (NFD), as Macs store it."""
    return [path.with_name(unicodedata.normalize(form, path.name)) for form in ("NFC", "NFD")]


def clean_name(text: str) -> str:
    """A video name out of any text: what could not stand in a file name becomes a ``_``.

    >>> clean_name(" Clip 10:30 ")
    'Clip 10_30'
    """
    name = "".join("_" if c in _NOT_IN_NAMES or not c.isprintable() else c for c in composed(text))
    name = name.strip().lstrip(".").strip()
    return name.encode()[:MOST_BYTES].decode(errors="ignore").strip() or "video"


def file_names(names: Iterable[str]) -> dict[str, str]:
    """What a file of each video is called, by the video's name; each its own, as :func:`name_videos` has it.

    >>> file_names(["a/b", "a:b", "A_B"])
    {'a/b': 'a_b', 'a:b': 'a_b_2', 'A_B': 'A_B_3'}
    """
    taken: set[str] = set()
    found = {}
    for name in names:
        clean = unique = clean_name(name)
        number = 1
        while unique.casefold() in taken:
            number += 1
            unique = f"{clean}_{number}"
        taken.add(unique.casefold())
        found[name] = unique
    return found


def name_videos(paths: Iterable[Path], known: Mapping[str, Path] | None = None) -> dict[str, Path]:
    """Names for video files, each its own, also where a file system does not tell capitals apart.

    A file is called by its stem. Files of equal stem are called ``FOLDER_STEM``, with as many folders as it takes;
    those that lie in one folder get their ending as well.

    Args:
        paths: the files; one that is named twice counts once.
        known: files that have a name already, which they keep.

    Returns:
        The files of ``paths`` by name, sorted.
    """
    names_before = {path.resolve(): name for name, path in (known or {}).items()}
    taken = {name.casefold() for name in known or ()}
    found: dict[str, Path] = {}
    alike: dict[str, list[Path]] = defaultdict(list)
    for path in {path.resolve(): path for path in paths}.values():
        if (name := names_before.get(path.resolve())) is not None:
            found[name] = path
        else:
            alike[clean_name(path.stem).casefold()].append(path)
    for group in alike.values():
        for name, path in zip(_told_apart(group, taken), group, strict=True):
            taken.add(name.casefold())
            found[name] = path
    return dict(sorted(found.items()))


def _told_apart(group: list[Path], taken: set[str]) -> list[str]:
    """Names for files of one stem that differ from each other and from those that are taken."""
    parts = [path.absolute().parts[1:] for path in group]
    for depth in range(1, max(map(len, parts)) + 1):
        names = [clean_name("_".join([*part[-depth:-1], path.stem])) for part, path in zip(parts, group, strict=True)]
        if _free(names, taken):
            return names
    names = [clean_name(f"{path.parent.name}_{path.stem}_{path.suffix[1:]}") for path in group]
    number = 2
    while not _free(names, taken):
        names = [clean_name(f"{path.stem}_{number + index}") for index, path in enumerate(group)]
        number += 1
    return names


def _free(names: list[str], taken: set[str]) -> bool:
    folded = {name.casefold() for name in names}
    return len(folded) == len(names) and not folded & taken
