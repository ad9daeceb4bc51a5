"""A run's branches as rows of a page, and which of them ``weaktal localize`` gives where nobody names one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from weaktal.engine.run import RunFolder
from weaktal.errors import InputError
from weaktal.workflows.localize import localize
from weaktal.workflows.report import BranchFiles
from weaktal.workflows.trained import Trained

# The branches that are shown where nobody names any, the method's default first; other methods show that alone.
_BRANCHES: Mapping[str, Sequence[str | None]] = {"collab": ("cbp", "vlp", "both")}


@dataclass(frozen=True, slots=True)
class Rows:
    """What a run shows.

    Attributes:
        branches: results and scores, a row each.
        notes: what a reader must know besides, a sentence each.
    """

    branches: list[BranchFiles]
    notes: list[str]


def run_rows(
    run: Path,
    dataset: Path,
    folder: Path,
    *,
    subset: str,
    named: Sequence[str] = (),
    prefix: str = "",
    console: Console | None = None,
) -> Rows:
    """Localizes a dataset with branches of a run.

    Where nobody names a branch, what ``weaktal localize`` gives without ``--branch`` is among the rows, also where it
    comes from the weights of an earlier phase.

    Args:
        run: a finished run's folder.
        dataset: folder with annotations.json and the features that the run was trained on.
        folder: where results and scores go.
        subset: of the videos.
        named: the branches, with the last weights; the usual ones where there are none.
        prefix: of the rows' names.
        console: where progress goes; standard error where it is None.

    Raises:
        InputError: for bad input.
    """
    info = RunFolder(run).info()
    usual = _BRANCHES.get(info.method, (None,))
    found, notes = [], []

    def add(name: str, branch: str | None, phase: str | None = None, *, chosen: bool) -> None:
        results, scores = folder / f"{name}.json", folder / f"{name}.safetensors"
        option = branch if phase is None else None  # a named branch takes the last weights
        localize(run, dataset, results, subset=subset, branch=option, scores=scores, skip_broken=True, console=console)
        what = [f"method {info.method}", f"branch {branch}" if branch else "", f"phase {phase}" if phase else ""]
        about = f"{run}: {', '.join([*filter(None, what), f'seed {info.seed}'])}"
        about += "; what weaktal localize gives without --branch" if chosen else ""
        found.append(BranchFiles(prefix + name, results, scores, about))

    branches: Sequence[str | None] = named or usual
    choice: tuple[str | None, str | None] | None = None
    try:
        phase, branch = _choice(run)
        choice = phase, branch or usual[0]
    except InputError as error:
        notes.append(f"{run}: weaktal localize gives nothing without --branch: {error}.")
    for branch in branches:
        add(branch or info.method, branch, chosen=choice == (None, branch))
    if choice is not None and not named and choice not in [(None, branch) for branch in branches]:
        phase, branch = choice
        name = branch or info.method
        add(name if phase is None else f"{name} after {phase.partition('-')[2]}", branch, phase, chosen=True)
    return Rows(found, notes)


def _choice(run: Path) -> tuple[str | None, str | None]:
    """The phase, None for the last weights, and the branch that localize without a branch.

    Raises:
        InputError: if the run cannot say, such as one without the statistics that its choice goes by.
    """
    trained = Trained.load(run, None, ())
    phases = trained.method.phases()
    last = RunFolder(run).phase(len(phases) - 1, phases[-1].name).name
    return None if trained.phase == last else trained.phase, trained.branch
