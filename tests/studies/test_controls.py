"""Controls over several datasets, with an upper bound: what is trained, what is averaged, what is refused."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pytest
import torch
from tests.conftest import add_vlp_features, make_dataset
from tests.in_process import Finished

import weaktal
from weaktal.data.annotations import read_annotations, write_annotations
from weaktal.errors import InputError
from weaktal.files import read_model, sha256
from weaktal.studies.controls import controls, main
from weaktal.studies.deals import read_folders
from weaktal.studies.seeded import Measured

SETTINGS = (
    "optimizer.batch_size=5",
    "optimizer.lr=0.01",
    "cbp=pyramid",
    "pyramid.width=16",
    "pyramid.heads=2",
    "convolution.width=16",
    "vlp.heads=2",
    "engine.tensorboard=false",
    "schedule.warm_up=1",
    "schedule.updates_per_epoch=6",
    "schedule.background=1",
    "schedule.foreground=1",
)
# Leaves mil with kernel 1, CBP after its warm-up, CBP by its own labels and the whole method.
WITHOUT = "mil-3,mmsd-on-tags,mmsd-own,vlp-vanilla,late,shuffled-f,only-f,only-f-late,agreed-f,b-first,b-first-both"


def words(datasets: Sequence[Path], out: Path, *more: str) -> list[str]:
    settings = [word for setting in SETTINGS for word in ("--set", setting)]
    return [
        *map(str, datasets), "--features", "i3d", "--vlp-features", "scene", "--out", str(out), "--workers", "1",
        "--seeds", "0,1", *settings, *more,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("controls")
    made = [make_dataset(folder / f"d{seed}", seed=seed) for seed in (1, 2)]
    for dataset in made:
        add_vlp_features(dataset)
    return made


@pytest.fixture(scope="module")
def finished(datasets: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("controls-out") / "out"
    with pytest.MonkeyPatch.context() as patch:  # as the fixture trainings_here, which lasts for one test only
        patch.setattr("weaktal.studies.runner._Process", Finished)
        patch.setattr("weaktal.studies.runner.POLL", 0.0)
        assert main(words(datasets, out, "--without", WITHOUT)) == 0
    return out


def hide_segments(dataset: Path) -> None:
    """Moves the training segments to ``truth.json``; tags stay."""
    whole = read_annotations(dataset)
    videos = {
        name: replace(video, segments=()) if video.subset == whole.train_subset else video
        for name, video in whole.videos.items()
    }
    shutil.move(dataset / "annotations.json", dataset / "truth.json")
    write_annotations(dataset / "annotations.json", replace(whole, videos=videos))


def rows(out: Path) -> dict[tuple[str, str], float]:
    with (out / "controls.csv").open(newline="") as file:
        return {(row["reading"], row["dataset"]): float(row["mean_map"]) for row in csv.DictReader(file)}


def test_each_dataset_counts_with_the_mean_of_its_seeds(finished: Path, datasets: list[Path]) -> None:
    found = rows(finished)
    assert {"mil-1", "cbp-warm-up", "self-training", "whole", "as-shipped", "upper-bound"} <= {
        name for name, _ in found
    }
    assert not {"mil-3", "late", "only-f", "b-first-both"} & {name for name, _ in found}
    for dataset in datasets:
        bounds = [
            read_model(finished / f"{dataset.name}-upper-bound" / f"seed-{seed}.json", Measured, "a cell").average_map
            for seed in (0, 1)
        ]
        assert found["upper-bound", dataset.name] == pytest.approx(100 * fmean(bounds), abs=1e-3)
        with (finished / dataset.name / "cells.csv").open(newline="") as file:
            cells = [float(row["mean_map"]) for row in csv.DictReader(file) if row["reading"] == "whole"]
        assert found["whole", dataset.name] == pytest.approx(fmean(cells), abs=1e-3)
    text = (finished / "controls.md").read_text()
    mean = fmean(found["whole", dataset.name] for dataset in datasets)
    assert f"(`whole`) | {mean:.1f} ± " in text


def test_its_folder_can_be_read_with_others(finished: Path, datasets: list[Path]) -> None:
    found, together = rows(finished), read_folders([finished])
    assert {(name, dataset) for name, cells in together.cells.items() for dataset in cells} == found.keys()
    for name, dataset in found:
        assert together.means(name, "mean_map")[dataset] == pytest.approx(found[name, dataset], abs=1e-3)


def test_as_shipped_is_what_localizing_gives(finished: Path, datasets: list[Path]) -> None:
    found = rows(finished)
    for dataset in datasets:
        maps = []
        for seed in (0, 1):
            results = weaktal.localize(finished / dataset.name / "runs/whole" / f"seed-{seed}", dataset)
            maps.append(weaktal.evaluate(dataset, results).average_map)
        assert found["as-shipped", dataset.name] == pytest.approx(100 * fmean(maps), abs=1e-3)


def test_the_bound_is_taught_every_segment(finished: Path, datasets: list[Path]) -> None:
    """Told segments, the network finds more than the same network on tags alone, on data where tags tell little."""
    found = rows(finished)
    assert fmean(found["upper-bound", d.name] for d in datasets) > fmean(found["cbp-warm-up", d.name] for d in datasets)


@pytest.mark.usefixtures("trainings_here")
def test_a_side_whose_network_is_picked_is_bounded_by_both(datasets: list[Path], tmp_path: Path) -> None:
    only = WITHOUT.replace("late,only-f", "mil-1,only-f")
    assert main(words([datasets[0]], tmp_path / "out", "--without", only, "--set", "cbp=auto", "--seeds", "0")) == 0
    names = {name for name, _ in rows(tmp_path / "out")}
    assert {"upper-bound-pyramid", "upper-bound-convolution"} <= names
    assert "upper-bound" not in names
    text = (tmp_path / "out" / "controls.md").read_text()
    assert "upper bound: the convolution told all segments (`upper-bound-convolution`)" in text


def test_goes_on_without_training_again(
    finished: Path, datasets: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    shutil.copytree(finished, out)
    before = {file: file.stat().st_mtime_ns for file in out.rglob("weights.safetensors")}
    assert before
    (out / "d2-upper-bound" / "seed-1.json").unlink()
    assert main(words(datasets, out, "--without", WITHOUT)) == 0
    assert {file: file.stat().st_mtime_ns for file in out.rglob("weights.safetensors")} == before
    assert rows(out) == rows(finished)
    assert "upper-bound seed 1" in capsys.readouterr().err


@pytest.mark.usefixtures("trainings_here")
def test_segments_for_the_bound_may_lie_beside_the_tags(finished: Path, datasets: list[Path], tmp_path: Path) -> None:
    dataset = tmp_path / "d1"
    shutil.copytree(datasets[0], dataset)
    hide_segments(dataset)
    out = tmp_path / "out"
    assert main(words([dataset], out, "--without", WITHOUT, "--truth", "truth.json", "--seeds", "1")) == 0
    weights = Path("d1-upper-bound", "seed-1", "weights.safetensors")
    assert sha256(out / weights) == sha256(finished / weights)


@pytest.mark.parametrize(
    ("named", "complaint"),
    [
        (
            (),
            "hidden: no video of subset 'training' has segments, which the upper bound learns from; "
            "expected --truth FILE, annotations in the dataset's folder that have them, or --no-bound",
        ),
        (("--truth", "truth.json"), "hidden/truth.json: has other classes than the dataset"),
        (("--truth", "absent.json"), "d2/absent.json: no such file"),
    ],
)
def test_no_segments_are_one_line_before_anything_is_trained(
    named: tuple[str, ...], complaint: str, datasets: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hidden = tmp_path / "hidden"
    shutil.copytree(datasets[0], hidden)
    hide_segments(hidden)
    whole = read_annotations(hidden / "truth.json")
    write_annotations(hidden / "truth.json", replace(whole, classes=(*whole.classes, "swim")))
    shown = tmp_path / "d2"
    shutil.copytree(datasets[1], shown)
    shutil.copy(shown / "annotations.json", shown / "truth.json")
    out = tmp_path / "out"
    assert main(words([shown, hidden], out, *named)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert complaint in line
    assert not list(out.rglob("*.safetensors"))


def test_two_datasets_of_one_name_are_refused(datasets: list[Path], tmp_path: Path) -> None:
    (tmp_path / "D1").symlink_to(datasets[1], target_is_directory=True)
    for again, complaint in ((tmp_path / "D1", "two of them are named d1"), (datasets[0], "d1 and d1 are one folder")):
        with pytest.raises(InputError, match=complaint):
            controls([datasets[0], again], features="i3d", vlp_features="scene", out=tmp_path / "out")


def test_leaving_everything_out_is_one_line(
    datasets: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(words(datasets, tmp_path / "out", "--without", f"{WITHOUT},mil-1,self-training,self-training-late")) == 2
    )
    assert (
        capsys.readouterr().err
        == "weaktal: --without: leaves nothing to do; expected fewer readings of table 'controls'\n"
    )


@pytest.mark.skipif(torch.cuda.device_count() > 7, reason="there is such a GPU here")
@pytest.mark.usefixtures("trainings_here")
def test_trainings_that_fail_are_said_with_the_tables_written(
    datasets: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    more = ["--without", WITHOUT, "--seeds", "0", "--no-bound", "--set", "engine.device=cuda:7"]
    assert main(words(datasets[:1], out, *more)) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("weaktal: 3 trainings failed, mil-1 seed 0 with ")
    assert line.endswith(f"{out / 'controls.md'} lacks them, and the same command tries again")
    assert (out / "controls.md").exists()
