"""Rows of the controls that are tuned alike: who chooses what on which data, what is trained, what is refused."""

from __future__ import annotations

import csv
import itertools
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
import torch
from tests.conftest import add_vlp_features, make_dataset
from tests.in_process import Finished
from tests.studies.test_controls import words as controls_words

from weaktal.files import read_model
from weaktal.studies import tuned as study
from weaktal.studies.deals import Cell
from weaktal.studies.seeded import Measured
from weaktal.studies.tuned import main, means_of, pick

CANDIDATES = ("slow: optimizer.lr=0.0001", "loose: labels.foreground.high=0.6")
WITHOUT = "mil-3,mmsd-on-tags,mmsd-own,vlp-vanilla,late,self-training-late,shuffled-f,only-f,only-f-late,agreed-f"
WITHOUT += ",b-first,b-first-both,whole-both"
ROWS = ["mil-1", "cbp-warm-up", "self-training", "whole", "as-shipped"]


def words(development: Sequence[Path], reported: Sequence[Path], out: Path, *more: str) -> list[str]:
    candidates = [word for candidate in CANDIDATES for word in ("--candidate", candidate)]
    shared = controls_words((), out, "--seeds", "1", "--without", WITHOUT, *candidates, *more)
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
        assert main(words(datasets[:2], datasets[2:], out)) == 0
    return out


def cells(out: Path, part: str, candidate: str, dataset: str) -> dict[str, float]:
    """Mean mAP in percent by row, from what was written for each training."""
    places = (out / part / candidate / dataset / "readings").glob("*/seed-*.json")
    return {place.parent.name: 100 * read_model(place, Measured, "a cell").average_map for place in places}


def on_development(out: Path) -> dict[str, dict[str, float]]:
    """The mean over both datasets, by row and candidate, from the cells themselves."""
    found: dict[str, dict[str, float]] = {}
    for candidate in ("unchanged", "slow", "loose"):
        each = [cells(out, "development", candidate, name) for name in ("d1", "d2")]
        for row in each[0]:
            found.setdefault(row, {})[candidate] = fmean(of[row] for of in each)
    return found


def picks(out: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((out / "choice.json").read_text())["picks"]
    return found


def table_of(text: str, heading: str) -> dict[str, dict[str, str]]:
    """The first table under a heading, by its first column and its head."""
    lines = text[text.index(f"## {heading}\n") :].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("|"))
    here = itertools.takewhile(lambda line: line.startswith("|"), lines[start:])
    head, _, *rest = (line.strip("|").split("|") for line in here)
    return {row[0].strip(): {h.strip(): c.strip() for h, c in zip(head, row, strict=False)} for row in rest}


def test_a_row_takes_what_is_best_for_it_on_development(finished: Path) -> None:
    table = table_of((finished / "tuned.md").read_text(), "On development")
    for row, by_candidate in on_development(finished).items():
        best = max(by_candidate, key=lambda name: by_candidate[name])
        assert picks(finished)[row] == best
        column = {label.partition(":")[0]: cells[f"`{row}`"] for label, cells in table.items()}
        assert column == {
            name: ("**{:.1f}**" if name == best else "{:.1f}").format(by_candidate[name])
            if name in by_candidate
            else ""
            for name in ("unchanged", "slow", "loose")
        }
        measured = [name for name in ("slow", "loose") if row in cells(finished, "reported", name, "d3")]
        assert measured == [best] * (best != "unchanged")


def test_both_tables_say_what_was_measured_on_the_reported_datasets(finished: Path) -> None:
    text = (finished / "tuned.md").read_text()
    plain = cells(finished, "reported", "unchanged", "d3")
    assert plain.keys() == set(ROWS)
    tuned, unchanged = (table_of(text, f"Reported, {which}") for which in ("each row with what it took", "unchanged"))
    took = table_of(text, "What each row took")
    for row in ROWS:
        (title,) = (title for title in took if title.endswith(f"(`{row}`)"))
        best = cells(finished, "reported", picks(finished)[row], "d3")[row]
        assert tuned[title]["d: mAP"] == f"{best:.1f}"
        assert unchanged[title]["d: mAP"] == f"{plain[row]:.1f}"
        assert took[title]["took"] == picks(finished)[row]
        assert took[title]["with it"] == f"{max(on_development(finished)[row].values()):.1f}"
        gain = "" if picks(finished)[row] == "unchanged" else f"{best - plain[row]:+.1f}"
        assert took[title]["reported: gain"] == gain
        assert took[title]["candidates"] == ("1" if row in ("mil-1", "cbp-warm-up") else "2")


def test_what_a_candidate_leaves_as_it_is_is_not_trained_again(finished: Path) -> None:
    for candidate, rows in (("unchanged", ROWS), ("slow", ROWS), ("loose", ROWS[2:])):
        assert cells(finished, "development", candidate, "d1").keys() == set(rows)


def test_candidates_are_settings_over_the_shared_ones(finished: Path) -> None:
    settings = {
        name: json.loads((finished / "development" / name / "d1" / "ablation.json").read_text())["settings"]
        for name in ("unchanged", "slow", "loose")
    }
    assert [settings[name]["optimizer"]["lr"] for name in settings] == [0.01, 0.0001, 0.01]
    assert [settings[name]["labels"]["foreground"]["high"] for name in settings] == [0.7, 0.7, 0.6]
    assert {settings[name]["pyramid"]["width"] for name in settings} == {16}


def test_every_cell_is_there_for_programs(finished: Path) -> None:
    with (finished / "cells.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    taken = sum(candidate != "unchanged" for candidate in picks(finished).values())
    assert len(rows) == 2 * (5 + 5 + 3) + 5 + taken
    for row in rows:
        cell = cells(finished, row["part"], row["candidate"], row["dataset"])[row["row"]]
        assert float(row["mean_map"]) == pytest.approx(cell, abs=1e-3)


def test_goes_on_without_training_again(
    finished: Path, datasets: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    before = {file: file.stat().st_mtime_ns for file in finished.rglob("weights.safetensors")}
    text = (finished / "tuned.md").read_text()
    assert main(words(datasets[:2], datasets[2:], finished)) == 0
    assert {file: file.stat().st_mtime_ns for file in finished.rglob("weights.safetensors")} == before
    assert (finished / "tuned.md").read_text() == text
    left = [line for line in capsys.readouterr().err.splitlines() if " to run" in line]
    assert left
    assert all(": 0 to run" in line for line in left)


def test_another_choice_is_refused_where_one_was_made(
    finished: Path, datasets: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    text = (finished / "choice.json").read_text()
    assert main(words(datasets[:2], datasets[2:], finished, "--candidate", "k: pooling.divisor=2")) == 2
    assert (
        "choice.json: was chosen with other candidates; expected the same, or a new folder" in capsys.readouterr().err
    )
    assert main(words(datasets[:1], datasets[2:], finished)) == 2
    assert "was chosen with other development; " in capsys.readouterr().err
    assert (finished / "choice.json").read_text() == text


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
    means = means_of(chosen_on)
    assert (pick(means, "mil-1"), pick(means, "whole")) == ("b", "unchanged")


def test_a_dataset_counts_with_the_mean_of_its_seeds() -> None:
    cells_of = {"d1": {0: Cell(10, 0, 0), 1: Cell(30, 0, 0)}, "d2": {0: Cell(40, 0, 0)}}
    assert means_of({"a": {"whole": cells_of}}) == {"a": {"whole": 30}}


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (("--candidate", "same: optimizer.lr=0.01"), "--candidate same: changes no row; expected settings that"),
        (("--candidate", "SLOW: pooling.divisor=4"), "--candidate SLOW: has a name that is taken; expected another"),
        (("--candidate", "unchanged: pooling.divisor=4"), "--candidate unchanged: has a name that is taken"),
        (("--candidate", "pooling.divisor=4"), "--candidate 'pooling.divisor=4': is not a variant"),
        (
            ("--candidate", "odd: pooling.divider=4"),
            "--candidate odd: pooling.divider=4: unknown setting pooling.divider; "
            "expected one of divisor, of; nearest is pooling.divisor\n",
        ),
        (("--candidate", "same: schedule.rounds=0"), "--candidate same: makes row "),
        (("--development-seeds", "a"), "--development-seeds a: are not seeds"),
        (("--development-seeds", "0,0"), "--development-seeds: are [0, 0]; expected"),
        (("--workers", "-1"), "--workers"),
    ],
)
def test_bad_words_are_one_line_before_anything_is_trained(
    more: tuple[str, ...],
    complaint: str,
    datasets: list[Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(words(datasets[:1], datasets[1:], tmp_path / "out", *more)) == 2
    (line,) = capsys.readouterr().err.splitlines(keepends=True)
    assert line.startswith(f"weaktal: {complaint}")
    assert not (tmp_path / "out").exists()


def test_what_the_reported_datasets_lack_is_said_before_anything_is_trained(
    datasets: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lacking = tmp_path / "d4"
    shutil.copytree(make_dataset(tmp_path / "made", seed=4), lacking)
    assert main(words(datasets[:2], [datasets[2], lacking], tmp_path / "out")) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(lacking / "features" / "scene") in line
    assert not (tmp_path / "out").exists()


def test_a_folder_made_with_other_settings_is_refused_before_anything_is_trained(
    finished: Path, datasets: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    shutil.copytree(finished / "development" / "loose" / "d1", out / "reported" / "slow" / "d1")
    assert main(words(datasets[2:], datasets[:1], out)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "slow/d1: was started with " in line
    assert {path.name for path in out.iterdir()} == {"reported"}


@pytest.mark.parametrize("way", ["itself", "link", "copy"])
def test_a_dataset_to_choose_on_is_not_reported(
    way: str, datasets: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = datasets[1]
    if way == "link":
        again = tmp_path / "d7"
        again.symlink_to(datasets[1], target_is_directory=True)
    elif way == "copy":
        again = shutil.copytree(datasets[1], tmp_path / "d8")
    assert main(words(datasets[:2], [datasets[2], again], tmp_path / "out")) == 2
    assert f"{again}: has the annotations of {datasets[1]}; expected each dataset once" in capsys.readouterr().err


def test_a_reported_dataset_is_there_once(
    datasets: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    link = tmp_path / "d9"
    link.symlink_to(datasets[2], target_is_directory=True)
    assert main(words(datasets[:2], [datasets[2], link], tmp_path / "out")) == 2
    assert "--reported: d3 and d9 are one folder; expected each dataset once" in capsys.readouterr().err


def test_a_reported_dataset_has_the_number_of_its_deal(
    datasets: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    other.symlink_to(datasets[2], target_is_directory=True)
    assert main(words(datasets[:2], [other], tmp_path / "out")) == 2
    assert "'other' has no number at its end" in capsys.readouterr().err


@pytest.mark.skipif(torch.cuda.device_count() > 7, reason="there is such a GPU here")
def test_nothing_is_chosen_where_a_training_failed(
    datasets: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure is no "this candidate leaves the row as it is"; here no training has its device."""
    monkeypatch.setattr("weaktal.studies.runner._Process", Finished)
    monkeypatch.setattr("weaktal.studies.runner.POLL", 0.0)
    assert main(words(datasets[:1], datasets[2:], tmp_path / "out", "--set", "engine.device=cuda:7")) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert "failed, " in line
    assert line.endswith("nothing is chosen; the same command tries again")
    assert not (tmp_path / "out" / "choice.json").exists()
    assert not (tmp_path / "out" / "reported").exists()


def test_a_row_that_failed_on_a_reported_dataset_is_missing_and_not_unchanged(
    finished: Path, datasets: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what it took it has no cell, so the table of tuned rows has none, whatever the unchanged row has."""
    taken = {row: candidate for row, candidate in picks(finished).items() if candidate != "unchanged"}
    assert taken
    real = study._Study.measure

    def lost(self: study._Study, part: str, trial: study.Trial, *more: Any) -> Mapping[str, Any]:
        return {} if part == "reported" and trial.name != "unchanged" else real(self, part, trial, *more)

    monkeypatch.setattr(study._Study, "measure", lost)
    text = (finished / "tuned.md").read_text()
    try:
        assert main(words(datasets[:2], datasets[2:], finished)) == 0
        again = (finished / "tuned.md").read_text()
    finally:
        (finished / "tuned.md").write_text(text)
    tuned = table_of(again, "Reported, each row with what it took")
    shown = {title.rpartition("(`")[2].rstrip("`)") for title in tuned}
    assert shown == set(ROWS) - taken.keys()
