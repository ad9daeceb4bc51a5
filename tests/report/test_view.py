"""What ``weaktal view`` shows, and what it refuses."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from weaktal.cli import run
from weaktal.data.annotations import read_annotations
from weaktal.data.results import Results, write_results
from weaktal.data.scores import writing_scores
from weaktal.errors import InputError
from weaktal.report.gather_videos import POINTS
from weaktal.report.page import render
from weaktal.report.serve import serve
from weaktal.report.sources import match_scores, unique_names
from weaktal.report.view import view
from weaktal.runs.train import train
from weaktal.segments import Segment
from weaktal.timeline import SnippetGrid

TEST = [f"video_{index:02d}" for index in range(10, 16)]
Write = Callable[..., Path]


def data_of(page: str) -> Any:
    """What the page's script reads."""
    return json.loads(page.partition('id="data">')[2].partition("</script>")[0])


@pytest.fixture
def results(tmp_path: Path) -> Write:
    def write(path: str = "r.json", found: dict[str, list[Segment]] | None = None, **external: object) -> Path:
        segments = {name: [Segment(1.0, 4.0, "jump", 0.8)] for name in TEST} if found is None else found
        write_results(tmp_path / path, Results(segments, external=external))
        return tmp_path / path

    return write


@pytest.fixture
def scores(tmp_path: Path) -> Write:
    def write(path: str = "r.st", count: int = 10, low: float = 0.0, **origin: object) -> Path:
        with writing_scores(tmp_path / path, ("jump", "run", "throw"), SnippetGrid(1.0, 1, 1), origin) as writer:
            for name in TEST:
                values = np.linspace(low, 1, 3 * count, dtype=np.float32).reshape(count, 3)
                writer.add(name, float(count), values, values.max(axis=0))
        return tmp_path / path

    return write


def test_results_alone_show_bars_and_claim_no_truth(results: Write, tmp_path: Path) -> None:
    found = {"a": [Segment(2.0, 7.5, "jump", 0.8)], "b": [], "c": [Segment(0.0, 0.0, "run", 0.1)]}
    report = view([results(found=found)], tmp_path / "view.html")
    assert [(video.name, video.duration, video.truth) for video in report.videos] == [
        ("a", None, None), ("b", None, None), ("c", None, None),
    ]  # fmt: skip
    assert report.branches[0].scores is None
    page = (tmp_path / "view.html").read_text()
    assert page == render(report, base=tmp_path)
    assert "The length of 3 videos is not known: the time axis ends with the last segment there." in page
    data = data_of(page)
    assert data["truth"] is False
    assert [video["truth"] for video in data["videos"]] == [None] * 3
    assert data["videos"][0]["found"] == [{"flat": [2.0, 7.5, 0, 0.8, -1, 1]}]
    for heading in ("<h2>Scores", "<h2>What is in the dataset"):
        assert heading not in page
    assert "no truth to compare with" in page


def test_stored_scores_bring_curves_and_lengths(results: Write, scores: Write, tmp_path: Path) -> None:
    count = 3 * POINTS - 1
    report = view([results()], tmp_path / "view.html", scores=[str(scores(count=count))])
    curves = report.videos[0].found[0].curves
    assert report.videos[0].duration == count
    assert curves is not None
    assert list(curves.values) == ["jump"]  # nobody tagged the video: what was found in it
    assert curves.pooled == 3
    every = np.linspace(0, 1, 3 * count, dtype=np.float32).reshape(count, 3)[:, 0].astype(np.float64)
    np.testing.assert_array_equal(curves.values["jump"], [every[k : k + 3].max() for k in range(0, count, 3)])
    np.testing.assert_allclose(curves.times[[0, 1, -1]], [1.5, 4.5, count - 1])
    assert data_of(render(report))["videos"][0]["found"][0]["curves"]["pooled"] == 3


def test_dataset_brings_truth_and_scores(tiny_dataset: Path, results: Write, scores: Write, tmp_path: Path) -> None:
    few = results("few.json", {TEST[0]: [Segment(0.0, 3.0, "run", 0.5)], "elsewhere": []})
    report = view([results(), few], tmp_path / "view.html", dataset=tiny_dataset, scores=[f"r={scores()}"], count=2)
    truth = read_annotations(tiny_dataset)
    assert [(v.name, v.truth, v.duration) for v in report.videos] == [
        (name, truth.videos[name].segments, truth.videos[name].duration) for name in TEST[:2]
    ]
    assert "first 2 of 6 videos by name" in report.choice
    assert [branch.name for branch in report.branches] == ["r", "few"]
    assert all(branch.scores is not None for branch in report.branches)
    assert [branch.errors is not None for branch in report.branches] == [True, False]
    assert [found.segments is None for found in report.videos[1].found] == [False, True]
    assert "not in these results" in render(report)
    assert any(note.startswith("few: 5 videos of subset") for note in report.notes)


def test_annotations_in_milliseconds_are_said_to_be_that(tiny_dataset: Path, results: Write, tmp_path: Path) -> None:
    content = json.loads((tiny_dataset / "annotations.json").read_text())
    for entry in content["database"].values():
        for one in entry["annotations"]:
            one["segment"] = [1000 * time for time in one["segment"]]
    (tmp_path / "ms.json").write_text(json.dumps(content))
    report = view([results()], tmp_path / "view.html", dataset=tmp_path / "ms.json")
    assert any("in milliseconds they would fit" in note for note in report.notes)


def test_corrections_that_cannot_be_read_are_refused_before_anything_is_computed(
    tmp_path: Path, results: Write
) -> None:
    (tmp_path / "corrections.json").write_text("[]")
    missing, dataset = tmp_path / "missing.json", tmp_path / "no dataset"
    with pytest.raises(InputError, match=r"missing\.json"):
        view([results()], tmp_path / "view.html", corrections=missing, dataset=dataset)
    pytest.importorskip("uvicorn")
    with pytest.raises(InputError, match=r"corrections\.json"):
        serve([results()], corrections=tmp_path / "corrections.json", dataset=dataset)


def test_tags_only_are_named_and_nothing_is_scored(tiny_dataset: Path, results: Write, tmp_path: Path) -> None:
    content = json.loads((tiny_dataset / "annotations.json").read_text())
    for entry in content["database"].values():
        if entry["subset"] == "validation":
            entry["annotations"] = []
    (tmp_path / "tags.json").write_text(json.dumps(content))
    report = view([results()], tmp_path / "view.html", dataset=tmp_path / "tags.json")
    assert {(video.truth, branch.scores) for video in report.videos for branch in report.branches} == {(None, None)}
    assert any("no annotated segments" in note for note in report.notes)
    page = render(report)
    data = data_of(page)
    assert [data["classes"][tag] for tag in data["videos"][0]["tags"]] == list(report.videos[0].tags)
    assert "<h2>Scores" not in page
    trained = view([results()], tmp_path / "view.html", dataset=tmp_path / "tags.json", video=["video_00"])
    assert trained.videos[0].truth  # of a subset that has segments


def test_videos_are_picked_by_name_from_dataset_and_results(tiny_dataset: Path, results: Write, tmp_path: Path) -> None:
    own = results("own.json", {TEST[3]: [], "mine": [Segment(0.0, 2.0, "dance", 1.0)]})
    with pytest.raises(InputError, match="dance"):  # as weaktal evaluate
        view([own], tmp_path / "view.html", dataset=tiny_dataset)
    own = results("own.json", {TEST[3]: [], "mine": [Segment(0.0, 2.0, "jump", 1.0)]})
    report = view([own], tmp_path / "view.html", dataset=tiny_dataset, video=["mine", TEST[3], "mine"])
    assert [(video.name, video.truth is None) for video in report.videos] == [("mine", True), (TEST[3], False)]
    assert report.choice == "2 videos, picked by name."


def test_a_run_localizes_its_own_dataset_first(tiny_dataset: Path, results: Write, tmp_path: Path) -> None:
    train(
        tiny_dataset, method="mil", features="i3d", run=tmp_path / "run",
        overrides=["schedule.epochs=1", "schedule.updates_per_epoch=2", "engine.tensorboard=false"],
    )  # fmt: skip
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    report = view([tmp_path / "run"], tmp_path / "view.html")
    assert [branch.name for branch in report.branches] == ["mil"]
    assert report.branches[0].scores is not None
    assert report.branches[0].errors is not None
    assert all(found.curves is not None for video in report.videos for found in video.found)
    both = view([tmp_path / "run", results()], tmp_path / "view.html")
    assert [branch.name for branch in both.branches] == ["run: mil", "r"]
    (tmp_path / "view.html").unlink()
    (tmp_path / "r.json").unlink()
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    with pytest.raises(InputError, match=r"branch: no branch 'cbp'"):
        view([tmp_path / "run"], tmp_path / "view.html", branch=["cbp"])
    own = results("own.json", {TEST[0]: [], "mine": []})
    mine = view([tmp_path / "run", own], tmp_path / "view.html", video=["mine"])
    assert [video.name for video in mine.videos] == ["mine"]
    info = json.loads((tmp_path / "run" / "run.json").read_text())
    (tmp_path / "run" / "run.json").write_text(json.dumps({**info, "dataset": "gone"}))
    with pytest.raises(InputError, match=r"was trained on gone, which does not exist; expected dataset DATASET"):
        view([tmp_path / "run"], tmp_path / "view.html")


def test_what_is_wrong_is_said_before_a_run_localizes(
    tiny_dataset: Path, results: Write, scores: Write, tmp_path: Path
) -> None:
    unfinished = tmp_path / "run"
    train(
        tiny_dataset, method="mil", features="i3d", run=unfinished,
        overrides=["schedule.epochs=1", "schedule.updates_per_epoch=2", "engine.tensorboard=false"],
    )  # fmt: skip
    (unfinished / "weights.safetensors").unlink()
    (tmp_path / "bad.json").write_text("[]")
    own = results("own.json", {TEST[0]: [], "mine": []}, branch="cbp")
    other = scores("vlp.st", branch="vlp")
    for more, options, message in (
        ([], {"video": ["video_1"]}, "video: no video 'video_1'"),
        ([own], {"video": ["mind"]}, "video: no video 'mind'.*nearest is 'mine'"),
        ([tmp_path / "bad.json"], {}, r"bad\.json: is \[\]"),
        ([own], {"scores": [str(other)]}, "vlp.st: has scores of branch 'vlp'"),
        ([own], {"video": ["mine"]}, "run: is not finished"),  # what localizing would say
    ):
        with pytest.raises(InputError, match=message):
            view([unfinished, *more], tmp_path / "view.html", **options)


def test_a_run_knows_its_dataset_from_anywhere(
    tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    shutil.copytree(tiny_dataset, one / "d")
    (two / "d").mkdir(parents=True)
    other = {"database": {"other": {"subset": "validation", "duration": 3.0, "labels": ["jump"]}}}
    (two / "d/annotations.json").write_text(json.dumps(other))
    monkeypatch.chdir(one)

    def go(dataset: Path) -> None:
        train(
            dataset, method="mil", features="i3d", run=tmp_path / "run", resume=True,
            overrides=["schedule.epochs=1", "schedule.updates_per_epoch=2", "engine.tensorboard=false"],
        )  # fmt: skip

    go(Path("d"))
    file = tmp_path / "run/run.json"
    info = json.loads(file.read_text())
    assert info["dataset"] == str(one / "d")
    monkeypatch.chdir(two)
    report = view([tmp_path / "run"], tmp_path / "view.html")
    assert [video.name for video in report.videos] == TEST
    go(Path("../one/d"))  # typed another way, it is the same run
    (one / "d").rename(two / "moved")
    go(Path("moved"))
    assert json.loads(file.read_text()) == info
    with pytest.raises(InputError, match=r"one/d, which does not exist; expected dataset DATASET"):
        view([tmp_path / "run"], tmp_path / "view.html")
    file.write_text(json.dumps({**info, "dataset": "moved"}))  # as earlier versions wrote it
    go(Path("moved"))
    view([tmp_path / "run"], tmp_path / "view.html")
    file.write_text(json.dumps({**info, "dataset": "d"}))
    with pytest.raises(InputError, match=r"was trained on d, which no longer has its training video 'video_00'"):
        view([tmp_path / "run"], tmp_path / "view.html")


def test_pictures_where_they_can_be_had(results: Write, tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    (tmp_path / "videos" / "deep").mkdir(parents=True)
    writer = cv2.VideoWriter(str(tmp_path / "videos/deep/a.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 5, (64, 48))
    for level in range(20):
        writer.write(np.full((48, 64, 3), 10 * level, np.uint8))
    writer.release()
    (tmp_path / "videos" / "b.mp4").write_text("words")
    (tmp_path / "videos" / "c.mp4").mkdir()
    file = results(found={"a": [Segment(1.0, 2.0, "jump", 1.0)], "b": [], "c": []})
    report = view([file], tmp_path / "view.html", videos=tmp_path / "videos")
    assert [(v.duration is not None, v.film is not None) for v in report.videos] == [(True, True)] + [
        (False, False)
    ] * 2
    assert report.videos[0].duration == pytest.approx(4.0, abs=0.3)
    assert any("No pictures of b" in note and "b.mp4" in note for note in report.notes)
    absent = [note for note in report.notes if "No pictures of c" in note]  # a folder of that name is no video
    assert absent == ["No pictures of c: none of the 2 video files has this name."]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PYAV, str(file), str(tmp_path / "videos"), str(tmp_path / "plain.html")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "No pictures: working on video needs PyAV" in (tmp_path / "plain.html").read_text()


WITHOUT_PYAV = """
import importlib.util, sys
really = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "av" else really(name, *rest)
from weaktal.cli import run
sys.exit(run(["view", sys.argv[1], "--videos", sys.argv[2], "--out", sys.argv[3], "--no-browser"]))
"""


def test_corrections_beside_the_results_are_on_the_page_and_said(
    results: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = results(found={"a": [Segment(2.0, 7.5, "jump", 0.8)]}), tmp_path / "view.html"
    span = {"label": "jump", "segment": [2.0, 7.5]}
    said = {"video": "a", "verdict": "wrong", "row": "r", "score": 0.8, "predicted": span, "segment": span}
    kept = {
        "version": "weaktal corrections 1",
        "classes": ["jump"],
        "subsets": {"train": "corrected", "test": "corrected"},
        "page": "0123456789abcdef",
        "database": {},
        "judgements": [said],
    }
    (tmp_path / "corrections.json").write_text(json.dumps(kept))
    assert run(["view", str(file), "--out", str(out), "--no-browser"]) == 0
    assert "r: 0 of 1 judged segment right: 0% (95 % interval 0% to 79%)" in capsys.readouterr().out
    assert data_of(out.read_text())["kept"]["judgements"][0]["verdict"] == "wrong"
    (tmp_path / "corrections.json").write_text("{}")  # not asked for: the page is made without
    report = view([file], out)
    assert report.kept is None
    assert any("Corrections are not shown" in note for note in report.notes)
    with pytest.raises(InputError, match=r"corrections\.json"):
        view([file], out, corrections=tmp_path / "corrections.json")


def test_video_files_of_other_names_are_named(tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "v_abc.mp4").touch()
    file = tmp_path / "results.json"
    write_results(file, Results({"abc": [Segment(0, 1, "x", 0.5)]}))
    report = view([file], tmp_path / "view.html", videos=tmp_path / "videos")
    wanted = (
        "No pictures of abc: none of the 1 video files has this name ('abc' and 'v_abc' differ by a leading v_ only)."
    )
    assert wanted in report.notes


def test_names_tell_files_apart(tmp_path: Path) -> None:
    assert unique_names([Path("x/a.json"), Path("y/a.json"), Path("b.json")]) == ["x/a", "y/a", "b"]
    assert unique_names([Path("a.json"), Path("a.json"), Path("a.txt")]) == ["a", "a (2)", "a (3)"]
    (tmp_path / "seed.0").mkdir()
    assert unique_names([tmp_path / "seed.0", Path("1/2/c.json"), Path("3/2/c.json")]) == ["seed.0", "1/2/c", "3/2/c"]


def test_scores_find_their_results(tmp_path: Path) -> None:
    names = ["cbp", "vlp"]
    assert match_scores(names, []) == {}
    assert match_scores(names, ["1.st", "2.st"]) == {"cbp": Path("1.st"), "vlp": Path("2.st")}
    assert match_scores(names, ["vlp=2.st"]) == {"vlp": Path("2.st")}
    (tmp_path / "a=b.st").touch()
    assert match_scores(["cbp"], [str(tmp_path / "a=b.st")]) == {"cbp": tmp_path / "a=b.st"}
    for bad in (["1.st"], ["1.st", "vlp=2.st"], ["vlp=2.st", "1.st"], ["1", "2", "3"]):
        with pytest.raises(InputError, match="NAME=FILE with NAME of cbp, vlp"):
            match_scores(names, bad)
    with pytest.raises(InputError, match=r"no results called 'vpl'.*nearest is vlp"):
        match_scores(names, ["vpl=2.st"])
    with pytest.raises(InputError, match="scores: names results 'vlp' twice; expected one file for each"):
        match_scores(names, ["vlp=1.st", "cbp=1.st", "vlp=2.st"])
    with pytest.raises(InputError, match="scores: names no file for results 'vlp'; expected NAME=FILE"):
        match_scores(names, ["vlp="])
    with pytest.raises(InputError, match="scores: is for results files"):
        match_scores([], ["1.st"])


def test_bad_input_is_named_and_nothing_is_written(
    tiny_dataset: Path, results: Write, scores: Write, tmp_path: Path
) -> None:
    file, out = results(branch="cbp"), tmp_path / "view.html"
    other = results("other.json", {"mine": []})
    (tmp_path / "bad.json").write_text("[]")
    for arguments, options, message in (
        ([tmp_path / "none.json"], {}, "none.json: no such file or folder"),
        ([tmp_path / "bad.json"], {}, "bad.json"),
        ([tmp_path], {}, "holds no run.json"),
        ([results("empty.json", {})], {}, "empty.json: names no video"),
        ([file], {"video": ["video_1"]}, "no video 'video_1'.*nearest is 'video_1[0-5]'"),
        ([file], {"subset": "x", "dataset": tiny_dataset}, "no video belongs to subset 'x'"),
        ([file], {"subset": "x"}, "subset: needs a dataset; expected dataset as well"),
        ([file], {"protocol": "thumos14"}, "protocol: needs a dataset"),
        ([file], {"branch": ["cbp"]}, "branch: is for runs"),
        ([file, other], {"dataset": tiny_dataset}, "other.json: names no video of subset 'validation'"),
        ([file], {"dataset": tmp_path / "gone"}, "gone"),
        ([file], {"videos": tmp_path / "gone"}, "gone: no such folder"),
        ([file], {"scores": [str(scores("vlp.st", branch="vlp"))]}, "vlp.st: has scores of branch 'vlp'.*'cbp'"),
        (
            [file],
            {"scores": [str(scores("n.st", low=-1.0))], "dataset": tiny_dataset},
            "n.st: video_10: scores must be",
        ),
    ):
        with pytest.raises(InputError, match=message):
            view(arguments, out, **options)
    assert not out.exists()


def test_only_pages_of_ours_are_replaced(results: Write, tmp_path: Path) -> None:
    file = results()
    before = file.read_bytes()
    with pytest.raises(InputError, match=r"r\.json: replaces an input of this command"):
        view([file], file)
    assert file.read_bytes() == before
    (tmp_path / "mine.html").write_text("mine")
    with pytest.raises(InputError, match=r"mine\.html: exists, and is not a page"):
        view([file], tmp_path / "mine.html")
    assert (tmp_path / "mine.html").read_text() == "mine"
    view([file], tmp_path / "view.html")
    view([file], tmp_path / "view.html", count=1)
    assert len(data_of((tmp_path / "view.html").read_text())["videos"]) == 1


def test_a_long_video_with_thousands_of_segments_makes_a_small_page(
    results: Write, scores: Write, tmp_path: Path
) -> None:
    random = np.random.default_rng(0)
    starts = np.sort(random.uniform(0, 10_790, 5000))
    found = [
        Segment(s, s + 1.5, ("jump", "run")[i % 2], v)
        for i, (s, v) in enumerate(zip(starts.tolist(), random.uniform(0.5, 1, 5000).tolist(), strict=True))
    ]
    file = results(found=dict.fromkeys(TEST, found))
    view([file], tmp_path / "view.html", scores=[str(scores(count=10_800))])
    page = (tmp_path / "view.html").read_text()
    assert len(page) < 2_500_000
    for video in data_of(page)["videos"]:  # all of them are there, and 300 are shown at first
        assert len(video["found"][0]["flat"]) == 6 * 5000
        assert sum(video["found"][0]["flat"][5::6]) == 300


OPEN = """
import sys
from pathlib import Path
from weaktal.report.browser import open_address
print(open_address(Path(sys.argv[1]).as_uri(), patience=float(sys.argv[2])))
"""


@pytest.mark.parametrize(
    ("browser", "patience", "said"),
    [
        ("open(sys.argv[2], 'w').write(sys.argv[1])", 300, True),
        ("time.sleep(30); open(sys.argv[2], 'w').write('closed')", 0.1, True),
        ("print('noise'); sys.exit(1)", 300, False),
        (None, 300, False),
    ],
    ids=["takes the page", "ends when it is closed", "fails", "is not there"],
)
def test_a_browser_is_not_waited_for(tmp_path: Path, browser: str | None, patience: float, said: bool) -> None:
    written, program = tmp_path / "written", tmp_path / "browser.py"
    environment = {k: v for k, v in os.environ.items() if k not in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")}
    if browser is not None:
        program.write_text(f"import sys, time; {browser}")
        environment["BROWSER"] = f"{sys.executable} {program} %s {written}"  # Python waits for such a one
    done = subprocess.run(
        [sys.executable, "-c", OPEN, str(tmp_path / "a page.html"), str(patience)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == (f"{said}\n", "")  # all of it: nobody holds the other end any more
    assert written.exists() == (said and patience > 1)
    if written.exists():
        assert written.read_text() == (tmp_path / "a page.html").as_uri()
