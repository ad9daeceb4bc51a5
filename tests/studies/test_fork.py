"""A run that continues from another's step ends as one from scratch, to the bit, in every file."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.training import train

from weaktal.config import load_settings
from weaktal.errors import InputError
from weaktal.methods.collab.settings import CollabConfig
from weaktal.runs.folder import RunFolder
from weaktal.studies.fork import fork
from weaktal.studies.steps import phases_of, step_folder

MMSD = [
    "cbp=mmsd", "mmsd.model.channels=8", "mmsd.schedule.epochs=4", "mmsd.schedule.vote_every=2",
    "mmsd.optimizer.batch_size=5",
]  # fmt: skip


def trained(dataset: Path, settings: Path, run: Path, overrides: list[str]) -> RunFolder:
    return train(
        dataset,
        method="collab",
        features="i3d",
        vlp_features="scene",
        run=run,
        config=settings,
        overrides=overrides,
        resume=True,
    )


@pytest.mark.parametrize(
    ("common", "source", "target", "step"),
    [
        ([], [], ["losses.classification=0"], "background-1"),
        ([], ["schedule.rounds=1"], ["schedule.rounds=2"], "foreground-1"),
        ([], ["schedule.rounds=2"], ["schedule.rounds=1"], "foreground-1"),
        (["schedule.rounds=1"], [], ["schedule.restart=true"], "background-1"),
        (["schedule.kind=online", "schedule.online.refresh=1"], [], ["schedule.online.decay=0.5"], "warm-up"),
        (["schedule.kind=online", "schedule.online.refresh=1"], [], ["schedule.restart=true"], "warm-up"),
        ([*MMSD, "schedule.rounds=1"], [], ["losses.contrast=0"], "warm-up"),
    ],
)
def test_equal_to_training_from_scratch(
    ablation_dataset: Path,
    ablation_settings: Path,
    tmp_path: Path,
    common: list[str],
    source: list[str],
    target: list[str],
    step: str,
) -> None:
    first = trained(ablation_dataset, ablation_settings, tmp_path / "first", [*common, *source])
    scratch = trained(ablation_dataset, ablation_settings, tmp_path / "scratch", [*common, *target])
    config = load_settings(CollabConfig, ablation_settings, [*common, *target])
    fork(first.path, step, tmp_path / "forked", config)
    kept = {path: path.read_bytes() for path in first.path.rglob("*") if path.is_file()}
    forked = trained(ablation_dataset, ablation_settings, tmp_path / "forked", [*common, *target])
    files = {path.relative_to(scratch.path) for path in scratch.path.rglob("*") if path.is_file()}
    assert files == {path.relative_to(forked.path) for path in forked.path.rglob("*") if path.is_file()}
    for file in sorted(files):
        assert (forked.path / file).read_bytes() == (scratch.path / file).read_bytes(), file
    assert all(path.read_bytes() == content for path, content in kept.items())  # the source is left as it was


def test_only_a_finished_step_is_gone_on_from(ablation_dataset: Path, ablation_settings: Path, tmp_path: Path) -> None:
    run = trained(ablation_dataset, ablation_settings, tmp_path / "run", [*MMSD, "schedule.rounds=1"]).path
    assert [path.name for path in sorted(run.glob("phases/*"))] == [
        "01-warm-up-teaching", "02-warm-up-voting-1", "03-background-1", "04-foreground-1",
    ]  # fmt: skip
    found = step_folder(run, "warm-up")
    assert found is not None
    assert found.name == "02-warm-up-voting-1"
    assert step_folder(run, "background-2") is None
    (run / "phases/04-foreground-1/weights.safetensors").unlink()  # as if it were still at it
    assert step_folder(run, "foreground-1") is None
    with pytest.raises(InputError, match="has not finished foreground-1"):
        fork(run, "foreground-1", tmp_path / "forked", load_settings(CollabConfig, ablation_settings))
    notes = tmp_path / "theirs" / ".notes"
    notes.parent.mkdir()
    notes.touch()
    with pytest.raises(InputError, match="exists already"):
        fork(run, "warm-up", notes.parent, load_settings(CollabConfig, ablation_settings))
    assert notes.exists()
    with pytest.raises(InputError, match="exists already"):
        fork(run, "warm-up", run, load_settings(CollabConfig, ablation_settings))


def test_phases_are_in_order_beyond_the_hundredth(tmp_path: Path) -> None:
    names = ["01-warm-up", "02-background-1", "99-foreground-49", "100-background-50", "101-foreground-50"]
    for name in [*reversed(names), ".half-done"]:
        (tmp_path / "phases" / name).mkdir(parents=True)
    assert [path.name for path in phases_of(tmp_path)] == names
