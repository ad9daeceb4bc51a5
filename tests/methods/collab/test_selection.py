"""Statistics without segments, by hand; the choice of weights that they make; what a run stores and uses."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.training import train

from weaktal.cli import run as command
from weaktal.config import load_settings
from weaktal.data.scores import read_scores
from weaktal.engine.checkpoint import load_tensors
from weaktal.engine.checksums import seal
from weaktal.engine.method import Choice
from weaktal.errors import InputError
from weaktal.methods.collab.selection import SelectionConfig, best, branches_agree, cured, sharp
from weaktal.methods.collab.settings import CollabConfig
from weaktal.methods.collab.statistics import Scored, agreement, branch_statistics, label_statistics, statistics
from weaktal.methods.collab.turns import Collaboration
from weaktal.runs.folder import RunFolder
from weaktal.runs.localize import localize
from weaktal.runs.trained import load_method

TAGS = np.array([[True, False], [True, True]])
# Class 0 of video 0: half of the highest is 0.4, so snippets 0, 1 and 3 are active, in two runs.
FIRST = np.array([[0.8, 0.1], [0.6, 0.1], [0.2, 0.1], [0.5, 0.1], [0.4, 0.1]])
SECOND = np.array([[0.0, 0.5], [0.0, 0.5]])  # class 0 is nowhere, class 1 everywhere
VIDEOS = np.array([[0.8, 0.1], [0.25, 0.5]])


def test_a_branch_by_hand() -> None:
    found = branch_statistics(Scored([FIRST, SECOND], VIDEOS), TAGS)
    assert found.tag_bce == pytest.approx(-(math.log(0.8) + math.log(0.9) + math.log(0.25) + math.log(0.5)) / 4)
    assert found.tag_map == 1.0
    assert found.tagged_score == pytest.approx((0.8 + 0.25 + 0.5) / 3)
    assert found.untagged_score == pytest.approx(0.1)
    assert found.margin == pytest.approx(1.55 / 3 - 0.1)
    assert found.activity == pytest.approx((3 / 5 + 0 + 1) / 3)
    assert found.runs == pytest.approx((2 + 0 + 1) / 3)
    assert found.contrast == pytest.approx((1.9 / 3 - 0.3) / 0.8)
    halves = [-p * math.log(p) - (1 - p) * math.log(1 - p) for p in FIRST[:, 0]]
    assert found.entropy == pytest.approx((sum(halves) / 5 + 0 + math.log(2)) / 3, abs=1e-5)


def test_what_cannot_be_said_is_none() -> None:
    found = branch_statistics(Scored([SECOND], VIDEOS[1:]), np.array([[True, True]]))
    assert found.untagged_score is None
    assert found.margin is None
    assert found.contrast is None


def test_agreement_by_hand() -> None:
    other = FIRST[:, ::-1].copy()
    other[:, 0] = [0.9, 0.1, 0.1, 0.9, 0.9]  # active: 0, 3, 4; together with 0, 1, 3 of the first
    found = agreement([FIRST], [other], TAGS[:1])
    assert found.iou == pytest.approx(2 / 4)
    assert found.correlation == pytest.approx(np.corrcoef(FIRST[:, 0], other[:, 0])[0, 1])
    constant = agreement([SECOND], [SECOND], TAGS[1:])
    assert constant.correlation is None
    assert constant.iou == 1.0  # of class 1; nobody finds class 0 anywhere


def test_labels_by_hand() -> None:
    first = np.array([[1, -1], [0, -1], [-1, -1], [0, -1]], np.int8)
    second = np.array([[0, 1], [0, -1]], np.int8)
    found = label_statistics([first, second], TAGS)
    assert found.foreground == 2 / 8
    assert found.background == 4 / 8
    assert found.covered == 2 / 3


def test_statistics_are_json() -> None:
    scored = Scored([FIRST, SECOND], VIDEOS)
    found = statistics({"cbp": scored, "vlp": scored, "vanilla": scored}, TAGS, None)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert set(found["agreement"]) == {"cbp-vlp", "cbp-vanilla", "vlp-vanilla"}
    assert found["agreement"]["cbp-vlp"]["correlation"] == pytest.approx(1.0)


def phase(**branches: dict[str, Any]) -> dict[str, Any]:
    return {"branches": branches}


@pytest.mark.parametrize(
    ("statistic", "branches", "choice"),
    [
        ("margin", ["cbp", "vlp"], (1, "vlp")),
        ("margin", ["cbp"], (0, "cbp")),  # the earlier of equals
        ("entropy", ["cbp", "vlp"], (2, "cbp")),  # the lowest
        ("tag_map", ["cbp", "vlp"], (2, "vlp")),  # where it is known at all
    ],
)
def test_best_by_hand(statistic: str, branches: list[str], choice: tuple[int, str]) -> None:
    settings = [f"statistic={statistic}", f"branches=[{', '.join(branches)}]", "rule=best"]
    phases = [
        phase(cbp={"margin": 0.5, "entropy": 0.3}, vlp={"margin": 0.1, "entropy": 0.4}),
        phase(cbp={"margin": 0.5, "entropy": 0.2}, vlp={"margin": 0.6, "entropy": 0.4}),
        phase(cbp={"margin": 0.4, "entropy": 0.1}, vlp={"margin": None, "entropy": 0.4, "tag_map": 0.2}),
    ]
    assert best(phases, load_settings(SelectionConfig, overrides=settings)) == choice


@pytest.mark.parametrize(
    ("warm_up", "trusted"),
    [
        ({"agreement": {"cbp-vanilla": {"correlation": 0.2}}}, True),
        ({"agreement": {"cbp-vanilla": {"correlation": 0.19}}}, False),
        ({"agreement": {"cbp-vanilla": {"correlation": None}}}, False),  # every score is constant
        ({"agreement": {"cbp-vlp": {"correlation": 0.9}}}, False),
        ({}, False),
    ],
)
def test_trust_by_hand(warm_up: dict[str, Any], trusted: bool) -> None:
    assert branches_agree(warm_up, SelectionConfig(least_agreement=0.2)) is trusted


@pytest.mark.parametrize(
    ("cbp", "vanilla", "expected"),
    [
        (0.61, 0.45, True),
        (0.59, 0.45, False),  # higher, but not by a third
        (0.3, 0.45, False),
        (0.3, None, True),
        (None, 0.45, False),  # all snippets are active, or none
        (None, None, False),
    ],
)
def test_sharp_by_hand(cbp: float | None, vanilla: float | None, expected: bool) -> None:
    assert sharp(phase(cbp={"contrast": cbp}, vanilla={"contrast": vanilla})) is expected
    assert not sharp({})


@pytest.mark.parametrize(
    ("before", "last", "expected"),
    [
        (0.5, 0.3, True),
        (0.5, 0.5, False),  # nothing has taught it
        (0.5, 0.6, False),
        (None, 0.5, False),
        (0.5, None, False),
    ],
)
def test_cured_by_hand(before: float | None, last: float | None, expected: bool) -> None:
    """VLP is held against itself: with prompts, the vanilla branch finds more than VLP does before it is taught."""
    vanilla = {"activity": 0.55}
    phases = (phase(vlp={"activity": share}, vanilla=vanilla) for share in (before, last))
    assert cured(*phases) is expected
    assert not cured({}, {})


@pytest.mark.parametrize(
    ("steps", "least", "vlp", "choice"),
    [
        ("[foreground, background]", 0.2, 0.4, Choice(None, "both")),
        ("[foreground, background]", 0.4, 0.4, Choice(0, "cbp")),  # they disagree
        ("[foreground, background]", 0.2, 0.6, Choice(1, "cbp")),  # after the first F: no B has touched VLP
        ("[background, foreground]", 0.2, 0.6, Choice(0, "cbp")),
        ("[foreground]", 0.2, 0.5, Choice(None, "cbp")),  # VLP is never touched
    ],
)
def test_the_rule_agreement(chosen: RunFolder, steps: str, least: float, vlp: float, choice: Choice) -> None:
    method, _, _ = load_method(chosen)
    assert isinstance(method, Collaboration)
    method.config = load_settings(
        CollabConfig,
        overrides=[f"schedule.steps={steps}", "selection.rule=agreement", f"selection.least_agreement={least}"],
    )
    warm_up = phase(vlp={"activity": 0.5}) | {"agreement": {"cbp-vanilla": {"correlation": 0.3}}}
    looked_at = {0: warm_up, len(method.phases()) - 1: phase(vlp={"activity": vlp})}
    assert method.choose(looked_at.__getitem__) == choice


def test_no_such_statistic_anywhere() -> None:
    with pytest.raises(ValueError, match="no phase has the statistic margin"):
        best([phase(cbp={}), {}, {"branches": 3}], SelectionConfig())


SMALL = [
    "optimizer.batch_size=4",
    "optimizer.lr=0.01",
    "cbp=convolution",
    "convolution.width=8",
    "vlp.heads=2",
    "schedule.warm_up=1",
    "schedule.background=1",
    "schedule.foreground=1",
    "schedule.rounds=1",
    "schedule.steps=[background, foreground]",
    "schedule.updates_per_epoch=4",
    "engine.tensorboard=false",
]


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory, scene_dataset: Path) -> RunFolder:
    settings = [*SMALL, "selection.rule=best", "selection.statistic=margin", "selection.branches=[cbp, vlp]"]
    return train(
        scene_dataset,
        method="collab",
        features="i3d",
        vlp_features="scene",
        run=tmp_path_factory.mktemp("chosen") / "run",
        overrides=settings,
    )


def stored(run: RunFolder) -> list[dict[str, Any]]:
    folders = sorted((run.path / "phases").iterdir())
    return [json.loads((folder / "statistics.json").read_text()) for folder in folders]


def test_every_phase_notes_its_statistics(chosen: RunFolder) -> None:
    warm_up, background, foreground = stored(chosen)
    assert warm_up["labels"] is None
    assert background["labels"] != foreground["labels"]
    assert background["labels"]["foreground"] == 0  # by default B names background alone
    assert 0 < foreground["labels"]["foreground"] < 1
    for step in (background, foreground):
        assert 0 < step["labels"]["background"] < 1
    # Each step changes what is said of the branch that it trains, and of no other.
    assert background["branches"]["cbp"] == warm_up["branches"]["cbp"]
    assert background["branches"]["vlp"] != warm_up["branches"]["vlp"]
    assert foreground["branches"]["vlp"] == background["branches"]["vlp"]
    assert foreground["branches"]["cbp"] != background["branches"]["cbp"]
    for branch in ("cbp", "vlp", "both", "vanilla"):
        assert warm_up["branches"][branch]["tag_bce"] > 0
    assert warm_up["branches"]["vanilla"] == foreground["branches"]["vanilla"]


def test_localizing_without_a_branch_takes_the_choice(chosen: RunFolder, scene_dataset: Path, tmp_path: Path) -> None:
    index, branch = best(stored(chosen), SelectionConfig(rule="best", statistic="margin", branches=("cbp", "vlp")))
    folder = sorted((chosen.path / "phases").iterdir())[index]
    assert (index, branch) != (2, "cbp"), "the choice must differ from the last weights for this test to see anything"
    scores = tmp_path / "scores.safetensors"
    localize(chosen.path, scene_dataset, tmp_path / "free.json", scores=scores)
    assert read_scores(scores).origin["phase"] == folder.name
    assert read_scores(scores).origin["branch"] == branch

    # The same weights at the end of a run that chooses nothing.
    other = tmp_path / "other"
    other.mkdir()
    info = json.loads((chosen.path / "run.json").read_text())
    info["settings"]["selection"]["rule"] = "last"
    (other / "run.json").write_text(json.dumps(info))
    (other / "weights.safetensors").write_bytes((folder / "weights.safetensors").read_bytes())
    seal(other, ["run.json", "weights.safetensors"])
    localize(other, scene_dataset, tmp_path / "named.json", branch=branch)
    results = [json.loads((tmp_path / name).read_text())["results"] for name in ("free.json", "named.json")]
    assert results[0] == results[1]


def test_a_named_branch_takes_the_last_weights(chosen: RunFolder, scene_dataset: Path, tmp_path: Path) -> None:
    scores = tmp_path / "scores.safetensors"
    localize(chosen.path, scene_dataset, tmp_path / "cbp.json", branch="cbp", scores=scores)
    assert "phase" not in read_scores(scores).origin


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "statistics.json: no such file"),
        ("{", "not valid JSON"),
        ("[]", r"statistics.json: is \[\]; expected an object"),
        ('{"branches": 1}', "statistics.json: branches: is 1; expected an object"),
        ("{}", "no phase has the statistic margin"),
    ],
)
def test_damaged_statistics_get_one_line(
    chosen: RunFolder, scene_dataset: Path, tmp_path: Path, content: str | None, message: str
) -> None:
    copy = tmp_path / "run"
    (copy / "phases").mkdir(parents=True)
    for name in ("run.json", "weights.safetensors"):
        (copy / name).write_bytes((chosen.path / name).read_bytes())
    for folder in (chosen.path / "phases").iterdir():
        (copy / "phases" / folder.name).mkdir()
        if content is not None:
            (copy / "phases" / folder.name / "statistics.json").write_text(content)
    seal(copy, ["run.json", "weights.safetensors"])
    with pytest.raises(InputError, match=message):
        localize(copy, scene_dataset, tmp_path / "out.json")


def test_the_phase_table_shows_them(chosen: RunFolder, scene_dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["diagnose", str(chosen.path), str(scene_dataset), "--phases", "--json", "-"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert [entry["statistics"] for entry in table["phases"]] == stored(chosen)
    index, branch = best(stored(chosen), SelectionConfig(rule="best", branches=("cbp", "vlp")))
    assert table["chosen"] == {"phase": table["phases"][index]["phase"], "branch": branch}
    assert (
        load_tensors(chosen.weights).keys() == load_tensors(chosen.phase(0, "warm-up") / "weights.safetensors").keys()
    )
