"""What results offer a Python caller: files, tables, a timeline, and which videos they are of."""

from __future__ import annotations

import csv
import html.parser
import json
from pathlib import Path

import pytest

from weaktal.data.results import Results, VideoFile, read_results
from weaktal.errors import InputError
from weaktal.segments import Segment

NASTY = "</span><script>alert('x')</script>"
RESULTS = Results(
    {
        "b": [Segment(1.0, 2.5, "jump", 0.75), Segment(4.0, 4.0007, NASTY, 0.25)],
        "=1+1": [],
        "a": [Segment(0.0, 9.0, "run, fast", 1.5)],
    },
    files={"b": VideoFile(file="/videos/b.mp4", duration=10.0, fps=25.0), "a": VideoFile(duration=9.0)},
)


def test_a_round_trip_keeps_the_files(tmp_path: Path) -> None:
    RESULTS.save(str(tmp_path / "results.json"))
    stored = json.loads((tmp_path / "results.json").read_text())["external_data"]["videos"]
    assert stored == {"b": {"file": "/videos/b.mp4", "duration": 10.0, "fps": 25.0}, "a": {"duration": 9.0}}
    assert Results.load(tmp_path / "results.json") == RESULTS


@pytest.mark.parametrize("videos", [{"b": {"duration": 0}}, {"b": {"file": "x"}}, {"b": 3}])
def test_bad_files_are_named(videos: object, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"results": {}, "external_data": {"videos": videos}}))
    with pytest.raises(InputError, match=r"external_data\.videos\.b"):
        read_results(path)


@pytest.mark.parametrize("videos", [None, 7, ["b"]])
def test_other_tools_may_keep_something_else_there(videos: object, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"results": {}, "external_data": {"videos": videos}}))
    assert read_results(path).files == {}


def test_csv_is_what_a_spreadsheet_reads(tmp_path: Path) -> None:
    RESULTS.export(tmp_path / "segments.csv")
    with (tmp_path / "segments.csv").open(newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows == [
        ["video", "start", "end", "label", "score"],
        ["b", "1.000", "2.500", "jump", "0.75"],
        ["b", "4.000", "4.001", NASTY, "0.25"],
        ["a", "0.000", "9.000", "run, fast", "1.5"],
    ]


def test_names_that_a_spreadsheet_would_run(tmp_path: Path) -> None:
    Results({"=cmd()": [Segment(0, 1, "@x", 0.5)]}).export(tmp_path / "s.txt", to="csv")
    assert "'=cmd(),0.000,1.000,'@x,0.5" in (tmp_path / "s.txt").read_text()


@pytest.mark.parametrize(
    ("name", "to", "message"), [("s.xyz", None, "s.xyz: no format 'xyz'"), ("s", "pdf", "^to: no")]
)
def test_an_unknown_format_writes_nothing(name: str, to: str | None, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        RESULTS.export(tmp_path / name, to=to)
    assert not list(tmp_path.iterdir())


def test_pandas_where_it_is() -> None:
    pandas = pytest.importorskip("pandas")
    frame = RESULTS.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == ["video", "start", "end", "label", "score"]
    assert frame.loc[frame.video == "a", "score"].tolist() == [1.5]


class _Tags(html.parser.HTMLParser):
    """The tags of a piece of HTML, which must be closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_notebook_shows_a_timeline_and_runs_nothing() -> None:
    shown = RESULTS._repr_html_()
    tags = _Tags()
    tags.feed(shown)
    assert not tags.open
    assert tags.seen == {"div", "b", "span"}
    assert "left: 10.00%; width: 15.00%" in shown  # 1 to 2.5 s of 10
    assert "jump 1.00 to 2.50 s, score 0.750" in shown


def test_many_videos_are_counted_and_not_drawn() -> None:
    shown = Results({f"v{number}": [] for number in range(25)})._repr_html_()
    assert shown.count("<b>") == 20
    assert "and 5 more videos" in shown


def test_repr() -> None:
    assert repr(RESULTS) == "<Results: 3 videos, 3 segments of 3 classes>"
