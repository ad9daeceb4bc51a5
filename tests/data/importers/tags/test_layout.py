from __future__ import annotations

from pathlib import Path

import pytest

from weaktal.data.importers.tags.cells import Cells, Row
from weaktal.data.importers.tags.layout import Layout, guess_layout
from weaktal.errors import InputError


def guess(table: str, **options: object) -> Layout:
    rows = [Row(n, tuple(cell.strip() for cell in line.split("|"))) for n, line in enumerate(table.splitlines(), 1)]
    return guess_layout(Cells(Path("t.csv"), rows, ""), lambda cell: cell.startswith("v"), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("table", "video", "tags", "yes_no", "said"),
    [
        ("file|Tags\nv1|run", 0, (1,), False, "row 1 is taken as the header; videos in column 'file', tags in 'Tags'"),
        ("v1|run\nv2|jump", 0, (1,), False, "there is no header; videos in column 'A', tags in 'B'"),
        ("jump|v1\nrun|v2", 1, (0,), False, "there is no header; videos in column 'B', tags in 'A'"),
        ("x.mp4|run\nv2|jump", 0, (1,), False, "there is no header; videos in column 'A', tags in 'B'"),
        (
            "who|file|len|Aktion\nAnn|v1|3.5 s|run\nBob|v2|0:12|jump", 1, (3,), False,
            "row 1 is taken as the header; videos in column 'file', tags in 'Aktion'",
        ),
        (
            "file|jump|run|note\nv1|1||good\nv2|0|x|bad", 0, (1, 2), True,
            "row 1 is taken as the header; videos in column 'file', a column for each of 2 tags: 'jump', 'run'",
        ),
        ("file|jump|run\nv1|ja|nein\nv2|ja|nein", 0, (1, 2), True, None),
        ("file|tag 1|tag_2|date\nv1|run||2024-01-02\nv2|jump|run|2024-01-03", 0, (1, 2), False, None),
        ("v1|run|jump\nv2|run|", 0, (1, 2), False, None),
        ("file|tags\nv1|run|jump|throw\nv2|run", 0, (1, 2, 3), False, None),
        ("file|n|what it shows\nv1|3|run\nv2|4|jump", 0, (2,), False, None),
    ],
)  # fmt: skip
def test_layouts(table: str, video: int, tags: tuple[int, ...], yes_no: bool, said: str | None) -> None:
    layout = guess(table)
    assert (layout.video, layout.tags, layout.yes_no) == (video, tags, yes_no)
    if said is not None:
        assert layout.said == said


def test_columns_that_are_named() -> None:
    table = "file|who|says\nv1|Ann|run\nv2|Bob|jump"
    assert guess(table, tag_columns=["Says"]).tags == (2,)
    assert guess(table, tag_columns=["b"]).tags == (1,)
    assert guess(table, video_column="who", tag_columns=["file", "says"]).video == 1
    with pytest.raises(InputError, match=r"tag_columns: t.csv has no column 'syas'; .* nearest is says"):
        guess(table, tag_columns=["syas"])
    with pytest.raises(InputError, match=r"video_column: t\.csv has no column 'D'"):
        guess(table, video_column="D")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("file|tags\nx|run", "no cell names a video; row 2 has 'x', 'run'"),
        ("file|tags", "no cell names a video"),
        ("v1\nv2", "no column of tags"),
        ("v1|3\nv2|4", "no column of tags"),
        (
            "file|who|says\nv1|Ann|run\nv2|Bob|jump",
            "unclear which column holds the tags: 'who', 'says'; expected tag_col",
        ),
        ("file|n\nv1|3", "unclear which column holds the tags: none has text"),
    ],
)
def test_what_cannot_be_told(table: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        guess(table)


def test_places_are_rows_and_columns() -> None:
    layout = guess("file|tags\nv1|run|jump")
    assert layout.place(layout.rows[0], 1) == "row 2, column 'tags'"
    assert layout.place(layout.rows[0], 2) == "row 2, column 'C'"
