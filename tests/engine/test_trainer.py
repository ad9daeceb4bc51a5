"""The trainer's promises to a method: what is frozen stays, states are stored, accumulation changes nothing."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from weaktal.data.annotations import read_tags
from weaktal.data.features import Features
from weaktal.devices import habits
from weaktal.engine.batch import Batch, Updates, VideoSet
from weaktal.engine.checkpoint import load_tensors, save_tensors
from weaktal.engine.fabric import fabric_on
from weaktal.engine.folder import TrainingFolder
from weaktal.engine.method import Phase, SingleWay, State
from weaktal.engine.seeding import derived_seed
from weaktal.engine.settings import EngineConfig, OptimizerConfig
from weaktal.engine.trainer import Trainer
from weaktal.errors import InputError, RunError
from weaktal.files import sha256
from weaktal.progress import Progress

OPTIMIZER = OptimizerConfig(lr=0.05, clip_norm=None, batch_size=4, max_snippets=8)
ENGINE = EngineConfig(tensorboard=False, log_every=1)


class TwoBranches(SingleWay):
    """A method in the smallest form that uses all the engine offers: two branches, the second taught by the first."""

    def __init__(self, *, micro_batch: int | None = None, poison: bool = False) -> None:
        torch.manual_seed(0)
        self.module = nn.ModuleDict({"teacher": nn.Linear(16, 3), "student": nn.Linear(16, 3)})
        self.micro_batch = micro_batch
        self.poison = poison
        self.modes: list[tuple[bool, bool]] = []
        self.states: list[State] = []

    def phases(self) -> list[Phase]:
        common = {
            "updates": 3,
            "optimizer": OPTIMIZER.model_copy(update={"micro_batch": self.micro_batch}),
        }
        return [
            Phase(name="teach", trains=["teacher"], losses=self.video_loss, **common),
            Phase(name="learn", trains=["student"], losses=self.copy_loss, prepare=self.prepare, **common),
        ]

    def video_loss(self, batch: Batch, state: State) -> dict[str, Tensor]:
        self.modes.append((self.module["teacher"].training, self.module["student"].training))
        scores = self.module["teacher"](batch.features).masked_fill(~batch.mask[:, :, None], -9).amax(dim=1)
        loss = nn.functional.binary_cross_entropy_with_logits(scores, batch.labels)
        return {"cls": loss, "extra": loss * (float("nan") if self.poison else 0.5)}

    def prepare(self, videos: VideoSet, _previous: State) -> dict[str, Tensor]:
        return {name: self.module["teacher"](batch.features[0]) for batch in videos.whole() for name in batch.videos}

    def copy_loss(self, batch: Batch, state: State) -> dict[str, Tensor]:
        self.modes.append((self.module["teacher"].training, self.module["student"].training))
        self.states.append(state)
        loss = torch.zeros(())
        for row, name in enumerate(batch.videos):
            start, length = int(batch.starts[row]), int(batch.lengths[row])
            target = state[name][start : start + length]
            loss = loss + (self.module["student"](batch.features[row, :length]) - target).square().mean()
        return {"copy": loss / len(batch)}

    def localize(self, batch: Batch, branch: str | None) -> tuple[Tensor, Tensor]:
        raise NotImplementedError("these tests only train")


def training_videos(dataset: Path) -> VideoSet:
    annotations = read_tags(dataset)
    members = list(annotations.subset("training").values())
    return VideoSet(members, annotations.classes, Features.open(dataset, "i3d"))


def trained(dataset: Path, folder: Path, method: TwoBranches, engine: EngineConfig = ENGINE) -> TrainingFolder:
    run = TrainingFolder(folder)
    folder.mkdir()
    Trainer(method, training_videos(dataset), run, engine, 0).train()
    return run


def test_frozen_parts_keep_every_bit(tiny_dataset: Path, tmp_path: Path) -> None:
    method = TwoBranches()
    start = {name: value.clone() for name, value in method.module.state_dict().items()}
    run = trained(tiny_dataset, tmp_path / "run", method)
    after_first = load_tensors(run.phase(0, "teach") / "weights.safetensors")
    after_second = load_tensors(run.phase(1, "learn") / "weights.safetensors")
    for name in start:
        first_moves = name.startswith("teacher")
        assert torch.equal(start[name], after_first[name]) != first_moves, name
        assert torch.equal(after_first[name], after_second[name]) == first_moves, name
    assert method.modes == [(True, False)] * 3 + [(False, True)] * 3


def test_state_is_computed_once_stored_and_handed_to_the_losses(tiny_dataset: Path, tmp_path: Path) -> None:
    method = TwoBranches()
    run = trained(tiny_dataset, tmp_path / "run", method)
    stored = load_tensors(run.phase(1, "learn") / "state.safetensors")
    assert len(stored) == 10
    for state in method.states:
        for name, tensor in stored.items():
            assert torch.equal(state[name], tensor)
    assert not (run.phase(0, "teach") / "state.safetensors").exists()


@pytest.mark.parametrize("micro_batch", [1, 3])
def test_accumulated_gradients_equal_the_whole_batch(tiny_dataset: Path, tmp_path: Path, micro_batch: int) -> None:
    whole = trained(tiny_dataset, tmp_path / "whole", TwoBranches())
    pieces = trained(tiny_dataset, tmp_path / "pieces", TwoBranches(micro_batch=micro_batch))
    for name, tensor in load_tensors(whole.weights).items():
        torch.testing.assert_close(load_tensors(pieces.weights)[name], tensor, rtol=1e-4, atol=1e-5)


def test_reading_ahead_changes_nothing(tiny_dataset: Path, tmp_path: Path) -> None:
    here = trained(tiny_dataset, tmp_path / "here", TwoBranches())
    ahead = trained(tiny_dataset, tmp_path / "ahead", TwoBranches(), ENGINE.model_copy(update={"workers": 1}))
    for name, tensor in load_tensors(here.weights).items():
        assert torch.equal(load_tensors(ahead.weights)[name], tensor)


def test_mixed_precision_trains(tiny_dataset: Path, tmp_path: Path) -> None:
    full = trained(tiny_dataset, tmp_path / "full", TwoBranches())
    mixed = trained(
        tiny_dataset, tmp_path / "mixed", TwoBranches(), ENGINE.model_copy(update={"precision": "bf16-mixed"})
    )
    for name, tensor in load_tensors(full.weights).items():
        weights = load_tensors(mixed.weights)[name]
        assert weights.dtype == torch.float32
        assert not torch.equal(weights, tensor)
        torch.testing.assert_close(weights, tensor, rtol=0.1, atol=0.1)


def test_losses_are_logged_by_name(tiny_dataset: Path, tmp_path: Path) -> None:
    run = trained(tiny_dataset, tmp_path / "run", TwoBranches())
    with run.losses.open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["name"] for row in rows if row["total"] == "1"] == ["loss", "cls", "extra"]
    assert [row["name"] for row in rows if row["total"] == "4"] == ["loss", "copy"]
    values = {row["name"]: float(row["value"]) for row in rows if row["total"] == "1"}
    assert values["loss"] == pytest.approx(values["cls"] + values["extra"])
    assert values["extra"] == pytest.approx(values["cls"] / 2)


def test_a_loss_that_is_no_number_stops_the_run_and_names_it(tiny_dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"'loss' became nan at update 1 of phase teach"):
        trained(tiny_dataset, tmp_path / "run", TwoBranches(poison=True))
    assert not (tmp_path / "run" / "weights.safetensors").exists()


class Descent(OptimizerConfig):
    """Plain gradient descent, whose steps are as long as the gradients."""

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, lr=self.lr)


class Steep(TwoBranches):
    """Both branches in one phase of one update, the gradient of one far longer than that of the other."""

    def __init__(self, clip_norm: float | None, micro_batch: int | None) -> None:
        super().__init__(micro_batch=micro_batch)
        self.clip_norm = clip_norm

    def phases(self) -> list[Phase]:
        first = super().phases()[0]
        own = {"lr": 0.5, "clip_norm": self.clip_norm}
        optimizer = Descent(**{**first.optimizer.model_dump(), **own})
        trains = ["teacher", "student"]
        return [replace(first, updates=1, trains=trains, losses=self.losses, optimizer=optimizer)]

    def losses(self, batch: Batch, _state: State) -> dict[str, Tensor]:
        rows = [(self.module[name](batch.features) * batch.mask[:, :, None]).square() for name in self.module]
        gentle, steep = ((row.sum(dim=(1, 2)) / batch.lengths).mean() for row in rows)
        return {"gentle": gentle, "steep": 50 * steep}


@pytest.mark.parametrize("micro_batch", [None, 3])
@pytest.mark.parametrize(("clip_norm", "shortened"), [(None, False), (1e4, False), (10.0, True), (0.1, True)])
def test_the_gradient_of_all_that_trains_is_clipped_as_one(
    tiny_dataset: Path, tmp_path: Path, clip_norm: float | None, shortened: bool, micro_batch: int | None
) -> None:
    run = trained(tiny_dataset, tmp_path / "run", Steep(clip_norm, micro_batch))
    by_hand = Steep(None, None)
    seed = derived_seed(0, 0, "batches")
    batch = Updates(training_videos(tiny_dataset), batch_size=4, max_snippets=8, seed=seed, count=1)[0]
    torch.stack(list(by_hand.losses(batch, {}).values())).sum().backward()
    limit = math.inf if clip_norm is None else clip_norm
    norm = torch.nn.utils.clip_grad_norm_(by_hand.module.parameters(), limit)
    assert (norm > limit) == shortened
    stored = load_tensors(run.weights)
    for name, parameter in by_hand.module.named_parameters():
        assert parameter.grad is not None
        torch.testing.assert_close(stored[name], parameter.detach() - 0.5 * parameter.grad, rtol=1e-4, atol=1e-6)


class Shared(TwoBranches):
    """The student is pulled to a vector that the teacher computes once an update, then looks back at what it did."""

    def __init__(self, *, micro_batch: int | None = None) -> None:
        super().__init__(micro_batch=micro_batch)
        self.calls = 0
        self.at_the_end: list[Tensor] = []

    def phases(self) -> list[Phase]:
        first, second = super().phases()
        both = replace(
            first,
            name="both",
            trains=["teacher", "student"],
            losses=self.distance,
            shared=self.target,
            finish=self.finish,
            review=self.review,
        )
        return [both, second]

    def target(self) -> dict[str, Tensor]:
        self.calls += 1
        return {"target": self.module["teacher"](torch.ones(16))}

    def distance(self, batch: Batch, state: State) -> dict[str, Tensor]:
        scores = self.module["student"](batch.features)
        squares = ((scores - state["target"]) * batch.mask[:, :, None]).square().sum(dim=(1, 2))
        return {"distance": (squares / batch.lengths).mean()}

    def finish(self) -> None:
        with torch.no_grad():
            self.module["teacher"].bias.fill_(7.0)

    def review(self, videos: VideoSet, state: State) -> dict[str, object]:
        assert not torch.is_grad_enabled()
        assert not self.module["student"].training
        return {"videos": len(videos), "calls": self.calls}

    def copy_loss(self, batch: Batch, state: State) -> dict[str, Tensor]:
        assert all(parameter.grad is None for parameter in self.module["teacher"].parameters())
        return super().copy_loss(batch, state)


@pytest.mark.parametrize("micro_batch", [1, 3])
def test_what_an_update_shares_is_computed_once_and_gets_the_gradient_of_all_pieces(
    tiny_dataset: Path, tmp_path: Path, micro_batch: int
) -> None:
    method = Shared(micro_batch=micro_batch)
    whole = trained(tiny_dataset, tmp_path / "whole", Shared())
    pieces = trained(tiny_dataset, tmp_path / "pieces", method)
    assert method.calls == 3
    for name, tensor in load_tensors(whole.weights).items():
        torch.testing.assert_close(load_tensors(pieces.weights)[name], tensor, rtol=1e-4, atol=1e-5)
    start = Shared().module.state_dict()
    assert not torch.equal(load_tensors(whole.weights)["teacher.weight"], start["teacher.weight"])


def test_a_phase_ends_with_what_it_asks_for(tiny_dataset: Path, tmp_path: Path) -> None:
    run = trained(tiny_dataset, tmp_path / "run", Shared())
    assert load_tensors(run.phase(0, "both") / "weights.safetensors")["teacher.bias"].tolist() == [7.0] * 3
    assert json.loads((run.phase(0, "both") / "statistics.json").read_text()) == {"videos": 10, "calls": 3}
    assert not (run.phase(1, "learn") / "statistics.json").exists()


class Satisfied(TwoBranches):
    """Its first phase has enough after four of at most nine updates."""

    def phases(self) -> list[Phase]:
        teach, learn = super().phases()
        return [replace(teach, updates=9, enough=self.enough, ask_every=2), learn]

    def enough(self, videos: VideoSet) -> bool:
        assert not self.module.training
        assert not torch.is_grad_enabled()
        assert len(videos) == 10
        moved = self.module["teacher"].weight - TwoBranches().module["teacher"].weight
        return bool(moved.abs().max() > 0.151)  # Adam's steps are of 0.05 at most


def test_a_phase_that_has_enough_ends_early_and_resumes_to_the_same(tiny_dataset: Path, tmp_path: Path) -> None:
    method, events = Satisfied(), list[Progress]()
    run = TrainingFolder(tmp_path / "run")
    run.path.mkdir()
    Trainer(method, training_videos(tiny_dataset), run, ENGINE, 0, events.append).train()
    assert events[0].whole == (0, 12)
    assert events[-1].whole == (7, 7)  # what was left out is no longer to do
    assert method.modes == [(True, False)] * 4 + [(False, True)] * 3
    with (tmp_path / "run/losses.csv").open() as file:
        updates = dict.fromkeys((row["phase"], row["update"]) for row in csv.DictReader(file))
    assert list(updates) == [*(("teach", str(n)) for n in range(1, 5)), *(("learn", str(n)) for n in range(1, 4))]

    class Stopped(Exception):
        pass

    for at in (3, 4, 5):  # within the phase, at its end, and after it
        again = tmp_path / f"again-{at}"
        again.mkdir()
        folder, told = TrainingFolder(again), []

        def stop(progress: Progress, at: int = at, told: list[int] = told) -> None:
            if progress.values:
                told.append(progress.done)
                if len(told) == at:
                    raise Stopped

        engine = ENGINE.model_copy(update={"checkpoint_every": 1})
        with pytest.raises(Stopped):
            Trainer(Satisfied(), training_videos(tiny_dataset), folder, engine, 0, stop).train()
        Trainer(Satisfied(), training_videos(tiny_dataset), folder, engine, 0).train()
        assert sha256(folder.weights) == sha256(run.weights)


def test_a_state_may_be_empty(tmp_path: Path) -> None:
    save_tensors(tmp_path / "state.safetensors", {})
    assert load_tensors(tmp_path / "state.safetensors") == {}


def test_precision_and_device_are_chosen_by_what_the_device_does_well(monkeypatch: pytest.MonkeyPatch) -> None:
    for precision, mixed in (("fp32", False), ("bf16", True)):
        found = replace(habits("cpu"), precision=precision)
        monkeypatch.setattr("weaktal.engine.fabric.habits", lambda _name, found=found: found)
        fabric = fabric_on(ENGINE.model_copy(update={"precision": "auto", "device": "cpu"}))
        assert fabric.device == torch.device("cpu")
        with fabric.autocast():
            product = nn.Linear(2, 2)(torch.ones(1, 2))
        assert (product.dtype == torch.bfloat16) == mixed


@pytest.mark.parametrize("device", ["gpu", "cuda:0,cuda:1"])
def test_what_is_no_device_is_refused_as_a_setting(device: str) -> None:
    with pytest.raises(ValidationError, match="auto, cpu, cuda, cuda:1 or mps"):
        EngineConfig(device=device)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_device_that_is_not_there_is_said() -> None:
    with pytest.raises(InputError, match=r"engine\.device cuda:1: cannot be used"):
        fabric_on(ENGINE.model_copy(update={"device": "cuda:1"}))
