"""``weaktal diagnose``: how results or stored scores err against the truth, or how a run went phase by phase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from weaktal.data.annotations import Annotations, read_annotations
from weaktal.data.results import Results, read_results
from weaktal.errors import InputError, arg
from weaktal.evaluation.detections import Detections, diagnose_detections
from weaktal.evaluation.diagnose import diagnose as diagnose_scores
from weaktal.evaluation.diagnosis import SnippetErrors
from weaktal.evaluation.protocols import protocol_of, tiou_grid
from weaktal.evaluation.scoring import tables_of

if TYPE_CHECKING:
    from weaktal.runs.phases import PhaseTable


def diagnose(
    annotations: str | PathLike[str] | Annotations,
    results: str | PathLike[str] | Results,
    *,
    phases: bool = False,
    threshold: float | None = None,
    protocol: str | None = None,
    subset: str | None = None,
    tiou: str | Sequence[float] | None = None,
    overrides: Sequence[str] = (),
    method: str | None = None,
    device: str = "auto",
) -> Detections | SnippetErrors | PhaseTable:
    """How results err, after Alwassel et al. (ECCV 2018): kinds of false positives, what each costs, what is missed.

    Stored scores give misses and false alarms by snippet instead; and with ``phases`` every branch of a run is scored
    after each of its phases. For looking at a method, never for choosing: it compares with the truth.

    Args:
        annotations: a dataset, its folder, or an annotations file, with segments.
        results: what was found, a results file, or a finished run, which localizes first; or a scores file
            (``.safetensors``), as ``localize`` keeps it.
        phases: score the weights after each of a run's phases, with every branch; ``annotations`` is its dataset.
        threshold: of scores: share of a class's highest score in the video above which a snippet is called action, in
            [0, 1); 0.5 by default.
        protocol: of results: as of :func:`weaktal.evaluate`.
        subset: score this subset; the protocol's or the dataset's test subset by default.
        tiou: thresholds: numbers, or text such as ``"0.3:0.7:0.1"``; the protocol's by default.
        overrides: of a run: single settings of decoding, such as ``"theta_cls=0.2"``.
        method: of a run whose method is a module that is not installed as one: that name again.
        device: of a run: where it scores; "auto" takes a GPU if there is one.

    Raises:
        InputError: if a file is bad, a video of the scores is not annotated, or an argument means nothing here.
    """
    if isinstance(results, Results):
        return _detections(annotations, results, protocol, subset, tiou)
    first, second = annotations, Path(results)
    if phases:
        if isinstance(first, Annotations):
            raise InputError("has to be a folder", source=arg("phases"), expected="the dataset that it was trained on")
        from weaktal.runs.phases import diagnose_phases  # late: needs torch

        run, dataset = (second, Path(first)) if _is_run(second) else (Path(first), second)
        _refuse({"protocol": protocol}, arg("phases"))
        return diagnose_phases(
            run,
            dataset,
            subset=subset,
            tious=None if tiou is None else tiou_grid(tiou),
            threshold=0.5 if threshold is None else threshold,
            overrides=[setting.removeprefix("decode.") for setting in overrides],
            method=method,
            device=device,
        )
    if second.suffix == ".safetensors":
        given = {"protocol": protocol, "subset": subset, "tiou": tiou, "settings": overrides or None, "method": method}
        _refuse(given, "scores")
        if isinstance(first, Annotations):
            raise InputError("has to be a file", source=second, expected="annotations by their path beside scores")
        return diagnose_scores(Path(first), second, threshold=0.5 if threshold is None else threshold)
    _refuse({"threshold": threshold}, "results")
    if second.is_dir():
        from weaktal.runs.localize import localize  # late: needs torch

        if isinstance(first, Annotations):
            raise InputError("has to be a folder", source=second, expected="a dataset beside a run")
        found = localize(second, Path(first), subset=subset, overrides=overrides, method=method, device=device)
    else:
        _refuse({"settings": overrides or None, "method": method}, "results")
        found = read_results(second)
    return _detections(first, found, protocol, subset, tiou)


def _detections(
    annotations: str | PathLike[str] | Annotations,
    found: Results,
    protocol: str | None,
    subset: str | None,
    tiou: str | Sequence[float] | None,
) -> Detections:
    truth = annotations if isinstance(annotations, Annotations) else read_annotations(Path(annotations))
    chosen = protocol_of(truth, protocol)
    tables = tables_of(truth, found, chosen, subset=subset)
    return diagnose_detections(tables, chosen.tious if tiou is None else tiou_grid(tiou), chosen.name)


def _is_run(path: Path) -> bool:
    return (path / "run.json").is_file()


def _refuse(given: Mapping[str, object], what: str) -> None:
    for name, value in given.items():
        if value is not None:
            raise InputError(f"means nothing for {what}", source=arg(name), expected="to be left out")
