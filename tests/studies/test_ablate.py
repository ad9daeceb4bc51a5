"""``weaktal ablate`` as a user meets it: shared trainings, going on after a kill, what is refused, what fails."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.training import train

from weaktal.cli import run
from weaktal.config import parse_settings
from weaktal.data.annotations import read_annotations
from weaktal.data.features import Features
from weaktal.data.manifest import read_manifest, write_manifest
from weaktal.data.results import read_results
from weaktal.engine.checkpoint import load_tensors
from weaktal.evaluation.scoring import score
from weaktal.files import read_model, sha256
from weaktal.methods.collab import build
from weaktal.methods.collab.selection import SelectionConfig, best
from weaktal.methods.collab.settings import CollabConfig
from weaktal.runs.folder import RunFolder
from weaktal.runs.localize import localize
from weaktal.runs.trained import phase_statistics
from weaktal.studies.cell import measured, statistics_for
from weaktal.studies.folder import REVISION
from weaktal.studies.seeded import Measured, PendingReading, SeededTraining
from weaktal.studies.steps import phases_of


def words(dataset: Path, settings: Path, out: Path, *more: str) -> list[str]:
    fixed = ["ablate", str(dataset), "--features", "i3d", "--vlp-features", "scene", "--config", str(settings)]
    return [*fixed, "--out", str(out), *more]


WORDS = ["--tables", "3,open", "--variants", "cbp-one-f,whole-both,best-margin", "--seeds", "0"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, ablation_dataset: Path, ablation_settings: Path) -> Path:
    out = tmp_path_factory.mktemp("finished") / "out"
    assert run(words(ablation_dataset, ablation_settings, out, *WORDS)) == 0
    return out


def test_a_forked_training_equals_one_from_scratch(
    finished: Path, ablation_dataset: Path, ablation_settings: Path, tmp_path: Path
) -> None:
    log = (finished / "runs/cbp-one-f/seed-0.log").read_text()
    assert "whole/seed-0 after warm-up" in log
    assert "warm-up 4/4" not in log
    scratch = train(
        ablation_dataset,
        method="collab",
        features="i3d",
        vlp_features="scene",
        run=tmp_path / "run",
        config=ablation_settings,
        overrides=["schedule.steps=[foreground]"],
    )
    forked = finished / "runs/cbp-one-f/seed-0"
    for name in ("01-warm-up", "02-foreground-1", "03-foreground-2"):
        ours, theirs = (
            load_tensors(folder / "phases" / name / "weights.safetensors") for folder in (forked, scratch.path)
        )
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs), name
    assert sha256(forked / "weights.safetensors") == sha256(scratch.weights)
    for file in ("run.json", "losses.csv", "settings.yaml"):
        assert (forked / file).read_bytes() == (scratch.path / file).read_bytes(), file


def test_a_reading_is_what_localize_and_evaluate_say(finished: Path, ablation_dataset: Path, tmp_path: Path) -> None:
    localize(finished / "runs/whole/seed-0", ablation_dataset, tmp_path / "results.json", branch="both")
    expected = score(read_annotations(ablation_dataset), read_results(tmp_path / "results.json"))
    found = read_model(finished / "readings/whole-both/seed-0.json", Measured, "a reading")
    assert found.map == pytest.approx(expected.map.tolist(), abs=1e-12)
    assert found.average_map == pytest.approx(expected.average_map, abs=1e-12)
    text = (finished / "tables.md").read_text()
    assert f"{100 * expected.average_map:.1f}" in text
    assert "`cbp-warm-up`" in text  # what cbp-one-f is held against


def test_what_the_settings_choose_is_what_localizing_with_them_chooses(
    finished: Path, ablation_dataset: Path, tmp_path: Path
) -> None:
    run_folder = tmp_path / "run"
    shutil.copytree(finished / "runs/whole/seed-0", run_folder)
    info = json.loads((run_folder / "run.json").read_text())
    info["settings"]["selection"]["rule"] = "best"
    (run_folder / "run.json").write_text(json.dumps(info))
    localize(run_folder, ablation_dataset, tmp_path / "results.json")
    expected = score(read_annotations(ablation_dataset), read_results(tmp_path / "results.json"))
    found = read_model(finished / "readings/best-margin/seed-0.json", Measured, "a reading")
    assert found.map == pytest.approx(expected.map.tolist(), abs=1e-12)
    assert found.chosen


@pytest.mark.parametrize(("share", "branch"), [(1, "cbp"), (0, "vlp")])
def test_a_choice_goes_by_the_statistics_of_its_own_mixture(
    finished: Path, ablation_dataset: Path, tmp_path: Path, share: int, branch: str
) -> None:
    """All of "both" from one branch looks as that branch does, though the shared training mixed them evenly."""
    job = read_model(finished / "runs/whole/seed-0.json", SeededTraining, "a job")
    selection = {"rule": "best", "statistic": "tag_bce", "branches": ["both"]}
    settings = {**job.settings, "cbp_share": share, "both_videos": "mean", "selection": selection}
    info, folders = RunFolder(job.run).info(), phases_of(job.run)
    config = parse_settings(CollabConfig, settings, "test")
    features = Features.open(ablation_dataset, "i3d"), Features.open(ablation_dataset, "scene")
    method = build(config, info.inputs)
    noted = [phase_statistics(folder, method).model_dump() for folder in folders]
    found = statistics_for(job, method, config, folders, *features)
    for index, stored in enumerate(noted):
        again = found(index)["branches"]
        assert again["both"] == again[branch]
        assert stored["branches"]["both"] != stored["branches"][branch]
        for name, value in stored["branches"][branch].items():
            assert again[branch][name] == pytest.approx(value, rel=1e-3), name

    own = SelectionConfig(rule="best", statistic="tag_bce", branches=(branch,))
    index, _ = best(noted, own)
    truth = read_annotations(ablation_dataset)
    videos = list(truth.subset(job.data.subset).values())
    reading = PendingReading(
        name="x", after="foreground-2", branch="choice", settings=config.model_dump(mode="json"), out=tmp_path / "x"
    )
    assert measured(job, reading, truth, videos, *features).chosen == f"{folders[index].name} both"


@pytest.mark.parametrize(
    ("selection", "chosen"),
    [
        ({"rule": "last"}, "05-foreground-2 cbp"),
        ({"rule": "agreement", "least_agreement": -1}, "05-foreground-2 both"),
        ({"rule": "agreement", "least_agreement": 1}, "01-warm-up cbp"),
    ],
)
def test_a_choice_says_which_weights_and_branch_it_took(
    finished: Path, ablation_dataset: Path, tmp_path: Path, selection: dict[str, object], chosen: str
) -> None:
    job = read_model(finished / "runs/whole/seed-0.json", SeededTraining, "a job")
    settings = {**job.settings, "selection": selection}
    truth = read_annotations(ablation_dataset)
    videos = list(truth.subset(job.data.subset).values())
    features = Features.open(ablation_dataset, "i3d"), Features.open(ablation_dataset, "scene")
    reading = PendingReading(name="x", after="foreground-2", branch="choice", settings=settings, out=tmp_path / "x")
    assert measured(job, reading, truth, videos, *features).chosen == chosen


@pytest.mark.usefixtures("trainings_here")
def test_a_second_call_keeps_what_is_there_and_adds_what_is_new(
    finished: Path, ablation_dataset: Path, ablation_settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in finished.glob("r*/*/seed-0*")}
    more = ["--tables", "3", "--variants", "cbp-one-f", "--seeds", "0,3", "--workers", "2"]
    assert run(words(ablation_dataset, ablation_settings, finished, *more)) == 0
    assert "4 to run" not in capsys.readouterr().err
    assert before == {path: path.stat().st_mtime_ns for path in before}
    assert (finished / "readings/cbp-one-f/seed-3.json").exists()
    assert run(words(ablation_dataset, ablation_settings, finished, *WORDS)) == 0
    assert ": 0 to run" in capsys.readouterr().err


def test_killed_half_way_it_goes_on_and_ends_alike(
    finished: Path, ablation_dataset: Path, ablation_settings: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    call = words(ablation_dataset, ablation_settings, out, *WORDS)
    process = subprocess.Popen([sys.executable, "-m", "weaktal", *call], stdout=subprocess.DEVNULL)
    first = out / "readings/whole-both/seed-0.json"
    wait_for(lambda: first.exists() and cells_of(out))
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_for(lambda: not cells_of(out))  # none goes on behind its back
    assert not (out / "tables.md").exists()
    stamp = first.stat().st_mtime_ns
    assert run(call) == 0
    assert first.stat().st_mtime_ns == stamp
    assert (out / "cells.csv").read_bytes() == (finished / "cells.csv").read_bytes()


def test_ctrl_c_ends_the_cells_and_says_how_to_go_on(
    ablation_dataset: Path, ablation_settings: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    call = words(ablation_dataset, ablation_settings, out, *WORDS)
    process = subprocess.Popen([sys.executable, "-m", "weaktal", *call], stderr=subprocess.PIPE, text=True)
    wait_for(lambda: cells_of(out))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.splitlines()[-1].endswith("the same command continues")
    wait_for(lambda: not cells_of(out), 30)  # one that was just starting ends when it notices that the runner is gone


def cells_of(out: Path) -> list[int]:
    """Processes that work in a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        if b"weaktal.studies.cell" in line and os.fsencode(out) in line:
            found.append(int(path.parent.name))
    return found


def wait_for(condition: object, seconds: float = 120) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (["--set", "losses.contrast=0.5"], "was started with settings.losses.contrast 0.1, not 0.5"),
        (["--protocol", "activitynet12"], "was started with data.protocol 'plain', not 'activitynet12'"),
        (["--set", "losses.contrsat=0.5"], "nearest is losses.contrast"),
        (["--own", "mine: losses.contrsat=0.5"], "nearest is losses.contrast"),
        (["--own", "mine: vlp.heads=3"], "a divisor of 8"),
        (["--own", "whole: vlp.heads=1"], "stands for two variants"),
        (["--tables", "9"], "one of 3, 4, 5, 6, open"),
        (["--seeds", "0,0"], "are not seeds"),
        (["--vlp-features", "nothing"], "no such folder of features"),
        (["--subset", "nothing"], "no video belongs to subset"),
    ],
)
def test_what_cannot_work_gets_one_line_before_anything_runs(
    finished: Path,
    ablation_dataset: Path,
    ablation_settings: Path,
    more: list[str],
    expected: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = sorted(finished.rglob("*"))
    assert run(words(ablation_dataset, ablation_settings, finished, *WORDS, *more)) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert expected in lines[0]
    assert sorted(finished.rglob("*")) == before


def shift(features: Path) -> None:
    """Other numbers of the same shape."""
    file = features / "video_03.npy"
    np.save(file, np.load(file) + 1)


def name_other_weights(features: Path) -> None:
    manifest = read_manifest(features)
    assert manifest is not None
    write_manifest(features, manifest.model_copy(update={"weights_sha256": "0" * 64}))


def turn_vectors(features: Path) -> None:
    np.save(features / "text.npy", np.load(features / "text.npy")[::-1].copy())


@pytest.mark.parametrize(
    ("name", "remake", "said"),
    [
        ("i3d", shift, "was started with feature_files.i3d.sha256 '"),
        ("scene", turn_vectors, "was started with feature_files.scene.sha256 '"),
        ("i3d", name_other_weights, "was started with feature_files.i3d.manifest.weights_sha256 None, not '0000"),
    ],
)
def test_features_made_anew_under_the_same_name_are_refused(
    finished: Path,
    ablation_dataset: Path,
    ablation_settings: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    remake: Callable[[Path], None],
    said: str,
) -> None:
    dataset = tmp_path / "dataset"
    shutil.copytree(ablation_dataset, dataset)
    assert run(words(dataset, ablation_settings, finished, *WORDS)) == 0  # their place does not matter
    remake(dataset / "features" / name)
    capsys.readouterr()
    assert run(words(dataset, ablation_settings, finished, *WORDS)) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert said in lines[0]


def test_a_folder_from_before_the_same_settings_meant_this_is_refused(
    finished: Path, ablation_dataset: Path, ablation_settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    shutil.copytree(finished, out)
    noted = json.loads((out / "ablation.json").read_text())
    assert noted.pop("feature_files").keys() == {"i3d", "scene"}
    assert noted.pop("revision") == REVISION
    (out / "ablation.json").write_text(json.dumps(noted))
    assert run(words(ablation_dataset, ablation_settings, out, *WORDS)) == 2
    assert f"was started with revision 1, not {REVISION}" in capsys.readouterr().err


def test_a_folder_with_something_else_is_left_alone(
    ablation_dataset: Path, ablation_settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    assert run(words(ablation_dataset, ablation_settings, tmp_path, *WORDS)) == 2
    assert "exists and holds no ablation" in capsys.readouterr().err


def test_a_variant_may_not_change_under_its_name(
    finished: Path, ablation_dataset: Path, ablation_settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = finished / "readings/cbp-one-f/seed-0.json"
    stored = file.read_text()
    changed = json.loads(stored)
    changed["settings"]["losses"]["contrast"] = 0.7
    file.write_text(json.dumps(changed))
    try:
        assert run(words(ablation_dataset, ablation_settings, finished, *WORDS)) == 2
    finally:
        file.write_text(stored)
    assert "was read with settings.losses.contrast 0.7, not 0.1" in capsys.readouterr().err


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
@pytest.mark.usefixtures("trainings_here")
def test_a_cell_that_fails_is_named_with_its_log_and_the_others_go_on(
    ablation_dataset: Path, ablation_settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    more = ["--tables", "3", "--variants", "cbp-warm-up", "--seeds", "0", "--own", "gpu: engine.device=cuda"]
    assert run(words(ablation_dataset, ablation_settings, out, *more)) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert "gpu seed 0 failed" in last
    assert "engine.device cuda: cannot be used" in last
    assert str(out / "runs/gpu/seed-0.log") in last
    assert (out / "readings/cbp-warm-up/seed-0.json").exists()
    assert "`gpu`" in (out / "tables.md").read_text()
