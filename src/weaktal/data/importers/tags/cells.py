"""A file of cells as rows of text: CSV and TSV of the usual encodings and delimiters, and .xlsx."""

from __future__ import annotations

import csv
import datetime
import io
import itertools
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weaktal.errors import InputError, arg, shown
from weaktal.files import read_bytes
from weaktal.packages import require

WHAT = "a table: .csv, .tsv or .xlsx"
DELIMITERS = ("\t", ";", ",", "|")
MOST_BYTES = 1 << 30  # of a table; one of a million rows has a tenth of it
MOST_COLUMNS = 1000
MOST_ROWS = 1_000_000
# Workbooks unpack to about ten times their size; a small one made to keep a reader busy for minutes, to hundreds.
MOST_TIMES, ALWAYS_FINE = 100, 1 << 24  # bytes
_SAMPLE = 200  # rows that the delimiter is guessed from
_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_SEP_LINE = re.compile(r"\ufeff?sep=(.)\r?\n", re.IGNORECASE)  # how a file tells Excel its delimiter
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_SPOKEN = {"\t": "tabs", ";": "semicolons", ",": "commas", "|": "bars"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table.

    Attributes:
        number: as a spreadsheet counts, from 1.
        cells: stripped text; "" where a cell is empty.
    """

    number: int
    cells: tuple[str, ...]

    def __getitem__(self, column: int) -> str:
        """The cell of a column; "" where the row is shorter."""
        return self.cells[column] if column < len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class Cells:
    """All rows of a table that are not empty.

    Attributes:
        source: the file.
        rows: in order.
        said: how the file was read.
    """

    source: Path
    rows: list[Row]
    said: str


def read_cells(
    source: Path, is_video: Callable[[str], bool], *, encoding: str | None = None, sheet: str | None = None
) -> Cells:
    """The rows of a table.

    Args:
        source: the file.
        is_video: whether a cell names one of the videos, which tells delimiters apart.
        encoding: of text; guessed by default.
        sheet: of a workbook; its first one that holds anything by default.

    Raises:
        InputError: if the file cannot be read as a table, or holds no rows.
    """
    content = read_bytes(source, WHAT, MOST_BYTES)
    if content.startswith(_OLD_EXCEL):
        raise InputError("is a workbook in Excel's old format", source=source, expected="it saved as .xlsx or .csv")
    rows: Iterable[list[str]]
    if content.startswith(_ZIP):
        rows, said = _workbook(source, content, sheet)
    else:
        text, name = _decoded(source, content, encoding)
        rows, said = _delimited(source, text, is_video)
        said = f"{name}, cells separated by {said}"
    filled = [
        Row(number, cells)
        for number, cells in enumerate((tuple(cell.strip() for cell in row) for row in rows), start=1)
        if any(cells)
    ]
    if not filled:
        raise InputError("holds no rows", source=source, expected=WHAT)
    return Cells(source, filled, said)


def _decoded(source: Path, content: bytes, encoding: str | None) -> tuple[str, str]:
    """The text of a file, and what its encoding is called."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return _as(source, content, name), name.upper().removesuffix("-SIG")
    if encoding is not None:
        return _as(source, content, encoding), encoding
    head = content[:2000]
    for name, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        if zeros and zeros.count(0) > 0.4 * len(zeros):
            return _as(source, content, name), name.upper()
    try:
        return content.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        return _as(source, content, "cp1252"), "Windows-1252"


def _as(source: Path, content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except LookupError:
        expected = "one that Python knows, such as utf-8, cp1252 or mac-roman"
        raise InputError(f"no encoding {shown(encoding)}", source=arg("encoding"), expected=expected) from None
    except UnicodeError as error:
        start = getattr(error, "start", 0)
        place = f"line {content[:start].count(10) + 1}"
        problem = f"byte {content[start : start + 1].hex() or '?'} is not {encoding}"
        raise InputError(problem, source=source, place=place, expected=f"UTF-8, or its {arg('encoding')}") from None


def _delimited(source: Path, text: str, is_video: Callable[[str], bool]) -> tuple[Iterable[list[str]], str]:
    told = _SEP_LINE.match(text)
    if told is not None:
        delimiter = told.group(1)
        text = "\n" + text[told.end() :]  # still a row, an empty one, so that rows are counted as a spreadsheet does
    else:
        delimiter = max(DELIMITERS, key=lambda each: _fit(text, each, is_video))
    return _parsed(source, text, delimiter), _SPOKEN.get(delimiter, delimiter)


def _fit(text: str, delimiter: str, is_video: Callable[[str], bool]) -> tuple[int, float, int]:
    """How well a delimiter fits: rows of several cells that name a video, and how many rows are equally wide."""
    try:
        sample = [row for row in itertools.islice(_reader(text, delimiter), _SAMPLE) if row]
    except csv.Error:
        return 0, 0.0, 0
    naming = sum(len(row) > 1 and any(map(is_video, row)) for row in sample)
    width, count = Counter(len(row) for row in sample if len(row) > 1).most_common(1)[0] if _wide(sample) else (0, 0)
    return naming, count / max(len(sample), 1), width


def _wide(rows: list[list[str]]) -> bool:
    return any(len(row) > 1 for row in rows)


def _reader(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)


def _parsed(source: Path, text: str, delimiter: str) -> Iterator[list[str]]:
    number = 0
    try:
        for number, row in enumerate(_reader(text, delimiter), start=1):
            if len(row) > MOST_COLUMNS:
                raise InputError(f"has {len(row):,} cells", source=source, place=f"row {number}", expected=_columns())
            yield row
    except csv.Error as error:
        expected = "cells of reasonable size; is a quotation mark missing?"
        raise InputError(str(error), source=source, place=f"row {number + 1}", expected=expected) from None


def _columns() -> str:
    return f"{MOST_COLUMNS:,} at most"


def _workbook(source: Path, content: bytes, sheet: str | None) -> tuple[list[list[str]], str]:
    """The rows of a sheet of an .xlsx file."""
    require("openpyxl", source=source, instead="it saved as .csv")
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > MOST_BYTES:
            raise InputError(f"unpacks to {size:,} bytes", source=source, expected=f"{MOST_BYTES:,} at most")
        if size > max(ALWAYS_FINE, MOST_TIMES * len(content)):
            problem = f"unpacks to {size:,} bytes, {size // len(content)} times its size"
            raise InputError(problem, source=source, expected="a workbook as spreadsheet programs write them")
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        names = [each.title for each in book.worksheets]
        if sheet is not None and sheet not in names:
            expected = f"one of {', '.join(names)}"
            raise InputError(f"no sheet {shown(sheet)} in {source}", source=arg("sheet"), expected=expected)
        for name in names if sheet is None else [sheet]:
            rows = _sheet(source, book[name])
            if any(map(any, rows)) or sheet is not None:
                more = len(names) - 1
                return rows, f"sheet {shown(name)}" + (
                    f" of {len(names)}; the others are not looked at" if more else ""
                )
    except InputError:
        raise
    except Exception as error:  # a damaged or made-up workbook makes openpyxl raise anything
        raise InputError(f"cannot be read as .xlsx ({shown(str(error))})", source=source, expected=WHAT) from None
    return [], ""


def _sheet(source: Path, sheet: Any) -> list[list[str]]:
    sheet.reset_dimensions()  # what the file says of its size may be wrong
    rows: list[list[str]] = []
    for values in sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True):
        if len(rows) == MOST_ROWS:
            raise InputError("has more rows", source=source, expected=f"{MOST_ROWS:,} at most")
        cells = [_text(value) for value in values]
        while cells and not cells[-1]:  # each row is as long as is allowed
            cells.pop()
        rows.append(cells)
    return rows


def _text(value: object) -> str:
    """A cell as a spreadsheet shows it, nearly."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    return str(value)
