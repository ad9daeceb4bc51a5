"""From results and their videos to files of other programs."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from weaktal import Results, Segment, export
from weaktal.data.exporting import NAMES
from weaktal.data.final import Choice, FinalSet
from weaktal.errors import InputError
from weaktal.runs.video_file import video_file
from weaktal.video.decoding import VideoFrames
from weaktal.video.encoding import writing_video


def film(path: Path, frames: int = 40, fps: float = 20) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with writing_video(path, fps=fps, width=32, height=32) as add:
        for number in range(frames):
            add(np.full((32, 32, 3), 5 * number, dtype=np.uint8))
    return path


@pytest.fixture
def results(tmp_path: Path) -> Results:
    """Two videos with segments of different rates, and one without."""
    segments = {
        "a": [Segment(0.5, 1.0, "run", 0.9), Segment(0.0, 2.0, "a/b: <c>", 0.2)],
        "b": [Segment(0.1, 0.6, "=jump", 0.5)],
        "c": [],
    }
    rates = {"a": 20, "b": 10, "c": 10}
    files = {name: video_file(film(tmp_path / f"{name}.mp4", fps=fps), 40 / fps) for name, fps in rates.items()}
    return Results(segments, files=files)


@pytest.mark.parametrize("name", NAMES)
def test_every_format_writes_something_whole(name: str, results: Results, tmp_path: Path) -> None:
    together = name in ("csv", "label-studio", "fiftyone")
    out = tmp_path / ("out" if not together else "out.file")
    done = results.export(out, to=name)
    assert (done.path, done.videos, done.segments, done.without) == (out, 2, 3, ("c",))
    assert out.is_file() if together else sorted(path.stem for path in out.iterdir())[:2] == ["a", "b"]
    assert not list(tmp_path.glob(".*"))


def test_the_format_of_the_ending_and_one_video(results: Results, tmp_path: Path) -> None:
    one = Results({"a": results.videos["a"]}, files=results.files)
    one.export(tmp_path / "a.srt")
    assert (tmp_path / "a.srt").read_text().startswith("1\n00:00:00,000 --> 00:00:02,000\n")
    one.export(tmp_path / "a.vtt", min_score=0.5)
    assert (tmp_path / "a.vtt").read_text() == "WEBVTT\n\n00:00:00.500 --> 00:00:01.000\nrun\n"
    Results({"a": []}).export(tmp_path / "none.vtt")
    assert (tmp_path / "none.vtt").read_text() == "WEBVTT\n"


@pytest.mark.parametrize(
    ("out", "options", "message"),
    [
        ("x.json", {}, r"several formats are .json; expected to, one of label-studio, fiftyone"),
        ("x.txt", {"to": "pdf"}, "to: no format 'pdf'; expected one of csv"),
        ("x", {}, "no format ''; expected to, one of"),
        ("x.srt", {}, "2 videos have segments, and each has a file of its own; expected a new folder"),
        ("a.mp4", {"to": "srt"}, "replaces an input of this command"),
        ("x", {"to": "clips", "cut": "fast"}, "cut: is 'fast'; expected exact or copy"),
        ("x", {"to": "srt", "videos": "absent"}, "absent: no such file or folder"),
    ],
)  # fmt: skip
def test_bad_requests(out: str, options: dict[str, str], message: str, results: Results, tmp_path: Path) -> None:
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(InputError, match=message):
        results.export(tmp_path / out, **options)  # type: ignore[arg-type]
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_names_that_are_one_as_files(tmp_path: Path) -> None:
    names = ["cam/1", "cam:1", "CAM_1", "../cam_1"]
    segments = {name: [Segment(0, 1, str(number))] for number, name in enumerate(names)}
    Results(segments).export(tmp_path / "out", to="audacity")
    made = {path.name: path.read_text().split()[-1] for path in (tmp_path / "out").iterdir()}
    assert made == {"cam_1.txt": "0", "cam_1_2.txt": "1", "CAM_1_3.txt": "2", "_cam_1.txt": "3"}


def test_frames_are_at_each_videos_own_rate(results: Results, tmp_path: Path) -> None:
    results.export(tmp_path / "tasks.json", to="label-studio")
    tasks = json.loads((tmp_path / "tasks.json").read_text())
    assert [task["data"]["fps"] for task in tasks] == [20.0, 10.0, 10.0]
    ranges = [[r["value"]["ranges"][0] for r in task["predictions"][0]["result"]] for task in tasks]
    assert ranges == [[{"start": 1, "end": 40}, {"start": 11, "end": 20}], [{"start": 2, "end": 6}], []]


def test_a_final_set_is_what_is_written_unless_all_are_wanted(results: Results, tmp_path: Path) -> None:
    chosen = FinalSet({"a": results.videos["a"][:1], "b": []}, Choice(threshold=0.6, how="by hand"))
    results = Results(results.videos, files=results.files, final=chosen)
    results.save(tmp_path / "results.json")
    assert export(tmp_path / "results.json", tmp_path / "few.csv").segments == 1
    assert export(str(tmp_path / "results.json"), tmp_path / "all.csv", every=True).segments == 3


def test_without_the_videos(results: Results, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").unlink()
    results.export(tmp_path / "srt", to="srt")  # which needs times only
    results.export(tmp_path / "edl", to="edl")  # whose rate the results know
    with pytest.raises(InputError, match=r"^a: this format needs the pictures of the video, and .*a.mp4 is not there"):
        results.export(tmp_path / "clips", to="clips")
    assert not (tmp_path / "clips").exists()
    with pytest.raises(InputError, match=r"^a: .* frames a second .*the results name no file; expected videos FOLDER"):
        Results(results.videos).export(tmp_path / "other", to="edl")


def test_videos_that_lie_elsewhere_now(results: Results, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        (tmp_path / name).rename(tmp_path / "new" / name)
    assert results.export(tmp_path / "clips", to="clips", videos=tmp_path / "new").segments == 3


def test_another_video_is_refused(results: Results, tmp_path: Path) -> None:
    film(tmp_path / "a.mp4", frames=10)
    for name in ("clips", "eaf", "edl", "otio", "fiftyone", "label-studio"):
        with pytest.raises(InputError, match="is another video than the one that was localized as a"):
            results.export(tmp_path / "out", to=name)
        assert not (tmp_path / "out").exists()


def test_clips_and_their_table(results: Results, tmp_path: Path) -> None:
    done = results.export(tmp_path / "clips", to="clips")
    assert done.notes == ("clips are exact: they were encoded again",)
    with (tmp_path / "clips" / "clips.csv").open(newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[1:] == [
        ["a/001 a_b_ _c_.mp4", "a", "0.000", "2.000", "a/b: <c>", "0.2"],
        ["a/002 run.mp4", "a", "0.500", "1.000", "run", "0.9"],
        ["b/001 =jump.mp4", "b", "0.100", "0.600", "'=jump", "0.5"],
    ]
    pictures = [len(list(VideoFrames(tmp_path / "clips" / row[0]))) for row in rows[1:]]
    assert pictures == [40, 10, 5]
    copied = results.export(tmp_path / "copies", to="clips", cut="copy")
    assert "each begins at the key picture before" in copied.notes[0]


def test_a_damaged_video_stops_no_other(results: Results, tmp_path: Path) -> None:
    content = (tmp_path / "a.mp4").read_bytes()
    (tmp_path / "a.mp4").write_bytes(content[:200] + bytes(len(content) - 200))
    files = {**results.files, "a": results.files["a"].model_copy(update={"bytes": len(content)})}
    with pytest.raises(InputError, match=r"a\.mp4"):  # its length can no longer be compared
        Results(results.videos, files=files).export(tmp_path / "clips", to="clips")
