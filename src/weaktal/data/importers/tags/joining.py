"""Which video a cell means: by path, name or stem, whatever the system that the table was written on."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from weaktal.data.importers.tags.cells import Row
from weaktal.data.video_files import VIDEO_ENDINGS
from weaktal.data.video_names import composed

_Spelling = Callable[[str, Path], str]
_Index = Mapping[str, list[str]]


class Videos:
    """The videos that a table may name.

    Args:
        files: by name.

    Attributes:
        files: by name.
    """

    def __init__(self, files: Mapping[str, Path]) -> None:
        self.files = files
        self._found: dict[str, tuple[str, ...]] = {}  # by cell: rows about one video may be many
        self._folders = {name: [composed(part).casefold() for part in path.parts[:-1]] for name, path in files.items()}
        every = zip(*self._folders.values(), strict=False)
        self._shared = sum(1 for _ in itertools.takewhile(lambda parts: len(set(parts)) == 1, every))  # folders of all
        spellings: tuple[_Spelling, ...] = (
            lambda _, path: composed(path.name),
            lambda _, path: composed(path.stem),
            lambda name, _: composed(name),
        )
        exact = [_index(files, spelling) for spelling in spellings]
        folded = [_index(files, _folding(spelling)) for spelling in spellings]
        self._tiers: tuple[tuple[_Index, Callable[[str], str]], ...] = (
            *((index, str) for index in exact),
            *((index, str.casefold) for index in folded),
            (exact[1], _stem),  # the video was converted since
            (folded[1], lambda text: _stem(text).casefold()),
        )

    def find(self, cell: str) -> tuple[str, ...]:
        """Names of the videos that a cell may mean: none, one, or several that it does not tell apart.

        A file's name counts for more than its stem, equal letters for more than equal but for capitals; of files with
        one name, the folders in the cell tell which.

        Args:
            cell: a path, of any system, a file's name or its stem, or a name that
                :func:`~weaktal.data.video_names.name_videos` gave.
        """
        if cell not in self._found:
            self._found[cell] = self._find(cell)
        return self._found[cell]

    def _find(self, cell: str) -> tuple[str, ...]:
        *folders, last = _parts(cell)
        for index, spelled in self._tiers:
            names = index.get(spelled(last), ()) if last else ()
            if len(names) > 1 and folders:
                common = {name: _common(self._folders[name], folders) for name in names}
                names = [name for name in names if common[name] == max(common.values())]
            if names:
                return tuple(names)
        return ()

    def misplaced(self, cell: str, name: str) -> bool:
        """Whether a cell says that a video lies in another folder than it does."""
        *folders, _ = _parts(cell)
        return bool(folders) and folders[-1].casefold() not in self._folders[name]

    def in_folder(self, cell: str, name: str) -> bool:
        """Whether a cell is the name of a folder that tells a video from others."""
        innermost = _parts(cell)[-1].casefold()
        return innermost in self._folders[name][min(self._shared, len(self._folders[name]) - 1) :]

    def has(self, cell: str) -> bool:
        """Whether a cell names a video, or several."""
        return bool(cell) and bool(self.find(cell.strip()))


def looks_like_a_video(cell: str) -> bool:
    """Whether a cell ends like the name of a video file."""
    return cell.lower().endswith(VIDEO_ENDINGS)


def _stem(name: str) -> str:
    return name.rpartition(".")[0] if looks_like_a_video(name) else ""


def _parts(cell: str) -> list[str]:
    """A path's parts, at least one; that of any system."""
    return composed(cell.replace("\\", "/").strip("/ ")).split("/")


def _common(one: Sequence[str], other: Sequence[str]) -> tuple[int, int]:
    """How many of the folders ``other``, from the innermost out, are the last of ``one``, and are among them at all."""
    folded = [part.casefold() for part in reversed(other)]
    last = sum(
        1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(reversed(one), folded, strict=False))
    )
    left, count = list(one), 0
    for part in folded:
        if part not in left:
            break
        while left.pop() != part:
            pass
        count += 1
    return last, count


def _folding(spelling: _Spelling) -> _Spelling:
    return lambda name, path: spelling(name, path).casefold()


def _index(files: Mapping[str, Path], spelling: _Spelling) -> _Index:
    index: dict[str, list[str]] = defaultdict(list)
    for name, path in files.items():
        index[spelling(name, path)].append(name)
    return index


def folder_columns(rows: Sequence[Row], columns: Iterable[int], video: int, videos: Videos) -> tuple[int, ...]:
    """Columns that say in which folder a video lies: of half of the rows, or one at least where there are few values.

    Args:
        rows: of the table.
        columns: that may be such.
        video: the column that names videos.
        videos: that the table may name.
    """
    found = []
    for column in columns:
        filled = [row for row in rows if row[column]]
        right = sum(any(videos.in_folder(row[column], name) for name in videos.find(row[video])) for row in filled)
        few = 2 * len({row[column] for row in filled}) <= len(rows)
        if right and (few or 2 * right >= len(filled)):
            found.append(column)
    return tuple(found)
