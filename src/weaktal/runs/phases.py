"""A run phase by phase against the truth: scores of every branch, how they err, how far the pseudo-labels were right.

For looking, never for choosing: training sees no segment, and neither does the choice of weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from torch import Tensor

from weaktal.data.annotations import Annotations, read_annotations
from weaktal.data.features import Features
from weaktal.data.usable import usable
from weaktal.engine.checkpoint import load_tensors, load_weights
from weaktal.engine.method import Labelling, State
from weaktal.errors import InputError
from weaktal.evaluation.diagnose import action_snippets, diagnose
from weaktal.evaluation.diagnosis import PseudoLabelQuality, SnippetErrors, pseudo_label_quality
from weaktal.evaluation.protocols import protocol_of
from weaktal.evaluation.scoring import score, subset_of
from weaktal.files import scratch_folder, sha256
from weaktal.runs.folder import RunFolder
from weaktal.runs.localize_dataset import check_kind
from weaktal.runs.trained import Trained, phase_statistics
from weaktal.timeline import SnippetGrid


@dataclass(frozen=True, slots=True)
class BranchScores:
    """What a branch scored with the weights at the end of a phase.

    Attributes:
        map: mAP at each threshold, as a fraction.
        errors: misses and false alarms.
        changed: whether the phase changed any of the branch's scores.
    """

    map: tuple[float, ...]
    errors: SnippetErrors
    changed: bool

    @property
    def average_map(self) -> float:
        """Mean over the thresholds."""
        return sum(self.map) / len(self.map)


@dataclass(frozen=True, slots=True)
class PhaseScores:
    """One phase.

    Attributes:
        name: of its folder, such as ``02-background-1``.
        branches: scores by branch.
        labels: its pseudo-labels against the training segments; None where it has none or no segments are known.
        statistics: what the method noted without any segment; None where it noted nothing.
    """

    name: str
    branches: dict[str, BranchScores]
    labels: PseudoLabelQuality | None
    statistics: BaseModel | None


@dataclass(frozen=True, slots=True)
class PhaseTable:
    """All phases of a run.

    Attributes:
        run: its folder.
        subset: where the scores come from.
        tious: thresholds of the mAP.
        chosen: phase and branch that localize by default.
        phases: in order.
    """

    run: str
    subset: str
    tious: tuple[float, ...]
    chosen: tuple[str, str]
    phases: tuple[PhaseScores, ...]

    def as_json(self) -> dict[str, Any]:
        """The object that ``weaktal diagnose --phases --json`` writes; NaN, a share of nothing, becomes null."""
        return {
            "run": self.run,
            "subset": self.subset,
            "tiou": list(self.tious),
            "chosen": {"phase": self.chosen[0], "branch": self.chosen[1]},
            "phases": [
                {
                    "phase": phase.name,
                    "branches": {
                        name: {
                            "map": list(branch.map),
                            "average_map": branch.average_map,
                            "misses": _number(branch.errors.miss_rate),
                            "false_alarms": _number(branch.errors.false_alarm_rate),
                            "changed": branch.changed,
                        }
                        for name, branch in phase.branches.items()
                    },
                    "labels": None if phase.labels is None else _quality(phase.labels),
                    "statistics": None if phase.statistics is None else phase.statistics.model_dump(),
                }
                for phase in self.phases
            ],
        }


def diagnose_phases(
    run: Path,
    dataset: Path,
    *,
    subset: str | None = None,
    tious: tuple[float, ...] | None = None,
    threshold: float = 0.5,
    overrides: Sequence[str] = (),
    batch_size: int = 8,
    method: str | None = None,
    device: str = "auto",
) -> PhaseTable:
    """Scores the weights at the end of every phase, with every branch.

    Args:
        run: a finished run's folder.
        dataset: the folder that it was trained on, with segments.
        subset: of the videos that are scored; the one that the dataset's protocol scores by default.
        tious: thresholds of the mAP; those of the dataset's protocol, or 0.1 to 0.7, by default.
        threshold: share of a class's maximum in the video above which a snippet is called action.
        overrides: single settings of decoding.
        batch_size: videos scored at once.
        method: the run's method, where it is a module that is not installed as a method.
        device: where to score.

    Raises:
        InputError: for bad input.
    """
    trained = Trained.load(run, None, overrides, method=method, device=device)
    info, built = trained.info, trained.method
    annotations = read_annotations(dataset)
    protocol = protocol_of(annotations)
    chosen = subset or subset_of(annotations, protocol)
    main = Features.open(dataset, info.features, info.seconds_per_snippet, info.seconds_per_window)
    check_kind(main, info)
    vlp = Features.open(dataset, info.vlp_features) if info.vlp_features else None
    videos, _ = usable(annotations.subset(chosen), [main, vlp] if vlp else [main], skip_broken=False)
    folders = [RunFolder(run).phase(index, phase.name) for index, phase in enumerate(built.phases())]
    noted = [phase_statistics(folder, built) if (folder / "statistics.json").exists() else None for folder in folders]
    usual = built.shown_branches[0]  # what localizes where nobody names a branch; no name where the method mixes them
    before: dict[str, tuple[str, BranchScores]] = {}
    phases = []
    with scratch_folder() as temporary:
        kept = temporary / "scores.safetensors"
        for folder, statistics in zip(folders, noted, strict=True):
            load_weights(built.module, folder / "weights.safetensors")
            branches: dict[str, BranchScores] = {}
            for branch in dict.fromkeys((usual, *built.branches)):
                one = replace(trained, branch=branch, phase=None)
                results, _ = one.segments(videos, main, vlp, scores=kept, batch_size=batch_size)
                digest, name = sha256(kept), branch or info.method
                if name in before and before[name][0] == digest:
                    branches[name] = replace(before[name][1], changed=False)
                    continue
                scores = score(annotations, results, protocol, subset=chosen, tious=tious)
                errors = diagnose(dataset, kept, threshold=threshold)
                branches[name] = BranchScores(tuple(scores.map.tolist()), errors, changed=True)
                before[name] = digest, branches[name]
            hard = built.hard_labels if isinstance(built, Labelling) else lambda _state: {}
            labels = stored_label_quality(folder, hard, annotations, info.classes, main.grid)
            phases.append(PhaseScores(folder.name, branches, labels, statistics))
    return PhaseTable(
        run=str(run),
        subset=chosen,
        tious=tious or protocol.tious,
        chosen=(trained.phase or folders[-1].name, trained.branch or usual or info.method),
        phases=tuple(phases),
    )


def stored_label_quality(
    phase: Path,
    labels_in: Callable[[State], Mapping[str, Tensor]],
    annotations: Annotations,
    classes: Sequence[str],
    grid: SnippetGrid,
) -> PseudoLabelQuality | None:
    """How far the pseudo-labels that a phase stored are right, as :func:`label_quality` tells it.

    Args:
        phase: folder of the phase.
        labels_in: finds the labels by video in what the phase stored.
        annotations: with segments.
        classes: of the labels.
        grid: of the features.

    Returns:
        None where the phase stored no labels of this kind, or no segments are known.

    Raises:
        InputError: if a file is damaged or a video is not annotated.
    """
    path = phase / "state.safetensors"
    stored = load_tensors(path) if path.exists() else {}
    return label_quality(labels_in(stored), annotations, classes, grid, source=path)


def label_quality(
    labels: Mapping[str, Tensor],
    annotations: Annotations,
    classes: Sequence[str],
    grid: SnippetGrid,
    *,
    source: Path | None = None,
) -> PseudoLabelQuality | None:
    """How far pseudo-labels agree with the segments of their videos, snippet by snippet.

    In each video only the classes count of which it has segments.

    Args:
        labels: (T, C) int8 by video.
        annotations: with segments.
        classes: of the labels.
        grid: of the features.
        source: where the labels come from, for messages.

    Returns:
        None without labels, or where no segments are known.

    Raises:
        InputError: if a video is not annotated.
    """
    total = PseudoLabelQuality()
    for name, rows in labels.items():
        if name not in annotations.videos:
            raise InputError(
                f"video {name!r} is not annotated", source=source, expected=f"videos of {annotations.source}"
            )
        video = annotations.videos[name]
        known = {segment.label for segment in video.segments}
        held = [index for index, label in enumerate(classes) if label in known]
        action = action_snippets(video, classes, grid, len(rows))
        total += pseudo_label_quality(rows.cpu().numpy()[:, held], action[:, held])
    return total if total.action + total.idle else None


def _quality(labels: PseudoLabelQuality) -> dict[str, Any]:
    shares = ("foreground_precision", "foreground_recall", "background_precision", "background_recall")
    return {**asdict(labels), **{name: _number(getattr(labels, name)) for name in shares}}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
