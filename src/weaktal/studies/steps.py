"""Where a run keeps the steps that another one continues from, or that are read."""

from __future__ import annotations

from pathlib import Path

from weaktal.methods.collab.phases import WARM_UP, step_of


def step_folder(run: Path, step: str) -> Path | None:
    """The folder of a finished step's phase, the last one of a warm-up that has several; None where it is not there."""
    phases = phases_of(run)
    of_step = [path for path in phases if step_of(path.name.partition("-")[2]) == step]
    if not of_step or not (of_step[-1] / "weights.safetensors").exists():
        return None
    # A warm-up is over once something comes after it: it may have phases that have not begun.
    over = step != WARM_UP or of_step[-1] != phases[-1] or (run / "weights.safetensors").exists()
    return of_step[-1] if over else None


def phases_of(run: Path) -> list[Path]:
    """The folders of a run's phases in the order of training, which is that of names up to the hundredth only."""
    numbered = [path for path in run.glob("phases/*") if path.name.partition("-")[0].isdigit()]
    return sorted(numbered, key=lambda path: int(path.name.partition("-")[0]))
