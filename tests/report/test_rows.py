"""A run of collab in ``weaktal view``: its branches, and what localizing without a branch takes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from weaktal.data.results import read_results
from weaktal.errors import InputError
from weaktal.report.view import view
from weaktal.runs.localize import localize
from weaktal.runs.train import train

SETTINGS = Path(__file__).parents[1] / "methods/collab/small_collab.yaml"
GIVEN = "what weaktal localize gives without --branch"
USUAL = ["cbp", "vlp", "both"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, scene_dataset: Path) -> Path:
    folder = tmp_path_factory.mktemp("collab") / "run"
    train(
        scene_dataset, method="collab", features="i3d", vlp_features="scene", run=folder, config=SETTINGS,
        overrides=["schedule.rounds=1", "schedule.steps=[background, foreground]"],
    )  # fmt: skip
    return folder


@pytest.fixture
def selecting(finished: Path, tmp_path: Path) -> Callable[..., Path]:
    """The run with another selection: it trained no differently, and localizes with other weights or another branch.

    By the statistics VLP finds less than before it was taught, unless another ``activity`` of before is given."""

    def copy(activity: float = 1.0, **selection: object) -> Path:
        shutil.copytree(finished, tmp_path / "run")
        info = json.loads((tmp_path / "run/run.json").read_text())
        info["settings"]["selection"] |= selection
        (tmp_path / "run/run.json").write_text(json.dumps(info))
        statistics = tmp_path / "run/phases/01-warm-up/statistics.json"
        found = json.loads(statistics.read_text())
        found["branches"]["vlp"]["activity"] = activity
        statistics.write_text(json.dumps(found))
        return tmp_path / "run"

    return copy


@pytest.mark.parametrize(
    ("selection", "rows", "given"),
    [
        ({"rule": "last"}, USUAL, "cbp"),
        ({"rule": "agreement", "least_agreement": -1}, USUAL, "both"),
        ({"rule": "agreement", "least_agreement": 1}, [*USUAL, "cbp after warm-up"], "cbp after warm-up"),
        (
            {"rule": "agreement", "least_agreement": -1, "activity": 0.0},
            [*USUAL, "cbp after warm-up"],
            "cbp after warm-up",
        ),
        ({"rule": "best", "branches": ["vanilla"]}, [*USUAL, "vanilla after warm-up"], "vanilla after warm-up"),
    ],
    ids=["last", "agreement", "no agreement", "not cured", "best"],
)
def test_the_row_that_localize_gives_is_marked(
    selecting: Callable[..., Path],
    tmp_path: Path,
    selection: dict[str, Any],
    rows: list[str],
    given: str,
) -> None:
    run = selecting(**selection)
    report = view([run], tmp_path / "view.html")
    names = [branch.name for branch in report.branches]
    (row,) = [index for index, branch in enumerate(report.branches) if GIVEN in branch.about]
    assert (names, names[row]) == (rows, given)
    assert ("phase 01-warm-up" in report.branches[row].about) == given.endswith(" after warm-up")
    found = read_results(_localized(run, tmp_path)).videos
    assert any(found.values())
    for video in report.videos:
        assert video.found[row].segments == found[video.name]
        others = [part.segments for index, part in enumerate(video.found) if index != row]
        assert found[video.name] not in others  # so that the mark at any other row would be seen
    assert sum(branch.about.count(GIVEN) for branch in report.branches) == 1


def test_the_end_of_the_last_phase_is_no_row_of_its_own(selecting: Callable[..., Path], tmp_path: Path) -> None:
    run = selecting(rule="best", statistic="margin", branches=["vlp"])
    file = run / "phases/03-foreground-1/statistics.json"
    statistics = json.loads(file.read_text())
    statistics["branches"]["vlp"]["margin"] = 2.0  # above all others
    file.write_text(json.dumps(statistics))
    report = view([run], tmp_path / "view.html")
    assert [branch.name for branch in report.branches] == USUAL
    assert [GIVEN in branch.about for branch in report.branches] == [False, True, False]


def _localized(run: Path, tmp_path: Path) -> Path:
    dataset = Path(json.loads((run / "run.json").read_text())["dataset"])
    localize(run, dataset, tmp_path / "free.json")
    return tmp_path / "free.json"


def test_named_branches_are_all_there_is(selecting: Callable[..., Path], tmp_path: Path) -> None:
    run = selecting(rule="agreement", least_agreement=-1)
    report = view([run], tmp_path / "view.html", branch=["vanilla", "both"])
    assert [(branch.name, GIVEN in branch.about) for branch in report.branches] == [("vanilla", False), ("both", True)]
    (tmp_path / "view.html").unlink()
    shutil.rmtree(run)
    run = selecting(rule="agreement", least_agreement=1)
    report = view([run], tmp_path / "view.html", branch=["cbp"])
    assert [(branch.name, GIVEN in branch.about) for branch in report.branches] == [("cbp", False)]


def test_a_run_that_cannot_choose_shows_its_branches(selecting: Callable[..., Path], tmp_path: Path) -> None:
    run = selecting(rule="agreement")
    (run / "phases/01-warm-up/statistics.json").unlink()
    report = view([run], tmp_path / "view.html")
    assert [(branch.name, GIVEN in branch.about) for branch in report.branches] == [(name, False) for name in USUAL]
    (note,) = [note for note in report.notes if "without --branch" in note]
    assert "statistics.json: no such file" in note


def test_without_vision_language_features_the_other_branches_are_shown(
    selecting: Callable[..., Path], scene_dataset: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bare, out = tmp_path / "bare", tmp_path / "view.html"
    shutil.copytree(scene_dataset, bare)
    for video in (bare / "features/scene").glob("video_1*.npy"):  # those of the test subset
        video.unlink()
    run = selecting(rule="agreement", least_agreement=-1)
    for missing in ("scene: 6 of 6 videos cannot be used", "scene: no such folder of features"):
        caplog.clear()
        report = view([run], out, dataset=bare)
        assert [(branch.name, GIVEN in branch.about) for branch in report.branches] == [("cbp", False)]
        (note,) = [note for note in report.notes if "skipped" in note]
        assert f"skipped vlp, both ({GIVEN}), which need vision-language features: " in note
        assert note.removesuffix(".") in caplog.messages
        assert missing in note
        shutil.rmtree(bare / "features/scene", ignore_errors=True)
    shutil.rmtree(run)
    run = selecting(rule="agreement", least_agreement=1)
    report = view([run], out, dataset=bare)
    assert [(branch.name, GIVEN in branch.about) for branch in report.branches] == [
        ("cbp", False), ("cbp after warm-up", True),
    ]  # fmt: skip
    with pytest.raises(InputError, match=r"scene: no such folder of features; expected one of i3d$"):
        view([run], out, dataset=bare, branch=["vlp"])
    shutil.rmtree(bare / "features/i3d")
    with pytest.raises(InputError, match=r"i3d: no such folder"):
        view([run], out, dataset=bare)
