"""What became of a checkpoint on the disk is noticed, and nothing of others is removed."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from weaktal.engine.checkpoint import Checkpoints, Position, load_tensors, save_tensors
from weaktal.engine.checksums import FILE, read_sums, seal
from weaktal.engine.folder import TrainingFolder
from weaktal.engine.method import Phase
from weaktal.engine.resume import Start
from weaktal.engine.settings import OptimizerConfig
from weaktal.errors import InputError
from weaktal.processes import identity


class Run(TrainingFolder):
    """A training that is told from others by its folder's name."""

    @property
    def identity(self) -> str:
        return self.path.name


def network(seed: int) -> tuple[nn.Module, torch.optim.Optimizer]:
    """A network and its optimizer after an update."""
    torch.manual_seed(seed)
    module = nn.Linear(3, 2)
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01, betas=(0.8, 0.99))
    module(torch.randn(1, 3)).sum().backward()
    optimizer.step()
    return module, optimizer


AT = Position(phase=1, update=2, total=5)


def saved(folder: Path, seed: int = 0, position: Position = AT) -> Path:
    checkpoints = Checkpoints(Run(folder))
    checkpoints.save(position, *network(seed))
    return checkpoints.folder / position.name


def test_weights_and_moments_come_back_to_the_bit(tmp_path: Path) -> None:
    saved(tmp_path / "run")
    start = Start(Checkpoints(Run(tmp_path / "run")))
    assert start.position == AT
    expected, theirs = network(0)
    module, optimizer = network(1)
    start.load_weights(module)
    start.load_moments(1, optimizer)
    assert all(
        torch.equal(a, b) for a, b in zip(module.state_dict().values(), expected.state_dict().values(), strict=True)
    )
    mine, other = optimizer.state_dict(), theirs.state_dict()
    assert mine["param_groups"] == other["param_groups"]
    assert all(
        torch.equal(mine["state"][i][k], other["state"][i][k]) for i in other["state"] for k in other["state"][i]
    )


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def position(checkpoint: Path, **values: object) -> None:
    """Another position, with a checksum that fits."""
    path = checkpoint / "position.json"
    content = json.loads(path.read_text())
    content["position"] |= values
    path.write_text(json.dumps(content))
    seal(checkpoint, ["position.json"])


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a bit of the weights": (lambda c: flip(c / "weights.safetensors", -1), "is damaged, or belongs elsewhere"),
    "a bit of the moments": (lambda c: flip(c / "moments.safetensors", -3), "is damaged, or belongs elsewhere"),
    "a bit of the position": (lambda c: flip(c / "position.json", -10), "is damaged, or belongs elsewhere"),
    "a bit of the list": (lambda c: flip(c / FILE, 3), "is damaged|is '"),
    "no list": (lambda c: (c / FILE).unlink(), "no such file"),
    "an empty list": (lambda c: (c / FILE).write_text(""), "does not list position.json"),
    "no weights": (lambda c: (c / "weights.safetensors").unlink(), "no such file"),
    "no position": (lambda c: (c / "position.json").unlink(), "no such file"),
    "a field too many": (lambda c: position(c, more=1), "position.more"),
    "text for a number": (lambda c: position(c, update="2"), "position.update"),
    "a negative phase": (lambda c: position(c, phase=-1), "position.phase"),
    "another name": (lambda c: position(c, total=4), "expected 000000005-001, as it is called"),
    "an update too many": (lambda c: position(c, update=9), "stands at update 9 of phase 1, after 5 in all"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_damage_is_one_line(case: str, tmp_path: Path) -> None:
    damage, message = DAMAGE[case]
    damage(saved(tmp_path / "run"))
    with pytest.raises(InputError, match=message):
        resumed(tmp_path / "run")


def phases(*updates: int) -> list[Phase]:
    return [
        Phase(
            name=str(place), updates=count, trains=[""], losses=lambda _batch, _state: {}, optimizer=OptimizerConfig()
        )
        for place, count in enumerate(updates)
    ]


def resumed(run: Path) -> None:
    start = Start(Checkpoints(Run(run)))
    start.check(phases(3, 4))
    module, optimizer = network(1)
    start.load_weights(module)
    start.load_moments(1, optimizer)


@pytest.mark.parametrize(
    ("total", "early", "fits"), [(5, 0, True), (4, 0, False), (6, 0, False), (4, 1, True), (2, 1, False)]
)
def test_a_position_that_no_training_comes_by_is_refused(total: int, early: int, fits: bool, tmp_path: Path) -> None:
    """Two updates into the second phase, after a first of three, or of at least one where that may end early."""
    saved(tmp_path / "run", position=Position(phase=1, update=2, total=total))
    first, second = phases(3, 4)
    start = Start(Checkpoints(Run(tmp_path / "run")))
    planned = [replace(first, enough=lambda _videos: True, ask_every=early), second]
    with contextlib.nullcontext() if fits else pytest.raises(InputError, match="stands at update 2 of phase 1"):
        start.check(planned)


@pytest.mark.parametrize("name", ["weights.safetensors", "moments.safetensors"])
def test_files_of_another_checkpoint_are_refused(name: str, tmp_path: Path) -> None:
    ours, theirs = saved(tmp_path / "run"), saved(tmp_path / "other", seed=7)
    shutil.copyfile(theirs / name, ours / name)
    with pytest.raises(InputError, match="is damaged, or belongs elsewhere"):
        resumed(tmp_path / "run")


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    saved(tmp_path / "other", seed=7)
    shutil.copytree(tmp_path / "other", tmp_path / "run")
    with pytest.raises(InputError, match="is of another run"):
        resumed(tmp_path / "run")


def test_only_own_names_are_removed(tmp_path: Path) -> None:
    first = saved(tmp_path / "run")
    folder = first.parent
    (folder / "photos").mkdir()
    (folder / "photos" / "1").write_text("precious")
    (folder / "000000001-000").mkdir()
    (folder / "000000001-000" / "notes").write_text("precious")
    later = saved(tmp_path / "run", position=Position(phase=1, update=3, total=6))
    assert sorted(path.name for path in folder.iterdir()) == ["000000001-000", later.name, "photos"]
    checkpoints = Checkpoints(Run(tmp_path / "run"))
    left = folder / f".x.{identity(2**22)}.00000000.tmp"  # by a process that is no more
    left.mkdir()
    checkpoints.clear()
    assert sorted(path.name for path in folder.iterdir()) == ["000000001-000", "photos"]
    assert (folder / "photos" / "1").read_text() == (folder / "000000001-000" / "notes").read_text() == "precious"


def test_weights_of_a_run_are_checked_against_its_list(tmp_path: Path) -> None:
    for name, value in (("run", 1.0), ("other", 2.0)):
        path = tmp_path / name / "phases" / "01-warm-up" / "weights.safetensors"
        save_tensors(path, {"a": torch.tensor([value])}, within=tmp_path / name)
    ours = tmp_path / "run" / "phases" / "01-warm-up" / "weights.safetensors"
    assert list(read_sums(tmp_path / "run")) == ["phases/01-warm-up/weights.safetensors"]
    assert load_tensors(ours)["a"].tolist() == [1.0]
    shutil.copyfile(tmp_path / "other" / "phases" / "01-warm-up" / "weights.safetensors", ours)
    with pytest.raises(InputError, match="is damaged, or belongs elsewhere"):
        load_tensors(ours)
    shutil.copyfile(ours, ours.with_name("more.safetensors"))
    with pytest.raises(InputError, match="is not listed"):
        load_tensors(ours.with_name("more.safetensors"))
