"""Candidates for the rows of the controls: what they change, and which rows each can change."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tests.conftest import add_vlp_features, make_dataset

from weaktal.config import flat, load_settings
from weaktal.engine.checkpoint import load_tensors
from weaktal.errors import InputError
from weaktal.losses.pseudo_labels import hard_labels
from weaktal.methods.collab.settings import CollabConfig
from weaktal.methods.presets import preset_file
from weaktal.runs.train import train
from weaktal.studies.candidates import decided, trials_of, usual_candidates
from weaktal.studies.choosing import own_table
from weaktal.studies.several import compared
from weaktal.studies.tables import Reading

TAUGHT = {"self-training", "self-training-late", "shuffled-f", "only-f", "only-f-late", "agreed-f", "b-first"}
TAUGHT |= {"b-first-both", "whole", "whole-both", "as-shipped"}
ON_TAGS = {"mil-3", "mil-1", "cbp-warm-up", "late"}
MMSD = {"mmsd-on-tags", "mmsd-own"}


def rows(preset: str = "few", *overrides: str) -> tuple[CollabConfig, list[Reading]]:
    base, _, table = compared(preset, overrides, (), alone=True)
    return base, [line.reading for line in table.lines]


@pytest.mark.parametrize("preset", ["default", "few", "paper"])
def test_the_usual_candidates_change_what_they_name_under_any_preset(preset: str) -> None:
    base = load_settings(CollabConfig, preset_file("collab", preset))
    table = own_table(usual_candidates(base))
    assert table is not None
    before = flat(base.model_dump())
    for reading in (line.reading for line in table.lines[1:]):
        after = flat(load_settings(CollabConfig, overrides=reading.overrides, base=base).model_dump())
        named = {override.partition("=")[0] for override in reading.overrides}
        changed = {key for key in before if before[key] != after[key]}
        assert changed <= named
        if not reading.name.startswith(("labels-", "end-", "mmsd-few-votes")):  # what a preset has already
            assert changed == named


def test_rates_and_shares_go_up_and_down_by_the_presets_own() -> None:
    base, readings = rows("few", "optimizer.lr=0.02", "pooling.divisor=5")
    by_name = {trial.name: trial.base for trial in trials_of((), base, readings)}
    assert by_name["rate-low"].optimizer.lr < 0.02 < by_name["rate-high"].optimizer.lr
    assert by_name["k-large"].pooling.divisor < 5 < by_name["k-small"].pooling.divisor
    assert by_name["end-late"].schedule.end_below < 0.2 < by_name["end-early"].schedule.end_below


def test_candidates_of_labels_make_fewer_and_more_of_them() -> None:
    """On ranks from 0 to 1, of which half is presumed to be action: how many are labelled, and how many as action."""
    base, readings = rows()
    ranks = torch.linspace(0, 1, 101)[None, :, None]
    counted = {}
    for trial in trials_of((), base, readings):
        limits = trial.base.labels.foreground
        if limits.scale == "share":
            low, high = 0.5 * limits.low, 0.5 + 0.5 * limits.high
            found = hard_labels(
                ranks, torch.ones(1, 1), torch.ones(1, 101, dtype=torch.bool), low=torch.tensor([low]),
                high=torch.tensor([high]), scale="raw", untagged="ignored",
            )  # fmt: skip
            counted[trial.name] = (int((found >= 0).sum()), int((found == 1).sum()))
    assert counted["labels-fewer"] < counted["unchanged"]
    assert counted["labels-action"][1] > counted["unchanged"][1]


def test_every_kind_of_row_has_about_as_many_candidates() -> None:
    """Nine for what learns from tags alone, four more where labels teach; of ``mmsd`` its own nine."""
    base, readings = rows()
    trials = trials_of((), base, readings)[1:]
    count = {reading.name: sum(reading.name in trial.readings for trial in trials) for reading in readings}
    assert {count[row] for row in ON_TAGS} == {9}
    assert {count[row] for row in TAUGHT} == {13}
    assert {count[row] for row in MMSD} == {9}
    assert count["vlp-vanilla"] == 3  # pooling alone: it learns nothing


@pytest.mark.parametrize(
    ("candidate", "changed"),
    [
        ("labels.foreground.high=0.6", TAUGHT),
        ("cbp_share=0.7", {"late", "self-training-late", "only-f-late", "b-first-both", "whole-both", "as-shipped"}),
        ("selection.least_agreement=-1", {"as-shipped"}),
        ("mmsd.optimizer.lr=0.001", MMSD),
        ("pyramid.dropout=0.3", TAUGHT | {"cbp-warm-up", "late"}),
        ("vlp.dropout=0.3", {"b-first", "b-first-both", "whole", "whole-both", "as-shipped", "shuffled-f"}),
    ],
)
def test_which_rows_a_candidate_can_change(candidate: str, changed: set[str]) -> None:
    base, readings = rows()
    (_, trial) = trials_of([f"a: {candidate}"], base, readings)
    assert set(trial.readings) >= changed  # a row more is trained for nothing, a row less is denied its candidate
    if not candidate.startswith("vlp."):
        assert set(trial.readings) == changed


def test_what_is_said_to_leave_a_row_alone_does_leave_its_weights_alone(tmp_path: Path) -> None:
    """CBP with the convolution does not know the pyramid's settings, MMSD's warm-up not those of the others."""
    dataset = make_dataset(tmp_path / "d", seed=1)
    add_vlp_features(dataset)
    shared = ["optimizer.batch_size=5", "vlp.heads=2", "engine.tensorboard=false", "schedule.warm_up=1"]
    shared += ["schedule.updates_per_epoch=4", "schedule.rounds=0", "convolution.width=16", "cbp=convolution"]
    base = load_settings(CollabConfig, overrides=shared)
    row = Reading("row", "a row", after="warm-up")
    weights = []
    for name, more in (
        ("a", []),
        ("b", ["pyramid.dropout=0.4", "mmsd.model.dropout=0.1"]),
        ("c", ["optimizer.lr=0.1"]),
    ):
        config = load_settings(CollabConfig, overrides=more, base=base)
        assert (decided(row, config) == decided(row, base)) is (name != "c")
        train(
            dataset, method="collab", features="i3d", vlp_features="scene", run=tmp_path / name, seed=1,
            overrides=[*shared, *more],
        )  # fmt: skip
        weights.append(load_tensors(tmp_path / name / "weights.safetensors"))
    one, same, other = ({key: value for key, value in w.items() if key.startswith("cbp.")} for w in weights)
    assert one.keys() == same.keys()
    assert all(torch.equal(one[key], same[key]) for key in one)
    assert not all(torch.equal(one[key], other[key]) for key in one)


def test_a_usual_candidate_that_the_settings_do_not_allow_is_left_out() -> None:
    base, readings = rows("few", "labels.background.low=0.2", "labels.background.high=0.3")
    names = [trial.name for trial in trials_of((), base, readings)]
    assert "labels-rank" not in names
    assert "rate-low" in names


def test_a_row_is_not_made_another_row() -> None:
    base, readings = rows()
    with pytest.raises(InputError, match="a: makes row 'only-f' the same as 'self-training'"):
        trials_of(["a: labels.teacher=cbp"], base, readings)
