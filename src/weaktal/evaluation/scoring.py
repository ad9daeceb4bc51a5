"""Scores a results file's content against a dataset's ground truth under a protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from weaktal.arrays import Bools, Floats
from weaktal.data.annotations import Annotations, Video
from weaktal.data.columns import Columns, columns_of
from weaktal.data.results import Results
from weaktal.data.spelling import variants
from weaktal.data.units import beyond
from weaktal.errors import InputError, counted, nearest, shown
from weaktal.evaluation.ap import SegmentTable, average_precision
from weaktal.evaluation.protocols import AMBIGUOUS, Protocol, protocol_of
from weaktal.evaluation.reasons import names_apart, why_zero


@dataclass(frozen=True, slots=True, repr=False)
class Scores:
    """What came out, fractions of 1 throughout.

    Attributes:
        protocol: name of the protocol.
        subset: the subset that was scored.
        tious: the K thresholds.
        classes: the C classes with ground truth in the subset, in the order of the annotations' class list.
        ap: AP by class and threshold, shape (C, K).
        videos: videos in the subset, whether or not they hold ground truth or predictions.
        ground_truth: segments that predictions were matched to.
        predictions: predictions that were ranked: of the subset's videos, of one of ``classes``, not dropped for an
            ambiguous span.
        warnings: what was ignored or looks wrong, a sentence each.
        held: predictions among ``predictions`` of a class that their video holds, wherever they lie in it.
    """

    protocol: str
    subset: str
    tious: tuple[float, ...]
    classes: tuple[str, ...]
    ap: Floats
    videos: int
    ground_truth: int
    predictions: int
    warnings: tuple[str, ...] = ()
    held: int = 0

    def __repr__(self) -> str:
        first, last = self.tious[0], self.tious[-1]
        return (
            f"<Scores: {self.protocol}, subset {self.subset}, {counted(self.videos, 'video')}: average mAP "
            f"{100 * self.average_map:.1f} % at tIoU {first:g} to {last:g}>"
        )

    @property
    def map(self) -> Floats:
        """Mean over classes at each threshold, shape (K,)."""
        return np.asarray(self.ap.mean(axis=0), dtype=np.float64)

    @property
    def average_map(self) -> float:
        """Mean over classes and thresholds."""
        return float(self.map.mean())

    def as_json(self) -> dict[str, Any]:
        """The object that ``weaktal evaluate --json`` writes."""
        return {
            "protocol": self.protocol,
            "subset": self.subset,
            "tiou": list(self.tious),
            "map": self.map.tolist(),
            "average_map": self.average_map,
            "ap": {label: row.tolist() for label, row in zip(self.classes, self.ap, strict=True)},
            "videos": self.videos,
            "ground_truth": self.ground_truth,
            "predictions": self.predictions,
            "held": self.held,
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, slots=True)
class Tables:
    """Truth and predictions of one subset under a protocol, as columns.

    Attributes:
        subset: that is scored.
        classes: the C classes with ground truth in it, in the order of the annotations' class list.
        videos: of the subset; a table's video is a place in here.
        truth: the ground truth.
        predictions: those that are ranked.
        warnings: what was ignored or looks wrong, a sentence each.
    """

    subset: str
    classes: tuple[str, ...]
    videos: tuple[Video, ...]
    truth: SegmentTable
    predictions: SegmentTable
    warnings: tuple[str, ...]

    @property
    def held(self) -> int:
        """Predictions of a class that their video holds."""
        found, true = (table.videos * len(self.classes) + table.labels for table in (self.predictions, self.truth))
        return int(np.isin(found, true).sum())

    def remarks(self, ap: Floats, tious: Sequence[float]) -> tuple[str, ...]:
        """The warnings and, where the average precision is 0 throughout, the reason for that.

        Args:
            ap: by class and threshold.
            tious: the thresholds.
        """
        return self.warnings if ap.any() else (*self.warnings, why_zero(self.truth, self.predictions, min(tious)))


def score(
    annotations: Annotations,
    results: Results,
    protocol: Protocol | None = None,
    *,
    subset: str | None = None,
    tious: tuple[float, ...] | None = None,
) -> Scores:
    """Mean average precision of ``results`` on one subset.

    Predictions of equal score rank in the order of ``results``: its videos one after the other, each video's
    predictions as they are listed.

    Args:
        annotations: the ground truth.
        results: the predictions.
        protocol: what the benchmark prescribes; the dataset's own, or ``plain``, by default.
        subset: scored in place of the protocol's subset.
        tious: thresholds in place of the protocol's.

    Raises:
        InputError: if the subset holds no videos or no ground truth, or a prediction's label is not a class.
    """
    protocol = protocol_of(annotations) if protocol is None else protocol
    tables = tables_of(annotations, results, protocol, subset=subset)
    thresholds = protocol.tious if tious is None else tious
    ap = average_precision(tables.truth, tables.predictions, thresholds, len(tables.classes))
    return Scores(
        protocol=protocol.name,
        subset=tables.subset,
        tious=thresholds,
        classes=tables.classes,
        ap=ap,
        videos=len(tables.videos),
        ground_truth=len(tables.truth),
        predictions=len(tables.predictions),
        warnings=tables.remarks(ap, thresholds),
        held=tables.held,
    )


def tables_of(
    annotations: Annotations, results: Results, protocol: Protocol | None = None, *, subset: str | None = None
) -> Tables:
    """What a protocol compares.

    Args:
        annotations: the ground truth.
        results: the predictions.
        protocol: what the benchmark prescribes; the dataset's own, or ``plain``, by default.
        subset: scored in place of the protocol's subset.

    Raises:
        InputError: if the subset holds no videos or no ground truth, or a prediction's label is not a class.
    """
    protocol = protocol_of(annotations) if protocol is None else protocol
    warnings: list[str] = [*annotations.notes, *results.notes]
    chosen = subset if subset is not None else subset_of(annotations, protocol)
    if subset is None and protocol.subset not in (None, chosen):
        warnings.append(f"there is no subset {shown(protocol.subset)}; scored {shown(chosen)} instead")
    videos = {name: v for name, v in annotations.subset(chosen).items() if name not in protocol.excluded}
    if protocol.drop_ambiguous:
        videos = {name: _set_ambiguous_apart(video) for name, video in videos.items()}
    elif any(video.ambiguous for video in videos.values()):
        warnings.append(f"the ambiguous spans of the annotations play no role in protocol {protocol.name}")
    classes = _classes(annotations, protocol)
    found = columns_of(results.videos)
    _check_labels(found, results.source, classes, annotations)

    present = {segment.label for video in videos.values() for segment in video.segments}
    scored = tuple(label for label in classes if label in present)
    if not scored:
        raise InputError(f"subset {shown(chosen)} holds no ground truth", source=annotations.source)
    numbers = {label: number for number, label in enumerate(scored)}
    truth = _table(columns_of({name: video.segments for name, video in videos.items()}), videos, numbers)
    without_length = int((truth.spans[:, 0] == truth.spans[:, 1]).sum())
    if without_length:
        warnings.append(f"{counted(without_length, 'ground-truth segment')} without length, which nothing can match")

    _warn_of_videos(found, videos, chosen, warnings)
    predictions = _table(found, videos, numbers)
    known = [(name, video.duration) for name, video in videos.items()]
    for table, what in ((truth, "ground-truth segments"), (predictions, "predictions")):
        if (late := beyond(table.spans, table.videos, known, what)) is not None:
            warnings.append(late)
    predictions = _dropped(predictions, predictions.labels < 0, "of classes without ground truth", warnings)
    if protocol.drop_ambiguous:
        touching = _touch_ambiguous(predictions, list(videos.values()))
        predictions = _dropped(predictions, touching, "overlapping ambiguous spans", warnings)

    return Tables(chosen, scored, tuple(videos.values()), truth, predictions, tuple(warnings))


def subset_of(annotations: Annotations, protocol: Protocol) -> str:
    """The subset that is scored by default: the protocol's if the annotations have it, else the test subset."""
    if protocol.subset is None or any(video.subset == protocol.subset for video in annotations.videos.values()):
        return protocol.subset or annotations.test_subset
    return annotations.test_subset


def _set_ambiguous_apart(video: Video) -> Video:
    """The video with its annotations labelled "Ambiguous" turned into ambiguous spans."""
    spans = tuple((s.start, s.end) for s in video.segments if s.label == AMBIGUOUS)
    segments = tuple(s for s in video.segments if s.label != AMBIGUOUS)
    return replace(video, segments=segments, ambiguous=video.ambiguous + spans)


def _classes(annotations: Annotations, protocol: Protocol) -> tuple[str, ...]:
    if not protocol.drop_ambiguous:
        return annotations.classes
    return tuple(label for label in annotations.classes if label != AMBIGUOUS)


def _check_labels(found: Columns, source: Path | None, classes: tuple[str, ...], annotations: Annotations) -> None:
    """Refuses labels that are no class, in any video: a class that is misspelt would only lower the score."""
    known = set(classes)
    strange = np.array([label not in known for label in found.classes], dtype=np.bool_)
    if not strange.any():
        return
    rows = np.flatnonzero(strange[found.rows["label"]])
    if not rows.size:
        return
    name, index = found.place(int(rows[0]))
    label = found.classes[found.rows["label"][rows[0]]]
    near = nearest(label, classes)
    alike = [one for one in variants([*classes, label]) if one != label]
    differs = ", from which it differs by case or blanks only" if alike else ""
    near = alike[0] if alike else near
    raise InputError(
        f"label {shown(label)} is not in the class list",
        source=source,
        place=f"results.{name}.{index}.label",
        expected=f"one of the {len(classes)} classes of {annotations.source or 'the annotations'}"
        + (f"; nearest is {shown(near)}{differs}" if near is not None else ""),
    )


def _warn_of_videos(found: Columns, videos: Mapping[str, Video], subset: str, warnings: list[str]) -> None:
    counts = dict(zip(found.videos, found.counts.tolist(), strict=True))
    outside = {name: count for name, count in counts.items() if name not in videos and count}
    absent = [name for name in videos if name not in counts]
    apart = names_apart(list(outside), absent) if outside and absent else ""
    if outside:
        warnings.append(
            f"ignored {counted(sum(outside.values()), 'prediction')} for {counted(len(outside), 'video')} outside "
            f"subset {shown(subset)}, the first of them {shown(next(iter(outside)))}{apart}"
        )
    if absent:
        warnings.append(
            f"{counted(len(absent), 'video')} of subset {shown(subset)} not in the results, "
            f"the first of them {shown(absent[0])}"
        )


def _dropped(table: SegmentTable, rows: Bools, which: str, warnings: list[str]) -> SegmentTable:
    """The table without the given rows, which are counted in a warning."""
    if not rows.any():
        return table
    warnings.append(f"ignored {counted(int(rows.sum()), 'prediction')} {which}")
    return table.take(~rows)


def _table(found: Columns, videos: Mapping[str, Video], classes: Mapping[str, int]) -> SegmentTable:
    """The segments of ``videos``, numbered in their order; a class that ``classes`` lacks is -1."""
    numbers = {name: number for number, name in enumerate(videos)}
    video = np.repeat(np.array([numbers.get(name, -1) for name in found.videos], dtype=np.int64), found.counts)  # (N,)
    rows, video = found.rows[video >= 0], video[video >= 0]
    label = np.array([classes.get(label, -1) for label in found.classes], dtype=np.int64)
    return SegmentTable(
        spans=np.stack([rows["start"], rows["end"]], axis=1),
        videos=video,
        labels=label[rows["label"]],
        scores=np.ascontiguousarray(rows["score"]),
    )


def _touch_ambiguous(table: SegmentTable, videos: Sequence[Video]) -> Bools:
    """Which segments share a moment with an ambiguous span of their video, shape (N,)."""
    touch = np.zeros(len(table), dtype=np.bool_)
    for number, video in enumerate(videos):
        if video.ambiguous:
            rows = np.flatnonzero(table.videos == number)
            spans = table.spans[rows, None]  # (n, 1, 2)
            ambiguous = np.array(video.ambiguous, dtype=np.float64)  # (A, 2)
            shared = np.minimum(spans[..., 1], ambiguous[:, 1]) - np.maximum(spans[..., 0], ambiguous[:, 0])  # (n, A)
            touch[rows] = (shared > 0).any(axis=1)
    return touch
