"""``weaktal diagnose``: how stored scores err against the truth, or how a run went phase by phase."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from weaktal.errors import InputError, arg
from weaktal.evaluation.diagnose import diagnose as diagnose_scores
from weaktal.evaluation.diagnosis import SnippetErrors
from weaktal.evaluation.protocols import tiou_grid

if TYPE_CHECKING:
    from weaktal.runs.phases import PhaseTable


def diagnose(
    annotations: str | PathLike[str],
    scores: str | PathLike[str],
    *,
    phases: bool = False,
    threshold: float = 0.5,
    subset: str | None = None,
    tiou: str | Sequence[float] | None = None,
    overrides: Sequence[str] = (),
    method: str | None = None,
) -> SnippetErrors | PhaseTable:
    """Misses and false alarms of stored scores; or, with ``phases``, of every branch after each phase of a run.

    For looking at a method, never for choosing: it compares with the truth.

    Args:
        annotations: annotations file or dataset folder, with segments; with ``phases``, the folder of a finished run.
        scores: scores file, as ``localize`` keeps it; with ``phases``, the dataset that the run was trained on.
        phases: score the weights after each of a run's phases, with every branch.
        threshold: share of a class's highest score in the video above which a snippet is called action, in [0, 1).
        subset: with ``phases``, score this subset; the dataset's test subset by default.
        tiou: with ``phases``, thresholds of the mAP: numbers, or text such as ``"0.3:0.7:0.1"``.
        overrides: with ``phases``, single settings of decoding, such as ``"theta_cls=0.2"``.
        method: with ``phases``, of a run whose method is a module that is not installed as one: that name again.

    Raises:
        InputError: if a file is bad, a video of the scores is not annotated, or an argument is for ``phases`` only.
    """
    if not phases:
        for name, value in (("subset", subset), ("tiou", tiou), ("settings", overrides or None), ("method", method)):
            if value is not None:
                raise InputError(f"is for {arg('phases')}", source=arg(name))
        return diagnose_scores(Path(annotations), Path(scores), threshold=threshold)
    from weaktal.runs.phases import diagnose_phases  # late: needs torch

    return diagnose_phases(
        Path(annotations),
        Path(scores),
        subset=subset,
        tious=None if tiou is None else tiou_grid(tiou),
        threshold=threshold,
        overrides=[setting.removeprefix("decode.") for setting in overrides],
        method=method,
    )
