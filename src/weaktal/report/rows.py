"""A run's branches as rows of a page, and which of them ``weaktal localize`` gives by default."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from weaktal.data.annotations import read_tags
from weaktal.data.features import Features
from weaktal.data.usable import usable
from weaktal.errors import InputError
from weaktal.report.gather import BranchFiles
from weaktal.runs.folder import RunFolder, RunInfo
from weaktal.runs.localize import localize
from weaktal.runs.trained import Trained, load_method

log = logging.getLogger("weaktal")

_GIVEN = "what weaktal localize gives without --branch"

# Whose weights a row is of: the folder name of a phase, None for the last weights; and the branch.
_Row = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class Rows:
    """What a run shows.

    Attributes:
        branches: results and scores, a row each.
        notes: what else a reader must know, a sentence each.
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
    method: str | None = None,
    device: str = "auto",
) -> Rows:
    """Localizes a dataset with branches of a run.

    By default, what ``weaktal localize`` gives without ``--branch`` is among the rows, also where it
    comes from the weights of an earlier phase; and branches that need vision-language features are left out, with a
    note, if the dataset has none that can be used.

    Args:
        run: a finished run's folder.
        dataset: folder with annotations.json and the features that the run was trained on.
        folder: where results and scores go.
        subset: of the videos.
        named: the branches, with the last weights; the usual ones where there are none.
        prefix: of the rows' names.
        method: of the run, where it is a module that is not installed as a method.
        device: where to score.

    Raises:
        InputError: for bad input.
    """
    named_method = method if RunFolder(run).info().method == method else None  # it may be of another run on the page
    built, _, info = load_method(RunFolder(run), named_method)
    usual = built.shown_branches
    rows: list[_Row] = [(None, branch) for branch in named or usual]
    choice: _Row | None = None
    notes = []
    try:
        phase, branch = _choice(run, named_method)
        choice = phase, branch or usual[0]
    except InputError as error:
        notes.append(f"{run}: weaktal localize gives nothing without --branch: {error.line(shell=True)}")
    if choice is not None and not named and choice not in rows:
        rows.append(choice)
    seeing = [row for row in rows if built.needs(row[1])]
    if seeing and not named and (problem := _vlp_problem(info, dataset, subset)):
        skipped = ", ".join(_name(row, info) + (f" ({_GIVEN})" if row == choice else "") for row in seeing)
        notes.append(f"{run}: skipped {skipped}, which need vision-language features: {problem}")
        rows = [row for row in rows if row not in seeing]
    for note in notes:
        log.warning("%s", note)
    found = []
    for row in rows:
        phase, branch = row
        name = _name(row, info)
        results, scores = folder / f"{name}.json", folder / f"{name}.safetensors"
        option = branch if phase is None else None  # a named branch takes the last weights
        localize(
            run,
            dataset,
            results,
            subset=subset,
            branch=option,
            scores=scores,
            skip_broken=True,
            method=named_method,
            device=device,
        )
        what = [f"method {info.method}", f"branch {branch}" if branch else "", f"phase {phase}" if phase else ""]
        about = f"{run}: {', '.join([*filter(None, what), f'seed {info.seed}'])}"
        found.append(BranchFiles(prefix + name, results, scores, f"{about}; {_GIVEN}" if row == choice else about))
    return Rows(found, [f"{note}." for note in notes])


def _name(row: _Row, info: RunInfo) -> str:
    phase, branch = row
    return (branch or info.method) + (f" after {phase.partition('-')[2]}" if phase else "")


def _vlp_problem(info: RunInfo, dataset: Path, subset: str) -> InputError | None:
    """Why a dataset's vision-language features cannot be used for any of its videos."""
    try:
        usable(read_tags(dataset).subset(subset), [Features.open(dataset, info.vlp_features or "")], skip_broken=True)
    except InputError as error:
        return error
    return None


def _choice(run: Path, method: str | None) -> _Row:
    """What ``weaktal localize`` takes by default.

    Raises:
        InputError: if the run cannot say, such as one without the statistics that its choice goes by.
    """
    trained = Trained.load(run, None, method=method)
    phases = trained.method.phases()
    last = RunFolder(run).phase(len(phases) - 1, phases[-1].name).name
    return None if trained.phase == last else trained.phase, trained.branch
