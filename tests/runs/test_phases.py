"""The phase table: equal to localizing, evaluating and diagnosing by hand; pseudo-labels against the truth."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from tests.training import train

from weaktal.cli import run as command
from weaktal.data.annotations import Annotations, Video, read_annotations, write_annotations
from weaktal.engine.checkpoint import save_tensors
from weaktal.errors import InputError
from weaktal.evaluation.diagnose import diagnose
from weaktal.evaluation.diagnosis import PseudoLabelQuality
from weaktal.evaluation.scoring import score
from weaktal.methods.collab.labels import hard_labels_in
from weaktal.runs.folder import RunFolder
from weaktal.runs.localize import localize
from weaktal.runs.phases import diagnose_phases, stored_label_quality
from weaktal.segments import Segment
from weaktal.timeline import SnippetGrid

SMALL = [
    "optimizer.batch_size=4",
    "optimizer.lr=0.01",
    "engine.tensorboard=false",
]
COLLAB = [
    *SMALL,
    "cbp=convolution",
    "convolution.width=8",
    "vlp.heads=2",
    "schedule.warm_up=2",
    "schedule.background=1",
    "schedule.foreground=1",
    "schedule.rounds=1",
    "schedule.steps=[background, foreground]",
    "schedule.updates_per_epoch=5",
    "selection.rule=last",
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, scene_dataset: Path) -> RunFolder:
    folder = tmp_path_factory.mktemp("phases") / "run"
    return train(scene_dataset, method="collab", features="i3d", vlp_features="scene", run=folder, overrides=COLLAB)


def test_the_table_says_what_single_commands_say(finished: RunFolder, scene_dataset: Path, tmp_path: Path) -> None:
    table = diagnose_phases(finished.path, scene_dataset, threshold=0.3)
    assert [phase.name for phase in table.phases] == ["01-warm-up", "02-background-1", "03-foreground-1"]
    truth = read_annotations(scene_dataset)
    for branch in ("cbp", "vlp", "both", "vanilla"):
        scores = tmp_path / f"{branch}.safetensors"
        localized = localize(finished.path, scene_dataset, tmp_path / "out.json", branch=branch, scores=scores)
        expected = score(truth, localized)
        found = table.phases[-1].branches[branch]
        assert found.map == tuple(expected.map.tolist())
        assert found.average_map == pytest.approx(expected.average_map)
        assert found.errors == diagnose(scene_dataset, scores, threshold=0.3)
    assert table.chosen == ("03-foreground-1", "cbp")


def test_a_step_changes_one_branch(finished: RunFolder, scene_dataset: Path) -> None:
    table = diagnose_phases(finished.path, scene_dataset, tious=(0.5,))
    changed = [{name for name, found in phase.branches.items() if found.changed} for phase in table.phases]
    assert changed == [
        {"cbp", "vlp", "both", "vanilla", "late"},
        {"vlp", "both"},
        {"cbp", "both", "late"},
    ]
    first, second, _ = table.phases
    assert second.branches["cbp"].map == first.branches["cbp"].map
    assert len(second.branches["vlp"].map) == 1
    assert first.labels is None
    assert second.labels is not None
    assert second.labels.foreground == 0  # by default B names background alone
    assert second.labels.background > 0


def test_labels_against_the_truth_by_hand(tmp_path: Path) -> None:
    """Class "run" from second 1 to 3. Of "jump" the video has a tag but no segment, so nothing can be said."""
    video = Video("a", "training", 4.0, ("jump", "run"), (Segment(1.0, 3.0, "run"),))
    path = tmp_path / "annotations.json"
    write_annotations(path, Annotations(classes=("jump", "run"), videos={"a": video}))
    labels = torch.tensor([[1, 1], [1, 1], [-1, -1], [0, 0]], dtype=torch.int8)
    others = {"confidence/a": labels.clone(), "labels/soft": labels.float()}
    save_tensors(tmp_path / "state.safetensors", {"labels/a": labels, **others})
    grid = SnippetGrid.from_seconds(1.0)
    annotations = read_annotations(path)
    found = stored_label_quality(tmp_path, hard_labels_in, annotations, ("jump", "run"), grid)
    assert found == PseudoLabelQuality(
        foreground=2, foreground_right=1, background=1, background_right=1, action=2, idle=2
    )
    assert stored_label_quality(tmp_path / "elsewhere", hard_labels_in, annotations, ("jump", "run"), grid) is None
    bare = Annotations(classes=("jump", "run"), videos={"a": Video("a", "training", 4.0, ("jump", "run"))})
    assert stored_label_quality(tmp_path, hard_labels_in, bare, ("jump", "run"), grid) is None
    with pytest.raises(InputError, match="video 'a' is not annotated"):
        stored_label_quality(tmp_path, hard_labels_in, Annotations(classes=("jump",), videos={}), ("jump", "run"), grid)


def test_command(finished: RunFolder, scene_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["diagnose", str(finished.path), str(scene_dataset), "--phases"]
    assert command([*words, "--json", str(tmp_path / "table.json"), "--tiou", "0.3,0.5"]) == 0
    out = capsys.readouterr().out
    assert out.count("02-background-1") == 2 + 1 + 2 + 1  # scores of two branches, labels, statistics, agreement
    assert "picked" not in out
    content = json.loads((tmp_path / "table.json").read_text())
    assert content["tiou"] == [0.3, 0.5]
    assert set(content["phases"][0]["branches"]) == {"cbp", "vlp", "both", "vanilla", "late"}
    assert command([*words, "--json", "-", "--subset", "training"]) == 0
    assert json.loads(capsys.readouterr().out)["subset"] == "training"


@pytest.mark.parametrize("method", ["mil", "mmsd"])
def test_runs_of_other_methods_have_phases_too(
    tiny_dataset: Path, tmp_path: Path, method: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {
        "mil": ["model.width=8", "schedule.epochs=1", "schedule.updates_per_epoch=3"],
        "mmsd": ["model.channels=8", "schedule.epochs=2", "schedule.vote_every=1"],
    }[method]
    run = train(tiny_dataset, method=method, features="i3d", run=tmp_path / "run", overrides=[*SMALL, *settings])
    capsys.readouterr()
    assert command(["diagnose", str(run.path), str(tiny_dataset), "--phases", "--json", "-"]) == 0
    table = json.loads(capsys.readouterr().out)
    names = {"mil": ["01-warm-up"], "mmsd": ["01-teaching", "02-voting-1"]}[method]
    branches = {"mil": {"mil"}, "mmsd": {"mmsd", "rgb", "flow", "fused", "classes"}}[method]
    assert table["chosen"] == {"phase": names[-1], "branch": method}  # no stream by itself
    assert [phase["phase"] for phase in table["phases"]] == names
    for phase in table["phases"]:
        assert set(phase["branches"]) == branches
        assert phase["labels"] is None
        assert phase["statistics"] is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not valid JSON"),
        ("[]", "is []; expected an object"),
        ('{"branches": [1]}', "branches: is [1]; expected an object"),
        ('{"branches": {"cbp": [0.5]}}', "branches.cbp: is [0.5]; expected an object"),
        ('{"branches": {"cbp": {"margin": "0.5"}}}', "branches.cbp.margin: is '0.5'; expected a valid number"),
        ('{"branches": {"cbp": {"margin": NaN}}}', "branches.cbp.margin: is nan; expected a finite number"),
        ('{"agreement": {"cbp-vlp": {"correlation": {}}}}', "agreement.cbp-vlp.correlation: is {}"),
        ('{"agreement": 3}', "agreement: is 3; expected an object"),
        ('{"labels": {"foreground": true}}', "labels.foreground: is True; expected a valid number"),
        ('{"labels": 0.5}', "labels: is 0.5; expected an object"),
    ],
)
def test_statistics_of_the_wrong_kind_get_one_line(
    finished: RunFolder,
    scene_dataset: Path,
    tmp_path: Path,
    content: str,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    copy = tmp_path / "run"
    shutil.copytree(finished.path, copy)
    (copy / "phases/02-background-1/statistics.json").write_text(content)
    assert command(["diagnose", str(copy), str(scene_dataset), "--phases", "--tiou", "0.5"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert f"02-background-1/statistics.json: {message}" in lines[0]


def test_statistics_that_say_nothing_leave_gaps(
    finished: RunFolder, scene_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "run"
    shutil.copytree(finished.path, copy)
    (copy / "phases/01-warm-up/statistics.json").write_text('{"agreement": {"cbp-vlp": {}}}')
    (copy / "phases/02-background-1/statistics.json").unlink()
    assert command(["diagnose", str(copy), str(scene_dataset), "--phases", "--tiou", "0.5"]) == 0
    assert "- -" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere", "DATASET", "--phases"], "no such folder"),
        (["RUN", "nowhere", "--phases"], "nowhere"),
        (["RUN", "DATASET", "--phases", "--subset", "odd"], "odd"),
        (["RUN", "DATASET", "--phases", "--set", "theta_cls=x"], "theta_cls"),
        (["DATASET", "RUN", "--threshold", "0.3"], "--threshold: means nothing for results"),
    ],
)
def test_bad_input_gets_one_line(
    finished: RunFolder, scene_dataset: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {"RUN": str(finished.path), "DATASET": str(scene_dataset)}
    assert command(["diagnose", *(places.get(word, word) for word in words)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert message in lines[0]
