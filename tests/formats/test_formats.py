"""Each format, read back with what owns it where that can be had, and with names that would break it."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote

import av
import pytest

from weaktal.errors import InputError
from weaktal.formats import FORMATS, rendered
from weaktal.formats.edl import timecode
from weaktal.formats.film import Film, exact_rate
from weaktal.formats.vtt import nested
from weaktal.segments import Segment

HOSTILE = [
    "run, fast; \"really\"",
    "<b>bold</b> & <script>",
    "00:00 --> 00:01",
    "line\nbreak\r\n\r\nand\ttab",
    "nul\x00 bell\x07 \x1b[31m",
    "{\\an8}top",
    "=cmd|' /C calc'!A0",
    "\u0642\u0641\u0632 \u202eabc",
    "Kugelsto\u00dfen \U0001f3c3",
    "x" * 3000,
    "]]><!-- --&gt;",
]  # fmt: skip
SEGMENTS = [Segment(float(number), number + 0.75, label, 0.5) for number, label in enumerate(HOSTILE)]
FILM = Film("a <b>", SEGMENTS, Path("/videos/a & b,c.mp4"), 20.0, Fraction(25))
PLAIN = Film(
    "v",
    [Segment(1.5, 4.0, "run", 0.25), Segment(0.0, 2.0, "jump", 0.9), Segment(3.0, 5.0, "run", 0.5)],
    Path("/videos/v.mp4"),
    10.0,
    Fraction(25),
)


def subtitles(text: str, path: Path) -> list[tuple[float, float, str]]:
    """Start, end and text of each cue as FFmpeg reads a file."""
    path.write_text(text, encoding="utf-8")
    found = []
    with av.open(str(path)) as file:
        stream = file.streams[0]
        for packet in file.demux(stream):
            if packet.size:
                start, length = (float(ticks * stream.time_base) for ticks in (packet.pts, packet.duration))
                found.append((start, start + length, bytes(packet).decode()))
    return found


@pytest.mark.parametrize("name", FORMATS)
def test_hostile_names_make_whole_files(name: str) -> None:
    text = rendered([FILM], name)
    text.encode("utf-8")
    if name != "csv":  # which quotes whatever it is given
        assert "\x00" not in text
        assert "\x1b" not in text


def test_subrip(tmp_path: Path) -> None:
    text = rendered([PLAIN], "srt")
    assert text.startswith("1\n00:00:00,000 --> 00:00:02,000\njump (0.90)\n\n2\n00:00:01,500 --> ")
    assert subtitles(text, tmp_path / "a.srt") == [
        (0.0, 2.0, "jump (0.90)"), (1.5, 4.0, "run (0.25)"), (3.0, 5.0, "run (0.50)"),
    ]  # fmt: skip
    hostile = subtitles(rendered([FILM], "srt"), tmp_path / "b.srt")
    assert [round(start, 3) for start, _, _ in hostile] == [segment.start for segment in SEGMENTS]
    assert hostile[2][2] == "00:00 --\uff1e 00:01 (0.50)"
    assert hostile[3][2] == "line break and tab (0.50)"


def test_webvtt_metadata_is_json(tmp_path: Path) -> None:
    found = subtitles(rendered([FILM], "vtt-metadata"), tmp_path / "a.vtt")
    assert [json.loads(text) for _, _, text in found] == [
        {"label": s.label, "start": s.start, "end": s.end, "score": s.score} for s in SEGMENTS
    ]


def test_webvtt_chapters_are_nested(tmp_path: Path) -> None:
    found = subtitles(rendered([PLAIN], "vtt"), tmp_path / "a.vtt")
    assert found == [(0.0, 1.5, "jump"), (1.5, 3.0, "run"), (3.0, 5.0, "run")]
    hostile = subtitles(rendered([FILM], "vtt"), tmp_path / "b.vtt")
    assert [text for _, _, text in hostile][1:3] == [
        "&lt;b&gt;bold&lt;/b&gt; &amp; &lt;script&gt;", "00:00 --&gt; 00:01",
    ]  # fmt: skip


def test_chapters_lie_apart_or_inside_each_other() -> None:
    segments = [Segment(0, 10, "a"), Segment(2, 9, "b"), Segment(8, 12, "c"), Segment(8, 9, "d"), Segment(20, 20, "e")]
    assert [(s.start, s.end, s.label) for s in nested(segments)] == [
        (0, 8, "a"), (2, 8, "b"), (8, 12, "c"), (8, 9, "d"), (20, 20, "e"),
    ]  # fmt: skip


def test_audacity_has_three_columns() -> None:
    lines = rendered([FILM], "audacity").split("\n")
    assert lines.pop() == ""
    cells = [line.split("\t") for line in lines]
    assert [(float(start), float(end)) for start, end, _ in cells] == [(s.start, s.end) for s in SEGMENTS]
    assert cells[3][2] == "line break and tab"
    assert rendered([PLAIN], "audacity").splitlines()[0] == "0.000000\t2.000000\tjump"


def test_label_studio() -> None:
    (task,) = json.loads(rendered([PLAIN], "label-studio"))
    assert task["data"] == {"video": "/data/local-files/?d=videos/v.mp4", "name": "v", "fps": 25.0, "duration": 10.0}
    (prediction,) = task["predictions"]
    assert [(r["value"]["ranges"], r["value"]["timelinelabels"], r["score"]) for r in prediction["result"]] == [
        ([{"start": 1, "end": 50}], ["jump"], 0.9),
        ([{"start": 39, "end": 100}], ["run"], 0.25),
        ([{"start": 76, "end": 125}], ["run"], 0.5),
    ]
    assert {(r["type"], r["from_name"], r["to_name"]) for r in prediction["result"]} == {
        ("timelinelabels", "segments", "video")
    }
    assert prediction["score"] == 0.9
    (hostile,) = json.loads(rendered([FILM], "label-studio"))
    assert [r["value"]["timelinelabels"][0] for r in hostile["predictions"][0]["result"]] == HOSTILE
    assert unquote(hostile["data"]["video"]).endswith("/a & b,c.mp4")


def elan(film: Film, path: Path) -> dict[str, list[tuple[int, int, str]]]:
    pympi = pytest.importorskip("pympi")
    path.write_text(rendered([film], "eaf"), encoding="utf-8")
    document = pympi.Elan.Eaf(str(path))
    assert document.get_linked_files()[0]["MEDIA_URL"] == film.file.as_uri() if film.file else True
    return {tier: document.get_annotation_data_for_tier(tier) for tier in document.get_tier_names()}


def test_elan(tmp_path: Path) -> None:
    assert elan(PLAIN, tmp_path / "a.eaf") == {
        "jump": [(0, 2000, "0.900")],
        "run": [(1500, 4000, "0.250")],
        "run [2]": [(3000, 5000, "0.500")],  # annotations of a tier must not overlap
    }
    hostile = elan(FILM, tmp_path / "b.eaf")
    assert len(hostile) == len(HOSTILE)
    assert hostile["<b>bold</b> & <script>"] == [(1000, 1750, "0.500")]
    assert hostile["line break and tab"] == [(3000, 3750, "0.500")]


def test_an_edit_decision_list() -> None:
    assert rendered([PLAIN], "edl").splitlines() == [
        "TITLE: v",
        "FCM: NON-DROP FRAME",
        "",
        "001  AX       V     C        00:00:00:00 00:00:02:00 00:00:00:00 00:00:02:00",
        "* FROM CLIP NAME: v.mp4",
        "* COMMENT: jump 0.900",
        "002  AX       V     C        00:00:01:13 00:00:04:00 00:00:02:00 00:00:04:12",
        "* FROM CLIP NAME: v.mp4",
        "* COMMENT: run 0.250",
        "003  AX       V     C        00:00:03:00 00:00:05:00 00:00:04:12 00:00:06:12",
        "* FROM CLIP NAME: v.mp4",
        "* COMMENT: run 0.500",
    ]
    for line in rendered([FILM], "edl").splitlines()[3:]:
        assert line.startswith("* ") or len(line.split()) == 8


def test_a_list_has_a_most(tmp_path: Path) -> None:
    film = Film("v", [Segment(0.0, 1.0, "run")] * 1000, rate=Fraction(25))
    with pytest.raises(InputError, match=r"to edl: 1000 segments of v; expected 999 at most; raise min_score"):
        rendered([film], "edl")


@pytest.mark.parametrize(
    ("frame", "rate", "code"),
    [
        (0, Fraction(30000, 1001), "00:00:00;00"),
        (1799, Fraction(30000, 1001), "00:00:59;29"),
        (1800, Fraction(30000, 1001), "00:01:00;02"),
        (17981, Fraction(30000, 1001), "00:09:59;29"),
        (17982, Fraction(30000, 1001), "00:10:00;00"),
        (107892, Fraction(30000, 1001), "01:00:00;00"),  # an hour, to a tenth of a second
        (3600, Fraction(60000, 1001), "00:01:00;04"),
        (215784, Fraction(60000, 1001), "01:00:00;00"),
        (24 * 3600, Fraction(24000, 1001), "01:00:00:00"),
        (90, Fraction(30), "00:00:03:00"),
        (25, Fraction(25, 2), "00:00:02:01"),
    ],
)
def test_time_codes(frame: int, rate: Fraction, code: str) -> None:
    assert timecode(frame, rate) == code


def test_drop_frame_leaves_out_numbers_and_no_frame() -> None:
    codes = [timecode(frame, Fraction(30000, 1001)) for frame in range(40_000)]
    assert len(set(codes)) == len(codes)
    assert codes == sorted(codes)
    assert not [code for code in codes if code[5:] in (":00;00", ":00;01") and code[4] != "0"]


def test_opentimelineio(tmp_path: Path) -> None:
    otio = pytest.importorskip("opentimelineio")
    path = tmp_path / "a.otio"
    path.write_text(rendered([PLAIN], "otio"), encoding="utf-8")
    timeline = otio.adapters.read_from_file(str(path))
    (clip,) = timeline.find_clips()
    assert clip.media_reference.target_url == "file:///videos/v.mp4"
    assert clip.duration().to_seconds() == 10.0
    marked = [(m.name, m.marked_range.start_time.to_seconds(), m.marked_range.duration.value) for m in clip.markers]
    assert marked == [("jump", 0.0, 50), ("run", 1.52, 62), ("run", 3.0, 50)]
    assert clip.markers[0].metadata["weaktal"]["score"] == 0.9
    path.write_text(rendered([FILM], "otio"), encoding="utf-8")
    (clip,) = otio.adapters.read_from_file(str(path)).find_clips()
    assert len(clip.markers) == len(HOSTILE)


def test_opentimelineio_reads_the_edit_decision_list(tmp_path: Path) -> None:
    otio = pytest.importorskip("opentimelineio")
    pytest.importorskip("otio_cmx3600_adapter")
    path = tmp_path / "a.edl"
    for rate in (Fraction(25), Fraction(30000, 1001), Fraction(24)):
        film = Film("v", PLAIN.segments, PLAIN.file, 10.0, rate)
        path.write_text(rendered([film], "edl"), encoding="utf-8")
        clips = list(otio.adapters.read_from_file(str(path), rate=float(rate)).find_clips())
        assert [clip.source_range.duration.to_seconds() for clip in clips] == pytest.approx([2.0, 2.5, 2.0], abs=0.05)
        assert [clip.source_range.start_time.to_seconds() for clip in clips] == pytest.approx([0, 1.5, 3], abs=0.05)


def test_fiftyone() -> None:
    found = json.loads(rendered([PLAIN, Film("u", ())], "fiftyone"))
    assert found["classes"] == ["jump", "run"]
    assert found["labels"] == {
        "/videos/v.mp4": [
            {"label": 0, "support": [1, 50], "confidence": 0.9},
            {"label": 1, "support": [39, 100], "confidence": 0.25},
            {"label": 1, "support": [76, 125], "confidence": 0.5},
        ],
        "u": [],
    }
    unknown = json.loads(rendered([Film("u", [Segment(0.5, 1.0, "run", 0.5)])], "fiftyone"))
    assert unknown["labels"]["u"] == [{"label": 0, "timestamps": [0.5, 1.0], "confidence": 0.5}]


def test_pictures_of_variable_rate() -> None:
    film = Film("v", (), rate=Fraction(4), times=[0.0, 0.1, 0.2, 1.0, 2.0])
    assert film.pictures(Segment(0.0, 0.2, "x")) == (0, 1)
    assert film.pictures(Segment(0.15, 1.5, "x")) == (1, 3)
    assert film.pictures(Segment(0.5, 0.6, "x")) == (2, 2)
    assert film.pictures(Segment(5.0, 6.0, "x")) == (4, 4)


@pytest.mark.parametrize(
    ("fps", "rate"),
    [(25.0, 25), (29.97, Fraction(30000, 1001)), (23.976, Fraction(24000, 1001)), (59.94, Fraction(60000, 1001)),
     (30.0, 30), (119.88, Fraction(120000, 1001)), (15.0, 15), (0.5, Fraction(1, 2))],
)  # fmt: skip
def test_rates_that_are_meant(fps: float, rate: Fraction) -> None:
    assert exact_rate(fps) == rate
