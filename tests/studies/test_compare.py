"""``weaktal compare``: rows, averages, spread, intervals, formats, published rows, and what is refused."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import weaktal
from weaktal.cli import run
from weaktal.data.annotations import Annotations, Video, write_annotations
from weaktal.data.results import Results
from weaktal.errors import InputError
from weaktal.evaluation.ranking import Ranking, Weighing
from weaktal.evaluation.scoring import tables_of
from weaktal.segments import Segment, by_score
from weaktal.studies.bootstrap import interval, over_seeds, resampled_maps, video_weights
from weaktal.studies.cells import as_latex
from weaktal.studies.comparison import ranges_of
from weaktal.studies.published import published

CLASSES = ("jump", "run")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of twenty videos, and results of two methods with three seeds each: "good" moves segments less."""
    folder = tmp_path_factory.mktemp("world")
    random = np.random.default_rng(0)
    videos = {}
    for number in range(20):
        starts = np.sort(random.uniform(0, 80, 3))
        found = tuple(Segment(float(s), float(s) + 10, CLASSES[int(random.integers(2))]) for s in starts)
        videos[f"v{number:02d}"] = Video(f"v{number:02d}", "test", 100.0, tuple({s.label for s in found}), found)
    (folder / "data").mkdir()
    write_annotations(folder / "data" / "annotations.json", Annotations(CLASSES, videos, test_subset="test"))
    for method, noise in (("good", 1.0), ("poor", 3.0)):
        (folder / method).mkdir()
        for seed in range(3):
            random = np.random.default_rng([seed, int(noise)])
            results = {
                name: by_score(
                    [
                        Segment(
                            *np.sort(np.abs(random.normal((s.start, s.end), noise))), s.label, float(random.random())
                        )
                        for s in video.segments
                    ]
                )
                for name, video in videos.items()
            }
            Results(results).save(folder / method / f"seed-{seed}.json")
    return folder


def test_rows_are_what_evaluate_says(world: Path) -> None:
    found = weaktal.compare([world / "good", world / "poor" / "seed-1.json"], world / "data", resamples=0)
    good, single = found.rows
    each = [weaktal.evaluate(world / "data", world / "good" / f"seed-{seed}.json") for seed in range(3)]
    assert found.average(good, "0.1:0.7").mean == pytest.approx(100 * np.mean([one.average_map for one in each]))
    assert found.average(good, "0.1:0.7").std == pytest.approx(100 * np.std([one.average_map for one in each], ddof=1))
    assert found.average(good, "0.3:0.7").mean == pytest.approx(100 * np.mean([one.map[2:].mean() for one in each]))
    assert (good.name, good.seeds, single.name, single.seeds) == ("good", (0, 1, 2), "seed-1", (0,))


def test_the_interval_of_the_difference_is_paired(world: Path) -> None:
    found = weaktal.compare([world / "good", world / "poor", world / "good"], world / "data", resamples=300)
    difference, between = found.difference(found.rows[1])
    assert difference < 0
    assert between is not None
    assert between[0] < difference < between[1] < 0
    assert found.difference(found.rows[2]) == (0.0, (0.0, 0.0))
    ends = found.interval(found.rows[0])
    assert ends is not None
    assert ends[0] < found.average(found.rows[0], found.own).mean < ends[1]
    assert [row.name for row in found.rows] == ["good", "poor", "good (2)"]


def test_a_resampling_scores_the_videos_that_it_drew(world: Path) -> None:
    truth = weaktal.Dataset(world / "data").annotations
    results = Results.load(world / "poor" / "seed-0.json")
    one = tables_of(truth, results)
    weights = video_weights(len(one.videos), 5)
    assert (weights.sum(axis=1) == 20).all()
    maps = resampled_maps(Ranking.of(one.truth, one.predictions, (0.5,), 2), weights)
    names = [f"{v.name}x{k}" for v, w in zip(one.videos, weights[3], strict=True) for k in range(int(w))]
    copies = Annotations(CLASSES, {name: truth.videos[name[:3]] for name in names}, test_subset="test")
    again = weaktal.evaluate(copies, Results({name: results.videos[name[:3]] for name in names}), tiou=[0.5])
    assert maps[3, 0] == pytest.approx(again.average_map, abs=1e-12)


@pytest.mark.parametrize("most", [1, 2**20, 2**45])
def test_weightings_that_share_a_pass_do_not_touch_each_other(world: Path, most: int) -> None:
    truth = weaktal.Dataset(world / "data").annotations
    one = tables_of(truth, Results.load(world / "poor" / "seed-0.json"))
    weighing = Weighing(Ranking.of(one.truth, one.predictions, (0.3, 0.5), 2))
    counts = np.random.default_rng(0).integers(0, most, (7, len(one.videos)), endpoint=True)
    together = list(weighing.each(counts))
    apart = [weighing.average_precision(row.astype(np.float64)) for row in counts]
    np.testing.assert_array_equal(together, apart)


def test_seeds_are_drawn_alike_for_rows_of_the_same_seeds() -> None:
    replicates = [np.full((400, 1), float(seed)) for seed in range(3)]
    drawn = over_seeds(replicates, [0, 1, 2])
    assert (drawn == over_seeds(replicates, [0, 1, 2])).all()
    assert set(np.unique(np.round(drawn * 3))) == set(range(7))
    assert (over_seeds(replicates[:1], [5]) == 0).all()
    assert interval(np.arange(1001.0)) == pytest.approx((25.0, 975.0))


def test_every_format(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    outs = [tmp_path / f"table{ending}" for ending in (".md", ".tex", ".csv", ".json", ".png", ".svg", ".pdf")]
    words = ["compare", str(world / "good"), str(world / "poor"), "--dataset", str(world / "data"), "--subset", "test"]
    words += ["--protocol", "thumos14", "--name", "A & B", "--resamples", "50", "--per-class"]
    assert run([*words, *(word for out in outs for word in ("--out", str(out)))]) == 0
    printed = capsys.readouterr().out
    for text in (printed, outs[0].read_text(), outs[1].read_text()):
        assert "PVLR" in text
        assert "picked on test" in text
        assert "jump" in text
    assert r"A \& B" in outs[1].read_text()
    rows = list(csv.DictReader(io.StringIO(outs[2].read_text())))
    assert {row["kind"] for row in rows} == {"ours", "published"}
    assert float(rows[0]["map_0.5"]) > 0
    assert json.loads(outs[3].read_text())["rows"][0]["name"] == "A & B"
    assert all(out.stat().st_size > 1000 for out in outs[4:])


def test_json_stands_alone(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["compare", str(world / "good"), "--dataset", str(world / "data"), "--resamples", "20", "--json", "-"]
    assert run(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found["rows"][0]["averages"]) == ["0.1:0.5", "0.3:0.7", "0.1:0.7"]
    assert found["rows"][0]["difference_interval"] == [0.0, 0.0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["data"], "holds nothing to score"),
        (["good", "--out", "table.docx"], "has the ending '.docx'"),
        (["good", "--name", "a", "--name", "b"], "names 2 rows"),
        (["nowhere.json"], "no such file"),
    ],
)
def test_bad_input_gets_one_line(
    world: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    places = {"data": tmp_path / "data", "good": world / "good", "nowhere.json": world / "nowhere.json"}
    given = [str(places.get(word, word)) for word in words]
    assert run(["compare", *given, "--dataset", str(world / "data")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error


def test_tables_replace_no_input(world: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    results = shutil.copy(next((world / "good").glob("*.json")), tmp_path / "r.json")
    before = results.read_bytes()
    for option in ("--json", "--out"):
        assert run(["compare", str(results), "--dataset", str(world / "data"), option, str(results)]) == 2
        assert "replaces an input of this command" in capsys.readouterr().err
    assert results.read_bytes() == before


@pytest.mark.usefixtures("trainings_here")
def test_a_run_and_its_seeds_localize_first(tiny_dataset: Path, tmp_path: Path) -> None:
    settings = {"optimizer": {"batch_size": 5, "lr": 0.01}, "engine": {"tensorboard": False},
                "schedule": {"epochs": 1, "updates_per_epoch": 30}}  # fmt: skip
    weaktal.train_seeds(
        tiny_dataset, method="mil", features="i3d", run=tmp_path / "mil", seeds=[0, 1], settings=settings
    )
    found = weaktal.compare([tmp_path / "mil", tmp_path / "mil" / "seed-1"], tiny_dataset, resamples=10)
    results = weaktal.localize(tmp_path / "mil" / "seed-1", tiny_dataset)
    score = weaktal.evaluate(tiny_dataset, results)
    assert found.rows[0].map[1] == pytest.approx(score.map)
    assert found.rows[1].map[0] == pytest.approx(score.map)


def test_published_rows_are_consistent() -> None:
    for benchmark in ("thumos14", "activitynet12", "activitynet13"):
        assert published(benchmark)
        for row in published(benchmark):
            for name, mean in row.means.items():
                values = [row.map[tiou] for tiou in ranges_of((0.5,)).get(name, ()) if tiou in row.map]
                if len(values) > 3:
                    assert np.mean(values) == pytest.approx(mean, abs=0.06)
    assert published("plain") == ()


def test_latex_marks_are_escaped() -> None:
    assert r"50 \% \& a\_b" in as_latex(["x"], [["50 % & a_b"]])


def test_nothing_to_compare_is_said() -> None:
    with pytest.raises(InputError, match="nothing to compare"):
        weaktal.compare([], "nowhere")


def test_a_score_of_0_comes_with_its_reason(tmp_path: Path) -> None:
    """Here as in evaluate and diagnose."""
    segments = (Segment(1.0, 2.0, "jump"),)
    write_annotations(
        tmp_path / "annotations.json",
        Annotations(("jump",), {"v": Video("v", "validation", 10.0, ("jump",), segments)}),
    )
    late = Results({"v": [Segment(5.0, 6.0, "jump", 1.0)]})
    late.save(tmp_path / "late.json")
    reason = "mAP is 0: the highest tIoU of a prediction with a ground truth of its video and class is 0.00"
    assert weaktal.compare(tmp_path / "late.json", tmp_path).warnings == (f"late, seed 0: {reason}",)
    assert weaktal.evaluate(tmp_path, late).warnings == (reason,)
    assert weaktal.diagnose(tmp_path, tmp_path / "late.json").warnings == (reason,)
