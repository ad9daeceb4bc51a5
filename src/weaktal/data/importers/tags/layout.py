"""Which columns of a table hold what: guessed from the cells, and said.

One column names the video. The tags are in one or more columns of text (one cell may hold several, and several rows may
be about one video), or each tag has a column of its own with yes or no in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from weaktal.data.importers.tags.cells import Cells, Row
from weaktal.data.importers.tags.joining import looks_like_a_video
from weaktal.errors import InputError, arg, nearest, shown

YES = frozenset({"1", "x", "yes", "y", "ja", "j", "true", "t", "wahr", "oui", "vrai", "si", "sí", "sim", "✓", "✔"})
NO = frozenset({"", "0", "no", "n", "nein", "false", "f", "falsch", "non", "faux", "não", "-", "\u2013", "\u2014"})
# What columns of tags are usually called, in lower case and without numbers.
TAG_WORDS = frozenset(
    {
        *("tag", "tags", "label", "labels", "class", "classes", "action", "actions", "activity", "activities"),
        *("event", "events", "category", "categories", "behavior", "behaviour", "exercise", "exercises", "what"),
        *("klasse", "klassen", "aktion", "aktionen", "kategorie", "kategorien", "ereignis", "ereignisse"),
        *("stichwort", "stichworte", "stichwörter", "schlagwort", "schlagworte", "schlagwörter"),
        *("übung", "übungen", "disziplin", "disziplinen", "verhalten", "was", "inhalt"),
        *("étiquette", "étiquettes", "catégorie", "catégories", "activité", "activités"),
        *("acción", "acciones", "etiqueta", "etiquetas", "categoría", "categorías", "actividad"),
    }
)
_NUMBER = re.compile(r"[\d\s.,:/%+-]+(s|ms|sec|min|fps|mb|kb|gb)?", re.IGNORECASE)  # or a time, or a date
_SAMPLE = 2000  # rows that the video column is guessed from


@dataclass(frozen=True, slots=True)
class Layout:
    """What the columns of a table hold.

    Attributes:
        rows: those below the header.
        video: the column that names videos.
        tags: the columns of tags.
        yes_no: whether each of them is one tag, which its title names.
        others: the columns that hold something else.
        titles: of all columns; letters, as a spreadsheet has them, where there is no header.
        said: the above in words.
    """

    rows: Sequence[Row]
    video: int
    tags: tuple[int, ...]
    yes_no: bool
    others: tuple[int, ...]
    titles: tuple[str, ...]
    said: str

    def place(self, row: Row, column: int) -> str:
        """Where a cell is, for a message."""
        return f"row {row.number}, column {shown(self._title(column))}"

    def _title(self, column: int) -> str:
        return self.titles[column] if column < len(self.titles) else letters(column)


def letters(column: int) -> str:
    """What a spreadsheet calls a column.

    >>> letters(0), letters(27)
    ('A', 'AB')
    """
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def guess_layout(
    cells: Cells, is_video: Callable[[str], bool], *, video_column: str | None = None, tag_columns: Sequence[str] = ()
) -> Layout:
    """What the columns hold.

    Args:
        cells: the table.
        is_video: whether a cell names one of the videos.
        video_column: title or letter of the column that names videos; the one with most of them by default.
        tag_columns: titles or letters of the columns of tags; guessed by default.

    Raises:
        InputError: if no column names videos, or it cannot be told which columns hold tags.
    """
    rows = cells.rows
    width = max(len(row.cells) for row in rows[:_SAMPLE])
    first = tuple(rows[0][column] for column in range(width))
    named = _column(video_column, first, cells, "video_column") if video_column is not None else None
    video = _video_column(cells, width, is_video) if named is None else named
    header = not is_video(rows[0][video]) and not looks_like_a_video(rows[0][video])
    if header:  # rows that are longer hold more tags
        width = max(video, *(column for column, title in enumerate(first) if title)) + 1
        first = first[:width]
    titles = tuple((header and title) or letters(column) for column, title in enumerate(first))
    below = rows[1:] if header else rows
    if not below:
        raise InputError("holds no rows below its header", source=cells.source, expected="a row for each video")
    profiles = [_Profile(below, column) for column in range(width)]
    if tag_columns:
        tags = tuple(_column(name, first, cells, "tag_columns") for name in tag_columns)
        yes_no = header and all(profiles[column].yes_no for column in tags)
    else:
        tags, yes_no = _tag_columns(cells, video, profiles, titles, header=header)
    widest = max(len(row.cells) for row in below)
    if not yes_no and max(tags) == width - 1:
        tags += tuple(range(width, widest))
    others = tuple(
        column for column in range(width) if column != video and column not in tags and not profiles[column].empty
    )
    said = _said(rows[0], titles, video, tags, header=header, yes_no=yes_no)
    return Layout(below, video, tags, yes_no, others, titles, said)


def _column(name: str, first: Sequence[str], cells: Cells, argument: str) -> int:
    """A column by its title, else by its letter."""
    spelled = name.strip().casefold()
    titles = [title.casefold() for title in first]
    if spelled in titles:
        return titles.index(spelled)
    known = [letters(column).casefold() for column in range(len(first))]
    if spelled in known:
        return known.index(spelled)
    near = nearest(name, [title for title in first if title])
    expected = f"one of {', '.join(filter(None, first))}, or a letter" + (f"; nearest is {near}" if near else "")
    raise InputError(f"{cells.source} has no column {shown(name)}", source=arg(argument), expected=expected)


def _video_column(cells: Cells, width: int, is_video: Callable[[str], bool]) -> int:
    counts = [sum(is_video(row[column]) for row in cells.rows[:_SAMPLE]) for column in range(width)]
    if not max(counts):
        some = next((row for row in cells.rows[1:] if row.cells), cells.rows[0])
        raise InputError(
            f"no cell names a video; row {some.number} has {', '.join(map(shown, some.cells[:6]))}",
            source=cells.source,
            expected="names of the videos, with or without their folders and endings",
        )
    return counts.index(max(counts))


class _Profile:
    """What the cells of a column look like."""

    def __init__(self, rows: Iterable[Row], column: int) -> None:
        self.values = {row[column].casefold() for row in rows}  # distinct
        self.empty = not any(self.values)
        self.yes_no = not self.empty and self.values <= YES | NO
        self.yes = bool(self.values & YES)
        self.number = all(_NUMBER.fullmatch(value) for value in self.values if value)


def _tag_columns(
    cells: Cells, video: int, profiles: Sequence[_Profile], titles: Sequence[str], *, header: bool
) -> tuple[tuple[int, ...], bool]:
    others = [column for column, profile in enumerate(profiles) if column != video and not profile.empty]
    text = [column for column in others if not profiles[column].number and not profiles[column].yes_no]
    if not header:
        chosen = [column for column in text if column > video] or text
        if chosen:
            return tuple(chosen), False
        raise InputError(
            "no column of tags",
            source=cells.source,
            expected="a column with tags, or a header and a column for each tag",
        )
    usual = [column for column in text if titles[column].casefold().strip(" _-.0123456789") in TAG_WORDS]
    if usual:
        return tuple(usual), False
    checked = [column for column in others if profiles[column].yes_no]
    if any(profiles[column].yes for column in checked):
        return tuple(checked), True
    if len(text) == 1:
        return tuple(text), False
    named = ", ".join(shown(titles[column]) for column in text) or "none has text"
    raise InputError(
        f"it is unclear which column holds the tags: {named}",
        source=cells.source,
        expected=f"{arg('tag_columns')}, or a column that is called tags",
    )


def _said(first: Row, titles: Sequence[str], video: int, tags: Sequence[int], *, header: bool, yes_no: bool) -> str:
    head = f"row {first.number} is taken as the header" if header else "there is no header"
    names = ", ".join(shown(titles[column]) for column in tags if column < len(titles))
    kind = f"a column for each of {len(tags)} tags: {names}" if yes_no else f"tags in {names}"
    return f"{head}; videos in column {shown(titles[video])}, {kind}"
