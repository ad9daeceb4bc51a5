"""Rows of the controls that are tuned alike: who chooses what on which data, what is trained, what is refused."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import pytest
from tests.conftest import add_vlp_features, make_dataset
from tests.in_process import Finished
from tests.studies.test_controls import words as controls_words

from weaktal.config import flat, load_settings
from weaktal.files import read_model
from weaktal.methods.collab.settings import CollabConfig
from weaktal.methods.presets import preset_file
from weaktal.studies.choosing import own_table
from weaktal.studies.deals import Cell
from weaktal.studies.seeded import Measured
from weaktal.studies.tuned import main, means_of, pick, usual_candidates

CANDIDATES = ("slow: optimizer.lr=0.0001", "loose: labels.foreground.high=0.6")
# Leaves ROWS.
WITHOUT = "mil-3,mmsd-on-tags,mmsd-own,vlp-vanilla,late,shuffled-f,only-f,only-f-late,agreed-f"
WITHOUT += ",b-first,b-first-both,whole-both"
ROWS = {"mil-1", "cbp-warm-up", "self-training", "self-training-late", "whole", "as-shipped"}


def words(development: Sequence[Path], reported: Sequence[Path], out: Path, *more: str) -> list[str]:
    candidates = [word for candidate in CANDIDATES for word in ("--candidate", candidate)]
    shared = controls_words((), out, "--seeds", "1", *candidates, *more)
    return [*shared, "--development", *map(str, development), "--reported", *map(str, reported)]


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("tuned")
    made = [make_dataset(folder / f"d{seed}", seed=seed) for seed in (1, 2, 3)]
    for dataset in made:
        add_vlp_features(dataset)
    return made


@pytest.fixture(scope="module")
def finished(datasets: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tuned-out") / "out"
    with pytest.MonkeyPatch.context() as patch:  # as the fixture trainings_here, which lasts for one test only
        patch.setattr("weaktal.studies.runner._Process", Finished)
        patch.setattr("weaktal.studies.runner.POLL", 0.0)
        assert main(words(datasets[:2], datasets[2:], out, "--without", WITHOUT)) == 0
    return out


def cells(out: Path, part: str, candidate: str, dataset: str) -> dict[str, Measured]:
    places = (out / part / candidate / dataset / "readings").glob("*/seed-*.json")
    return {place.parent.name: read_model(place, Measured, "a cell") for place in places}


def on_development(out: Path) -> dict[str, dict[str, float]]:
    """The mean over both datasets, by row and candidate, from the cells themselves."""
    found: dict[str, dict[str, float]] = {}
    for candidate in ("unchanged", "slow", "loose"):
        each = [cells(out, "development", candidate, name) for name in ("d1", "d2")]
        for row in each[0]:
            found.setdefault(row, {})[candidate] = 100 * fmean(of[row].average_map for of in each)
    return found


def test_a_row_gets_what_is_best_for_it_on_development(finished: Path) -> None:
    text = (finished / "tuned.md").read_text()
    for row, by_candidate in on_development(finished).items():
        best = max(by_candidate, key=lambda name: by_candidate[name])
        assert f"**{by_candidate[best]:.1f}**" in text
        reported = {name: row in cells(finished, "reported", name, "d3") for name in ("slow", "loose")}
        assert reported == {name: name == best for name in ("slow", "loose")}
    assert len({max(by, key=lambda name: by[name]) for by in on_development(finished).values()}) > 1  # so it matters


def test_both_tables_say_what_was_measured_on_the_reported_datasets(finished: Path) -> None:
    _, _, tuned, unchanged = (finished / "tuned.md").read_text().split("\n## ")
    assert (tuned.splitlines()[0], unchanged.splitlines()[0]) == ("Tuned", "Unchanged")
    plain = cells(finished, "reported", "unchanged", "d3")
    assert plain.keys() == ROWS
    for row, by_candidate in on_development(finished).items():
        best = cells(finished, "reported", max(by_candidate, key=lambda name: by_candidate[name]), "d3")[row]
        assert f"(`{row}`) | {100 * best.average_map:.1f} | " in tuned
        assert f"(`{row}`) | {100 * plain[row].average_map:.1f} | " in unchanged


def test_what_a_candidate_leaves_as_it_is_is_not_trained_again(finished: Path) -> None:
    assert cells(finished, "development", "unchanged", "d1").keys() == ROWS
    assert cells(finished, "development", "slow", "d1").keys() == ROWS
    assert cells(finished, "development", "loose", "d1").keys() == ROWS - {"mil-1", "cbp-warm-up"}
    row = next(line for line in (finished / "tuned.md").read_text().splitlines() if line.startswith("| loose"))
    assert row.startswith("| loose: `labels.foreground.high=0.6` |  |  | ")


def test_candidates_are_settings_over_the_shared_ones(finished: Path) -> None:
    settings = {
        name: json.loads((finished / "development" / name / "d1" / "ablation.json").read_text())["settings"]
        for name in ("unchanged", "slow", "loose")
    }
    assert [settings[name]["optimizer"]["lr"] for name in settings] == [0.01, 0.0001, 0.01]
    assert [settings[name]["labels"]["foreground"]["high"] for name in settings] == [0.7, 0.7, 0.6]
    assert {settings[name]["pyramid"]["width"] for name in settings} == {16}


def test_the_development_table_is_there_for_programs(finished: Path) -> None:
    with (finished / "development.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * (6 + 6 + 4)
    for row in rows:
        cell = cells(finished, "development", row["candidate"], row["dataset"])[row["reading"]]
        assert float(row["mean_map"]) == pytest.approx(100 * cell.average_map, abs=1e-3)


def test_goes_on_without_training_again(
    finished: Path, datasets: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    before = {file: file.stat().st_mtime_ns for file in finished.rglob("weights.safetensors")}
    text = (finished / "tuned.md").read_text()
    assert main(words(datasets[:2], datasets[2:], finished, "--without", WITHOUT)) == 0
    assert {file: file.stat().st_mtime_ns for file in finished.rglob("weights.safetensors")} == before
    assert (finished / "tuned.md").read_text() == text
    assert " 0 to run" in capsys.readouterr().err


def measures(**maps: Sequence[float]) -> dict[str, dict[str, dict[int, Cell]]]:
    """Mean mAP on d1, d2, ... of each row, a seed each."""
    return {
        row.replace("_", "-"): {f"d{n}": {0: Cell(value, 0, 0)} for n, value in enumerate(values, start=1)}
        for row, values in maps.items()
    }


def test_the_mean_over_datasets_decides_and_the_unchanged_settings_win_a_draw() -> None:
    chosen_on = {
        "unchanged": measures(mil_1=[50, 50], whole=[60, 40]),
        "a": measures(mil_1=[80, 10], whole=[40, 60]),
        "b": measures(mil_1=[50, 51]),
    }
    means = means_of(chosen_on, ["d1", "d2"])
    assert (pick(means, "mil-1"), pick(means, "whole")) == ("b", "unchanged")


def test_a_candidate_that_failed_somewhere_is_not_chosen() -> None:
    means = means_of({"unchanged": measures(whole=[50, 50]), "a": measures(whole=[99])}, ["d1", "d2"])
    assert pick(means, "whole") == "unchanged"


def test_a_dataset_counts_with_the_mean_of_its_seeds() -> None:
    cells_of = {"d1": {0: Cell(10, 0, 0), 1: Cell(30, 0, 0)}, "d2": {0: Cell(40, 0, 0)}}
    assert means_of({"a": {"whole": cells_of}}, ["d1", "d2"]) == {"a": {"whole": 30}}


@pytest.mark.parametrize("preset", ["default", "few", "paper"])
def test_the_usual_candidates_are_settings_of_any_preset(preset: str) -> None:
    """Each changes one thing, which is not what the preset has; but a share of 0 cannot be changed by factors."""
    base = load_settings(CollabConfig, preset_file("collab", preset))
    table = own_table(usual_candidates(base))
    assert table is not None
    same = []
    for reading in (line.reading for line in table.lines[1:]):
        before, after = (
            flat(base.model_dump()),
            flat(load_settings(CollabConfig, None, reading.overrides, base=base).model_dump()),
        )
        named = {override.partition("=")[0] for override in reading.overrides}
        assert {key for key in before if before[key] != after[key]} <= named
        if before == after:
            same.append(reading.name)
    assert same == (["end-early", "end-late", "end-never"] if base.schedule.end_below == 0 else [])


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (("--candidate", "same: optimizer.lr=0.01"), "--candidate same: changes no row; expected settings"),
        (("--candidate", "slow: pooling.divisor=4"), "--candidate slow: is there twice; expected another name"),
        (("--candidate", "unchanged: pooling.divisor=4"), "--candidate unchanged: is there twice"),
        (("--candidate", "pooling.divisor=4"), "is not a variant"),
        (("--candidate", "odd: pooling.divider=4"), "pooling.divider"),
        (("--development-seeds", "a"), "--development-seeds a: are not seeds"),
    ],
)
def test_bad_words_are_one_line_before_anything_is_trained(
    more: tuple[str, ...],
    complaint: str,
    datasets: list[Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(words(datasets[:1], datasets[1:], tmp_path / "out", "--without", WITHOUT, *more)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert complaint in line
    assert not (tmp_path / "out").exists()


def test_a_dataset_to_choose_on_is_not_reported(
    datasets: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(datasets[:2], datasets[1:], tmp_path / "out")) == 2
    assert "d2: is for development and reported; expected other datasets" in capsys.readouterr().err


def test_a_reported_dataset_has_the_number_of_its_deal(
    datasets: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    datasets[2].rename(other)
    try:
        assert main(words(datasets[:2], [other], tmp_path / "out")) == 2
    finally:
        other.rename(datasets[2])
    assert "'other' has no number at its end" in capsys.readouterr().err
