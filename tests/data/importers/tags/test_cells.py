from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from weaktal.data.importers.tags import cells
from weaktal.data.importers.tags.cells import Cells, read_cells
from weaktal.errors import InputError

TABLE = [["Datei", "Übung"], ["a.mp4", "Weit, hoch"], ["b.mp4", "Größe"]]


def read(path: Path, **options: str) -> Cells:
    return read_cells(path, lambda cell: cell.endswith(".mp4"), **options)


def contents(cells: Cells) -> list[list[str]]:
    return [list(row.cells) for row in cells.rows]


def text(delimiter: str, end: str = "\r\n") -> str:
    return "".join(delimiter.join(f'"{c}"' if delimiter in c else c for c in row) + end for row in TABLE)


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16-LE"),
        ("utf-16-be", "UTF-16-BE"),
        ("cp1252", "Windows-1252"),
    ],
)
def test_delimiters_and_encodings(delimiter: str, encoding: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "tags.csv"
    path.write_bytes(text(delimiter).encode(encoding))
    found = read(path)
    assert contents(found) == TABLE
    assert found.said.startswith(f"{said}, cells separated by ")


def test_an_encoding_that_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tags.csv"
    path.write_bytes(text(";", "\r").encode("mac-roman"))
    assert contents(read(path, encoding="mac-roman")) == TABLE
    with pytest.raises(InputError, match="no encoding 'klingon'"):
        read(path, encoding="klingon")


def test_the_delimiter_is_the_one_that_sets_videos_apart(tmp_path: Path) -> None:
    path = tmp_path / "tags.csv"
    path.write_text("a.mp4,run;jump\nb.mp4,jump;run\n")
    assert contents(read(path)) == [["a.mp4", "run;jump"], ["b.mp4", "jump;run"]]
    path.write_text("a.mp4;run,jump\nb.mp4;jump,run\n")
    assert contents(read(path)) == [["a.mp4", "run,jump"], ["b.mp4", "jump,run"]]


def test_the_delimiter_that_a_file_tells_excel(tmp_path: Path) -> None:
    path = tmp_path / "tags.csv"
    path.write_text("sep=^\r\nvideo^tags\r\na.mp4^run\r\n")
    found = read(path)
    assert contents(found) == [["video", "tags"], ["a.mp4", "run"]]
    assert found.rows[1].number == 3


def test_rows_are_counted_as_a_spreadsheet_counts(tmp_path: Path) -> None:
    path = tmp_path / "tags.csv"
    path.write_text('video,tags\n\n,\na.mp4,"run\njump"\nb.mp4,run,more\n')
    assert [(row.number, row.cells) for row in read(path).rows] == [
        (1, ("video", "tags")),
        (4, ("a.mp4", "run\njump")),
        (5, ("b.mp4", "run", "more")),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no rows"),
        (b"\n\n,,\n", "holds no rows"),
        (b'a.mp4,run\nb.mp4,"' + b"x" * 200_000, "row 2: field larger than field limit .*quotation mark"),
        (b"a.mp4" + b"," * 2000, "row 1: has 2,001 cells; expected 1,000 at most"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old format; expected it saved as .xlsx"),
        (b"PK\x03\x04 and no archive", "cannot be read as .xlsx"),
        (b"a.mp4;\x81\n", r"line 1: byte 81 is not cp1252"),
    ],
)
def test_what_cannot_be_read(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "tags.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read(path)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file; expected a table"):
        read(tmp_path / "absent.csv")


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "empty"
    sheet = book.create_sheet("Tabelle")
    sheet.append(["video", "jump", "n", None, "ok"])
    sheet.append(["a.mp4", 1, 2.5, None, True])
    sheet.append([])
    sheet.append(["b.mp4", 0.0])
    book.save(tmp_path / "tags.xlsx")
    return tmp_path / "tags.xlsx"


def test_a_workbook(workbook: Path) -> None:
    found = read(workbook)
    assert found.said == "sheet 'Tabelle' of 2; the others are not looked at"
    assert [row.number for row in found.rows] == [1, 2, 4]
    assert [row[1] for row in found.rows] == ["jump", "1", "0"]
    assert [row[4] for row in found.rows] == ["ok", "true", ""]
    assert read(workbook, sheet="Tabelle").rows == found.rows
    with pytest.raises(InputError, match=r"sheet: no sheet 'x' in .*; expected one of empty, Tabelle"):
        read(workbook, sheet="x")


def test_a_workbook_that_unpacks_to_more_than_any_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "MOST_BYTES", 1 << 20)
    content = io.BytesIO()
    with (
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/x.xml", "w", force_zip64=True) as out,
    ):
        for _ in range(2):
            out.write(bytes(1 << 20))
    (tmp_path / "tags.xlsx").write_bytes(content.getvalue())
    with pytest.raises(InputError, match=r"unpacks to 2,097,152 bytes; expected 1,048,576 at most"):
        read(tmp_path / "tags.xlsx")


def test_a_small_workbook_of_endless_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workbook: Path) -> None:
    monkeypatch.setattr(cells, "MOST_ROWS", 3)
    with pytest.raises(InputError, match="has more rows; expected 3 at most"):
        read(workbook)
    with zipfile.ZipFile(tmp_path / "endless.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/x.xml", bytes(1 << 25))
    with pytest.raises(InputError, match=r"unpacks to 33,554,432 bytes, \d+ times its size; expected a workbook"):
        read(tmp_path / "endless.xlsx")
