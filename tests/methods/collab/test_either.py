"""The side whose network is picked: by what, when, and that the pick is kept wherever weights go."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest
import torch
from tests.methods.collab import test_turns
from tests.methods.collab.test_turns import SMALL, small_method, videos_of

from weaktal.cli import run as command
from weaktal.config import load_settings
from weaktal.engine.batch import Batch
from weaktal.engine.checkpoint import load_tensors
from weaktal.engine.method import Choice, State
from weaktal.errors import InputError
from weaktal.methods.collab import turns
from weaktal.methods.collab.either import EitherSide
from weaktal.methods.collab.settings import CollabConfig
from weaktal.methods.collab.turns import Collaboration
from weaktal.methods.mil import MultipleInstance
from weaktal.runs.folder import RunFolder
from weaktal.runs.localize import localize
from weaktal.runs.trained import load_method, phase_statistics
from weaktal.studies.ablate import common_data
from weaktal.studies.upper_bound import upper_bound


@pytest.fixture(scope="module")
def dataset(scene_dataset: Path) -> Path:
    return scene_dataset


def trained(dataset: Path, folder: Path, *overrides: str, resume: bool = False) -> RunFolder:
    return test_turns.trained(dataset, folder, "cbp=auto", "schedule.rounds=1", *overrides, resume=resume)


def picked(monkeypatch: pytest.MonkeyPatch, *, keeps: bool) -> None:
    """The pick as it falls out where the pyramid is far sharper than untaught VLP, or is not."""
    monkeypatch.setattr(turns, "sharp", lambda _: keeps)


def side_of(method: Collaboration) -> EitherSide:
    assert isinstance(method.cbp, EitherSide)
    return method.cbp


@pytest.mark.parametrize(
    ("others", "taken", "contrast"), [(0.9, "convolution", "?"), (0.4, "convolution", "0.56"), (0.0, "pyramid", "1.00")]
)
def test_a_pyramid_that_is_hardly_sharper_than_untaught_vlp_gives_way(
    dataset: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    others: float,
    taken: str,
    contrast: str,
) -> None:
    """The pyramid is made to call all snippets action, or one a video, blurred or clear; vanilla VLP is blurred."""
    caplog.set_level(logging.INFO, "weaktal")
    method = small_method(dataset, "cbp=auto")
    pyramid = side_of(method).sides["pyramid"]

    def snippets(batch: Batch, _branch: str | None) -> tuple[torch.Tensor, torch.Tensor]:
        scores = torch.full((*batch.mask.shape, 3), others)
        scores[:, 0] = 0.9
        return scores, scores.amax(1)

    monkeypatch.setattr(pyramid, "localize", snippets)
    vanilla = method.vlp.vanilla
    monkeypatch.setattr(method.vlp, "vanilla", lambda features: vanilla(features) / 4)
    method.take_network(videos_of(dataset), {})
    assert side_of(method).taken == taken
    did = "keeps the pyramid: " if taken == "pyramid" else "changes to the convolution: "
    (said,) = caplog.messages
    assert did in said
    assert f"% of the snippets action, with a contrast of {contrast};" in said


@pytest.mark.parametrize("keeps", [True, False])
def test_the_network_that_is_taken_is_the_one_that_learns_and_localizes(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], keeps: bool
) -> None:
    picked(monkeypatch, keeps=keeps)
    run = trained(dataset, tmp_path / "run")
    phases = sorted((run.path / "phases").iterdir())
    names = ["warm-up-pyramid", "warm-up-convolution", "background-1", "foreground-1"]
    assert [folder.name.partition("-")[2] for folder in phases] == names
    before, after = (load_tensors(phases[index] / "weights.safetensors") for index in (2, 3))
    moved = {name.split(".")[1] for name in before if not torch.equal(before[name], after[name])}
    taken = "pyramid" if keeps else "convolution"
    assert moved == {taken}
    monkeypatch.undo()
    method, _, _ = load_method(run)
    assert isinstance(method, Collaboration)
    assert side_of(method).taken == taken
    method.module.eval()
    batch = next(videos_of(dataset).whole(2))
    alone = side_of(method).sides["pyramid" if keeps else "convolution"]
    assert torch.equal(method.localize(batch, "cbp")[0], alone.localize(batch, None)[0])
    localize(run.path, dataset, tmp_path / "found.json")
    capsys.readouterr()
    assert command(["diagnose", str(run.path), str(dataset), "--phases"]) == 0
    assert f"network of CBP that the warm-up picked: {taken}\n" in capsys.readouterr().out


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize("kind", ["alternate", "online"])
def test_a_pyramid_that_is_kept_trains_as_where_it_is_named(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, keeps: bool
) -> None:
    """To the last bit of the last weights of both branches, and of their teachers."""
    picked(monkeypatch, keeps=keeps)
    overrides = (f"schedule.kind={kind}", "schedule.restart=true")
    either = load_tensors(trained(dataset, tmp_path / "either", *overrides).weights)
    named = load_tensors(trained(dataset, tmp_path / "named", *overrides, "cbp=pyramid").weights)
    within = {name: re.sub(r"^(cbp|cbp_teacher)\.", r"\1.pyramid.", name) for name in named}
    assert all(torch.equal(tensor, either[within[name]]) for name, tensor in named.items()) == keeps


def test_the_warm_up_that_is_left_behind_is_the_one_of_the_pick(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for keeps, phase in ((True, 0), (False, 1)):
        picked(monkeypatch, keeps=keeps)
        run = trained(dataset, tmp_path / str(keeps))
        method, _, _ = load_method(run)
        assert isinstance(method, Collaboration)
        method.config = load_settings(
            CollabConfig, overrides=["selection.rule=agreement", "selection.least_agreement=1"]
        )
        folders = sorted((run.path / "phases").iterdir())
        stored = [phase_statistics(folder, method).model_dump() for folder in folders]
        assert method.choose(stored.__getitem__) == Choice(phase, "cbp")


def test_a_bound_needs_a_network(dataset: Path) -> None:
    config = load_settings(CollabConfig, SMALL, ["cbp=auto"])
    with pytest.raises(InputError, match="cbp: picks a network in training; expected pyramid, convolution or mmsd"):
        upper_bound(common_data(dataset, "i3d", "scene"), config, seed=0, folder=dataset.parent / "bound")


def test_the_convolution_is_over_after_an_epoch_where_it_is_not_taken(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picked(monkeypatch, keeps=True)
    run = trained(dataset, tmp_path / "run")
    rows = [line.split(",")[:3] for line in run.losses.read_text().splitlines()[1:]]
    assert max(int(row[2]) for row in rows if "warm-up-convolution" in row) == 4  # of 8
    assert max(int(row[2]) for row in rows if "warm-up-pyramid" in row) == 8


def test_fresh_weights_keep_the_pick(dataset: Path) -> None:
    method = small_method(dataset, "cbp=auto", "schedule.restart=true")
    side_of(method).take("convolution")
    before = {name: tensor.clone() for name, tensor in method.cbp.module.state_dict().items()}
    method.labels_of_vlp(videos_of(dataset), {})
    assert side_of(method).taken == "convolution"
    after = method.cbp.module.state_dict()
    name = next(name for name in before if name.startswith("convolution.") and before[name].dim() > 1)
    assert not torch.equal(before[name], after[name])


def test_online_teachers_take_the_same_network(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picked(monkeypatch, keeps=False)
    run = trained(dataset, tmp_path / "run", "schedule.kind=online", "schedule.restart=true")
    weights = load_tensors(run.weights)
    assert weights["cbp.taken"] == weights["cbp_teacher.taken"] == 1


def test_stopped_in_the_second_warm_up_and_resumed_equals_never_stopped(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picked(monkeypatch, keeps=False)
    whole = trained(dataset, tmp_path / "whole")
    losses = MultipleInstance.losses
    calls = 0

    def stopping(self: MultipleInstance, batch: Batch, state: State) -> dict[str, torch.Tensor]:
        nonlocal calls
        calls += 1
        if calls == 8 + 6:  # the sixth of eight updates of the second warm-up
            raise KeyboardInterrupt
        return losses(self, batch, state)

    with monkeypatch.context() as patch:
        patch.setattr(MultipleInstance, "losses", stopping)
        with pytest.raises(KeyboardInterrupt):
            trained(dataset, tmp_path / "stopped")
    stopped = trained(dataset, tmp_path / "stopped", resume=True)
    one, other = load_tensors(whole.weights), load_tensors(stopped.weights)
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert json.loads((stopped.path / "run.json").read_text())["settings"]["cbp"] == "auto"
